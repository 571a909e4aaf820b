import { assert } from '../../core/kernel/assert.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { Said } from './said.ts';
import type { ServerOptions, ServerOutput, ServerTransaction } from './server-transaction.ts';
import { TimerPair } from './timer-pair.ts';
import { type Timing, TRYING_AFTER } from './timing.ts';
import { decided, ignore, never, type Table, to } from './transition.ts';

export type InviteServerState = 'trying' | 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';
type Timer = 'Trying' | 'G' | 'H' | 'I' | 'L';
type Event = 'repeated' | 'ack' | 'provisional' | 'success' | 'failure' | 'transportError' | `timer${Timer}`;
type Action = 'transmit' | 'repeat' | 'askTrying' | 'reportAcknowledged' | 'reportTimeout' | 'reportTransportError';

const NO_BYTES = new Uint8Array(0);
const NO_TIMERS = { timerTrying: never, timerG: never, timerH: never, timerI: never, timerL: never } as const;

/**
 * RFC 3261 Figure 7 with the Accepted state of RFC 6026 §7.1. `trying` is the part of Proceeding before anything was
 * answered: it is left by 100 after 200 ms at the latest. Every cell is decided.
 */
export const INVITE_SERVER_TRANSITIONS: Table<InviteServerState, Event, Action> = {
  trying: {
    ...NO_TIMERS,
    repeated: ignore,
    ack: ignore,
    provisional: to('proceeding', 'transmit'),
    success: to('accepted', 'transmit'),
    failure: to('completed', 'transmit'),
    transportError: ignore, // Nothing was sent by this transaction.
    timerTrying: to('trying', 'askTrying'),
  },
  proceeding: {
    ...NO_TIMERS,
    repeated: to('proceeding', 'repeat'),
    ack: ignore,
    provisional: to('proceeding', 'transmit'),
    success: to('accepted', 'transmit'),
    failure: to('completed', 'transmit'),
    transportError: ignore, // A lost provisional response loses nothing.
  },
  accepted: {
    ...NO_TIMERS,
    repeated: ignore, // The dialog layer repeats the 2xx by its own timer.
    ack: ignore,
    provisional: never,
    success: to('accepted', 'transmit'),
    failure: never,
    transportError: ignore, // The dialog layer waits for the ACK.
    timerL: to('terminated'),
  },
  completed: {
    ...NO_TIMERS,
    repeated: to('completed', 'repeat'),
    ack: to('confirmed', 'reportAcknowledged'),
    provisional: never,
    success: never,
    failure: never,
    transportError: to('terminated', 'reportTransportError'),
    timerG: to('completed', 'repeat'),
    timerH: to('terminated', 'reportTimeout'),
  },
  confirmed: {
    ...NO_TIMERS,
    repeated: ignore,
    ack: ignore,
    provisional: never,
    success: never,
    failure: never,
    transportError: ignore,
    timerI: to('terminated'),
  },
  terminated: {
    ...NO_TIMERS,
    repeated: ignore,
    ack: ignore,
    provisional: never,
    success: ignore, // The last repetition of a 2xx and timer L fall on the same instant.
    failure: never,
    transportError: ignore,
  },
};

/** The timers that run in each state. Entering a state starts these and stops the others. */
export const INVITE_SERVER_TIMERS: Readonly<Record<InviteServerState, readonly Timer[]>> = {
  trying: ['Trying'],
  proceeding: [],
  accepted: ['L'],
  completed: ['G', 'H'],
  confirmed: ['I'],
  terminated: [],
};

/** INVITE server transaction, RFC 3261 §17.2.1 and RFC 6026. Keeps its last response as written bytes. */
export class InviteServer implements ServerTransaction {
  readonly #timing: Timing;
  readonly #reliable: boolean;
  readonly #timers = new TimerPair<Timer>();
  readonly #said = new Said<ServerOutput>();
  #state: InviteServerState = 'trying';
  #gapMs: number;
  #bytes: Uint8Array = NO_BYTES;

  constructor(options: ServerOptions, now: Instant) {
    this.#timing = options.timing;
    this.#reliable = options.reliable;
    this.#gapMs = options.reliable ? NEVER : options.timing.t1;
    this.#startTimers(now);
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get isResting(): boolean {
    return this.#state === 'accepted' || this.#state === 'confirmed';
  }

  get state(): InviteServerState {
    return this.#state;
  }

  receiveRepeated(now: Instant): void {
    this.#handle('repeated', now);
  }

  /** An ACK that matches this transaction. */
  receiveAck(now: Instant): void {
    this.#handle('ack', now);
  }

  respond(status: number, bytes: Uint8Array, now: Instant): void {
    this.#bytes = bytes;
    this.#handle(status < 200 ? 'provisional' : status < 300 ? 'success' : 'failure', now);
  }

  transportFailed(now: Instant): void {
    this.#handle('transportError', now);
  }

  expire(now: Instant): void {
    const timer = this.#timers.takeDue(now);
    if (timer === undefined) return;
    this.#handle(`timer${timer}`, now);
    if (timer === 'G') this.#backOff(now);
  }

  deadline(): Instant {
    return this.#timers.next();
  }

  poll(): ServerOutput | undefined {
    return this.#said.poll();
  }

  #handle(event: Event, now: Instant): void {
    assert(this.#said.isDrained, 'drain poll() before the next input');
    const step = decided(INVITE_SERVER_TRANSITIONS[this.#state][event], event, this.#state);
    if (step === undefined) return;
    for (const action of step.actions) this.#perform(action);
    // The dialog repeats a 2xx, and keeps it for that; a refusal that was acknowledged is not repeated.
    if (step.next === 'accepted' || step.next === 'confirmed') this.#bytes = NO_BYTES;
    if (step.next === this.#state) return;
    this.#state = step.next;
    this.#startTimers(now);
  }

  #startTimers(now: Instant): void {
    this.#timers.stopAll();
    for (const timer of INVITE_SERVER_TIMERS[this.#state]) this.#timers.start(timer, now + this.#durationOf(timer));
  }

  #durationOf(timer: Timer): number {
    switch (timer) {
      case 'Trying':
        return TRYING_AFTER;
      case 'G':
        return this.#gapMs;
      case 'H':
      case 'L':
        return 64 * this.#timing.t1;
      case 'I':
        return this.#reliable ? 0 : this.#timing.t4;
    }
  }

  /** RFC 3261 §17.2.1: timer G doubles up to T2. */
  #backOff(now: Instant): void {
    this.#gapMs = Math.min(2 * this.#gapMs, this.#timing.t2);
    this.#timers.start('G', now + this.#gapMs);
  }

  #perform(action: Action): void {
    switch (action) {
      case 'transmit':
        this.#said.push({ kind: 'transmit', bytes: this.#bytes, repeated: false });
        break;
      case 'repeat':
        this.#said.push({ kind: 'transmit', bytes: this.#bytes, repeated: true });
        break;
      case 'askTrying':
        this.#said.push({ kind: 'trying' });
        break;
      case 'reportAcknowledged':
        this.#said.push({ kind: 'acknowledged' });
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
