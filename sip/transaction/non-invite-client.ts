import { assert } from '../../core/kernel/assert.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { Request, Response } from '../message.ts';
import type { ClientOptions, ClientOutput, ClientTransaction } from './client-transaction.ts';
import { Said } from './said.ts';
import { TimerPair } from './timer-pair.ts';
import type { Timing } from './timing.ts';
import { decided, ignore, never, type Table, to } from './transition.ts';

/** What is left of a request that will not be sent again. */
const NO_BYTES = new Uint8Array(0);

export type NonInviteClientState = 'trying' | 'proceeding' | 'completed' | 'terminated';
type Timer = 'E' | 'F' | 'K';
type Event = 'provisional' | 'final' | 'transportError' | `timer${Timer}`;
type Action = 'transmit' | 'deliver' | 'reportTimeout' | 'reportTransportError';

/** RFC 3261 Figure 6. Every cell is decided. */
export const NON_INVITE_CLIENT_TRANSITIONS: Table<NonInviteClientState, Event, Action> = {
  trying: {
    provisional: to('proceeding', 'deliver'),
    final: to('completed', 'deliver'),
    transportError: to('terminated', 'reportTransportError'),
    timerE: to('trying', 'transmit'),
    timerF: to('terminated', 'reportTimeout'),
    timerK: never,
  },
  proceeding: {
    provisional: to('proceeding', 'deliver'),
    final: to('completed', 'deliver'),
    transportError: to('terminated', 'reportTransportError'),
    timerE: to('proceeding', 'transmit'),
    timerF: to('terminated', 'reportTimeout'),
    timerK: never,
  },
  completed: {
    provisional: ignore,
    final: ignore,
    transportError: ignore,
    timerE: never,
    timerF: never,
    timerK: to('terminated'),
  },
  terminated: {
    provisional: ignore,
    final: ignore,
    transportError: ignore,
    timerE: never,
    timerF: never,
    timerK: never,
  },
};

/** The timers that run in each state. They go on from trying to proceeding; every other entry starts them anew. */
export const NON_INVITE_CLIENT_TIMERS: Readonly<Record<NonInviteClientState, readonly Timer[]>> = {
  trying: ['E', 'F'],
  proceeding: ['E', 'F'],
  completed: ['K'],
  terminated: [],
};

/** Non-INVITE client transaction, RFC 3261 §17.1.2. */
export class NonInviteClient implements ClientTransaction {
  #request: Request | undefined;
  #bytes: Uint8Array;
  readonly #reliable: boolean;
  readonly #timing: Timing;
  readonly #timers = new TimerPair<Timer>();
  readonly #said = new Said<ClientOutput>();
  #state: NonInviteClientState = 'trying';
  #gapMs: number;

  constructor(options: ClientOptions, now: Instant) {
    this.#request = options.request;
    this.#bytes = options.bytes;
    this.#reliable = options.reliable;
    this.#timing = options.timing;
    this.#gapMs = options.timing.t1;
    this.#said.push({ kind: 'transmit', bytes: this.#bytes, repeated: false });
    this.#timers.start('E', options.reliable ? NEVER : now + this.#gapMs);
    this.#timers.start('F', now + 64 * options.timing.t1);
  }

  get request(): Request | undefined {
    return this.#request;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get isResting(): boolean {
    return this.#state === 'completed';
  }

  get state(): NonInviteClientState {
    return this.#state;
  }

  receive(response: Response, now: Instant): void {
    this.#handle(response.status < 200 ? 'provisional' : 'final', now, response);
  }

  transportFailed(now: Instant): void {
    this.#handle('transportError', now);
  }

  expire(now: Instant): void {
    const timer = this.#timers.takeDue(now);
    if (timer === undefined) return;
    this.#handle(`timer${timer}`, now);
    if (timer === 'E') this.#backOff(now);
  }

  deadline(): Instant {
    return this.#timers.next();
  }

  poll(): ClientOutput | undefined {
    return this.#said.poll();
  }

  #handle(event: Event, now: Instant, response?: Response): void {
    assert(this.#said.isDrained, 'drain poll() before the next input');
    const step = decided(NON_INVITE_CLIENT_TRANSITIONS[this.#state][event], event, this.#state);
    if (step === undefined) return;
    for (const action of step.actions) this.#perform(action, response);
    this.#enter(step.next, now);
  }

  #enter(next: NonInviteClientState, now: Instant): void {
    if (next === this.#state) return;
    this.#state = next;
    if (next === 'proceeding') return;
    this.#timers.stopAll();
    this.#request = undefined;
    this.#bytes = NO_BYTES;
    if (next === 'completed') this.#timers.start('K', this.#reliable ? now : now + this.#timing.t4);
  }

  /** RFC 3261 §17.1.2.2: timer E doubles up to T2 while trying, and is T2 at once in proceeding. */
  #backOff(now: Instant): void {
    this.#gapMs = this.#state === 'proceeding' ? this.#timing.t2 : Math.min(2 * this.#gapMs, this.#timing.t2);
    this.#timers.start('E', now + this.#gapMs);
  }

  #perform(action: Action, response?: Response): void {
    switch (action) {
      case 'transmit':
        this.#said.push({ kind: 'transmit', bytes: this.#bytes, repeated: true });
        break;
      case 'deliver':
        assert(response !== undefined, 'only a response can be delivered');
        this.#said.push({ kind: 'response', response });
        break;
      case 'reportTimeout':
        this.#said.push({ kind: 'failed', reason: 'timeout' });
        break;
      case 'reportTransportError':
        this.#said.push({ kind: 'failed', reason: 'transport error' });
        break;
    }
  }
}
