import { assert } from '../../core/kernel/assert.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { Said } from './said.ts';
import type { ServerOptions, ServerOutput, ServerTransaction } from './server-transaction.ts';
import { decided, ignore, never, type Table, to } from './transition.ts';

export type NonInviteServerState = 'trying' | 'proceeding' | 'completed' | 'terminated';
/** What was not answered yet. */
const NO_BYTES = new Uint8Array(0);

type Timer = 'J';
type Event = 'repeated' | 'provisional' | 'final' | 'transportError' | `timer${Timer}`;
type Action = 'transmit' | 'repeat' | 'reportTransportError';

/** RFC 3261 Figure 8. Every cell is decided. */
export const NON_INVITE_SERVER_TRANSITIONS: Table<NonInviteServerState, Event, Action> = {
  trying: {
    repeated: ignore,
    provisional: to('proceeding', 'transmit'),
    final: to('completed', 'transmit'),
    transportError: ignore, // Nothing was sent by this transaction.
    timerJ: never,
  },
  proceeding: {
    repeated: to('proceeding', 'repeat'),
    provisional: to('proceeding', 'transmit'),
    final: to('completed', 'transmit'),
    transportError: to('terminated', 'reportTransportError'),
    timerJ: never,
  },
  completed: {
    repeated: to('completed', 'repeat'),
    provisional: never,
    final: never,
    transportError: to('terminated', 'reportTransportError'),
    timerJ: to('terminated'),
  },
  terminated: {
    repeated: ignore,
    provisional: ignore,
    final: ignore,
    transportError: ignore,
    timerJ: never,
  },
};

/** The timers that run in each state. Entering a state starts these and stops the others. */
export const NON_INVITE_SERVER_TIMERS: Readonly<Record<NonInviteServerState, readonly Timer[]>> = {
  trying: [],
  proceeding: [],
  completed: ['J'],
  terminated: [],
};

/** Non-INVITE server transaction, RFC 3261 §17.2.2. Keeps its last response as written bytes. */
export class NonInviteServer implements ServerTransaction {
  readonly #restMs: number;
  #restsUntil: Instant = NEVER;
  readonly #said = new Said<ServerOutput>();
  #state: NonInviteServerState = 'trying';
  #bytes: Uint8Array = NO_BYTES;

  constructor({ reliable, timing }: ServerOptions) {
    this.#restMs = reliable ? 0 : 64 * timing.t1;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get isResting(): boolean {
    return this.#state === 'completed';
  }

  get state(): NonInviteServerState {
    return this.#state;
  }

  receiveRepeated(now: Instant): void {
    this.#handle('repeated', now);
  }

  respond(status: number, bytes: Uint8Array, now: Instant): void {
    this.#bytes = bytes;
    this.#handle(status < 200 ? 'provisional' : 'final', now);
  }

  transportFailed(now: Instant): void {
    this.#handle('transportError', now);
  }

  expire(now: Instant): void {
    if (this.#restsUntil <= now) this.#handle('timerJ', now);
  }

  deadline(): Instant {
    return this.#restsUntil;
  }

  poll(): ServerOutput | undefined {
    return this.#said.poll();
  }

  #handle(event: Event, now: Instant): void {
    assert(this.#said.isDrained, 'drain poll() before the next input');
    const step = decided(NON_INVITE_SERVER_TRANSITIONS[this.#state][event], event, this.#state);
    if (step === undefined) return;
    for (const action of step.actions) this.#perform(action);
    if (step.next === this.#state) return;
    this.#state = step.next;
    this.#restsUntil = NON_INVITE_SERVER_TIMERS[step.next].includes('J') ? now + this.#restMs : NEVER;
  }

  #perform(action: Action): void {
    switch (action) {
      case 'transmit':
        this.#said.push({ kind: 'transmit', bytes: this.#bytes, repeated: false });
        break;
      case 'repeat':
        this.#said.push({ kind: 'transmit', bytes: this.#bytes, repeated: true });
        break;
      case 'reportTransportError':
        this.#said.push({ kind: 'failed', reason: 'transport error' });
        break;
    }
  }
}
