import { assert } from '../../core/kernel/assert.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { HeaderName, Request, Response } from '../message.ts';
import { buildRequest, write } from '../writer.ts';
import type { ClientOptions, ClientOutput, ClientTransaction } from './client-transaction.ts';
import { Said } from './said.ts';
import { TimerPair } from './timer-pair.ts';
import { TIMER_C, TIMER_D_UNRELIABLE, type Timing } from './timing.ts';
import { decided, ignore, never, type Table, to } from './transition.ts';

/** What is left of a request that will not be sent again. */
const NO_BYTES = new Uint8Array(0);

export type InviteClientState = 'calling' | 'proceeding' | 'accepted' | 'completed' | 'terminated';
type Timer = 'A' | 'B' | 'C' | 'D' | 'M';
type Event = 'provisional' | 'success' | 'failure' | 'transportError' | `timer${Timer}`;
type Action = 'transmit' | 'acknowledge' | 'deliver' | 'reportTimeout' | 'reportTransportError';

/** RFC 3261 Figure 5 with the Accepted state of RFC 6026 §7.2. Every cell is decided. */
export const INVITE_CLIENT_TRANSITIONS: Table<InviteClientState, Event, Action> = {
  calling: {
    provisional: to('proceeding', 'deliver'),
    success: to('accepted', 'deliver'),
    failure: to('completed', 'acknowledge', 'deliver'),
    transportError: to('terminated', 'reportTransportError'),
    timerA: to('calling', 'transmit'),
    timerB: to('terminated', 'reportTimeout'),
    timerC: never,
    timerD: never,
    timerM: never,
  },
  proceeding: {
    provisional: to('proceeding', 'deliver'),
    success: to('accepted', 'deliver'),
    failure: to('completed', 'acknowledge', 'deliver'),
    transportError: ignore, // Nothing is in flight: the answer may still arrive.
    timerA: never,
    timerB: never,
    timerC: to('terminated', 'reportTimeout'),
    timerD: never,
    timerM: never,
  },
  accepted: {
    provisional: ignore,
    success: to('accepted', 'deliver'), // Retransmitted or forked 2xx: the dialog layer sends the ACK.
    failure: ignore,
    transportError: ignore,
    timerA: never,
    timerB: never,
    timerC: never,
    timerD: never,
    timerM: to('terminated'),
  },
  completed: {
    provisional: ignore,
    success: ignore,
    failure: to('completed', 'acknowledge'), // Retransmitted: our ACK was lost.
    transportError: to('terminated'), // The user has its final response already.
    timerA: never,
    timerB: never,
    timerC: never,
    timerD: to('terminated'),
    timerM: never,
  },
  terminated: {
    provisional: ignore,
    success: ignore,
    failure: ignore,
    transportError: ignore,
    timerA: never,
    timerB: never,
    timerC: never,
    timerD: never,
    timerM: never,
  },
};

/** The timers that run in each state. Entering a state starts these and stops the others. */
export const INVITE_CLIENT_TIMERS: Readonly<Record<InviteClientState, readonly Timer[]>> = {
  calling: ['A', 'B'],
  proceeding: ['C'],
  accepted: ['M'],
  completed: ['D'],
  terminated: [],
};

/**
 * INVITE client transaction, RFC 3261 §17.1.1 and RFC 6026.
 *
 * No socket, no clock, no callback. The owner feeds one input, drains `poll()`, then sleeps until `deadline()`.
 */
export class InviteClient implements ClientTransaction {
  #request: Request | undefined;
  /** Of the INVITE, then of its ACK. */
  #bytes: Uint8Array;
  readonly #reliable: boolean;
  readonly #timing: Timing;
  readonly #timers = new TimerPair<Timer>();
  readonly #said = new Said<ClientOutput>();
  #state: InviteClientState = 'calling';
  #gapMs: number;

  constructor(options: ClientOptions, now: Instant) {
    this.#request = options.request;
    this.#bytes = options.bytes;
    this.#reliable = options.reliable;
    this.#timing = options.timing;
    this.#gapMs = options.reliable ? NEVER : options.timing.t1;
    this.#said.push({ kind: 'transmit', bytes: this.#bytes, repeated: false });
    this.#startTimers(now);
  }

