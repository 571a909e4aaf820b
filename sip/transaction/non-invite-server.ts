import { assert, fail } from '../../core/kernel/assert.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { TimerTable } from '../../core/kernel/timer-table.ts';
import type { ServerOptions, ServerOutput, ServerTransaction } from './server-transaction.ts';
import { ignore, never, type Table, to } from './transition.ts';

export type NonInviteServerState = 'trying' | 'proceeding' | 'completed' | 'terminated';
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
  readonly #durations: Readonly<Record<Timer, number>>;
  readonly #timers = new TimerTable<Timer>();
  readonly #outputs: ServerOutput[] = [];
  #state: NonInviteServerState = 'trying';
  #bytes: Uint8Array = new Uint8Array(0);

  constructor({ reliable, timing }: ServerOptions) {
    this.#durations = { J: reliable ? 0 : 64 * timing.t1 };
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
    const timer = this.#timers.takeDue(now);
    if (timer !== undefined) this.#handle(`timer${timer}`, now);
  }

  deadline(): Instant {
    return this.#timers.next();
  }

  poll(): ServerOutput | undefined {
    return this.#outputs.shift();
  }

  #handle(event: Event, now: Instant): void {
    assert(this.#outputs.length === 0, 'drain poll() before the next input');
    const step = NON_INVITE_SERVER_TRANSITIONS[this.#state][event];
    if (step === never) fail(`${event} cannot happen in ${this.#state}`);
    if (step === ignore) return;
    for (const action of step.actions) this.#perform(action);
    if (step.next === this.#state) return;
    this.#state = step.next;
    this.#timers.stopAll();
    for (const timer of NON_INVITE_SERVER_TIMERS[this.#state]) this.#timers.start(timer, now + this.#durations[timer]);
  }

  #perform(action: Action): void {
    switch (action) {
      case 'transmit':
        this.#outputs.push({ kind: 'transmit', bytes: this.#bytes, repeated: false });
        break;
      case 'repeat':
        this.#outputs.push({ kind: 'transmit', bytes: this.#bytes, repeated: true });
        break;
      case 'reportTransportError':
        this.#outputs.push({ kind: 'failed', reason: 'transport error' });
        break;
    }
  }
}