  get request(): Request | undefined {
    return this.#request;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get isResting(): boolean {
    return this.#state === 'accepted' || this.#state === 'completed';
  }

  get state(): InviteClientState {
    return this.#state;
  }

  receive(response: Response, now: Instant): void {
    const { status } = response;
    this.#handle(status < 200 ? 'provisional' : status < 300 ? 'success' : 'failure', now, response);
  }

  transportFailed(now: Instant): void {
    this.#handle('transportError', now);
  }

  expire(now: Instant): void {
    const timer = this.#timers.takeDue(now);
    if (timer === undefined) return;
    this.#handle(`timer${timer}`, now);
    if (timer === 'A') this.#backOff(now);
  }

  deadline(): Instant {
    return this.#timers.next();
  }

  poll(): ClientOutput | undefined {
    return this.#said.poll();
  }

  #handle(event: Event, now: Instant, response?: Response): void {
    assert(this.#said.isDrained, 'drain poll() before the next input');
    const step = decided(INVITE_CLIENT_TRANSITIONS[this.#state][event], event, this.#state);
    if (step === undefined) return;
    for (const action of step.actions) this.#perform(action, response);
    if (step.next === this.#state) return;
    this.#state = step.next;
    this.#startTimers(now);
    if (step.next === 'calling' || step.next === 'proceeding') return;
    this.#request = undefined;
    // What comes now are repetitions: those of a 2xx are acknowledged by the dialog, others by the same ACK again.
    if (step.next !== 'completed') this.#bytes = NO_BYTES;
  }

  #startTimers(now: Instant): void {
    this.#timers.stopAll();
    for (const timer of INVITE_CLIENT_TIMERS[this.#state]) this.#timers.start(timer, now + this.#durationOf(timer));
  }

  #durationOf(timer: Timer): number {
    switch (timer) {
      case 'A':
        return this.#gapMs;
      case 'B':
      case 'M':
        return 64 * this.#timing.t1;
      case 'C':
        return TIMER_C;
      case 'D':
        return this.#reliable ? 0 : TIMER_D_UNRELIABLE;
    }
  }

  /** RFC 3261 §17.1.1.2: timer A doubles with every retransmission. It has no ceiling; timer B ends it. */
  #backOff(now: Instant): void {
    this.#gapMs *= 2;
    this.#timers.start('A', now + this.#gapMs);
  }

  #perform(action: Action, response?: Response): void {
    switch (action) {
      case 'transmit':
        this.#said.push({ kind: 'transmit', bytes: this.#bytes, repeated: true });
        break;
      case 'acknowledge':
        assert(response !== undefined, 'only a response is acknowledged');
        if (this.#request !== undefined) this.#bytes = write(acknowledge(this.#request, response));
        this.#said.push({ kind: 'transmit', bytes: this.#bytes, repeated: false });
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

/** RFC 3261 §17.1.1.3: the ACK of a non-2xx final response keeps the branch and route of its INVITE. */
function acknowledge(invite: Request, response: Response): Request {
  return buildRequest({
    method: 'ACK',
    uri: invite.uri,
    fields: [
      ...fieldsOfInvite(invite),
      ['To', response.first('To') ?? invite.first('To') ?? ''],
      ['CSeq', `${invite.cseq.number} ACK`],
      ['Max-Forwards', '70'],
    ],
  });
}

/** RFC 3261 §9.1: CANCEL keeps the branch, route and To of the INVITE it cancels. */
export function cancelOf(invite: Request, extra: readonly (readonly [HeaderName, string])[]): Request {
  return buildRequest({
    method: 'CANCEL',
    uri: invite.uri,
    fields: [
      ...fieldsOfInvite(invite),
      ['To', invite.first('To') ?? ''],
      ['CSeq', `${invite.cseq.number} CANCEL`],
      ['Max-Forwards', '70'],
      ...extra,
    ],
  });
}

const KEPT: ReadonlySet<HeaderName> = new Set(['Route', 'From', 'Call-ID']);

function fieldsOfInvite(invite: Request): readonly (readonly [HeaderName, string])[] {
  return [['Via', invite.topVia.text], ...invite.fields.filter(([name]) => KEPT.has(name))];
}
