import type { CallNews } from '../flows/call-control.ts';
import { type Deadline, DeadlineHeap } from '../kernel/deadline-heap.ts';
import type { CallId, LegId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import { Queue } from '../kernel/queue.ts';
import type { Instant } from '../kernel/time.ts';
import type { Flows, MediaPlane, PlaySource, Signaling } from '../ports.ts';
import type { Call } from './call.ts';
import type { Cause } from './cause.ts';
import { Ledger, type LedgerPorts } from './ledger.ts';
import type { Party } from './party.ts';
import { ringbackOf } from './ringback.ts';

export interface CallLifePorts extends LedgerPorts {
  readonly signaling: Signaling;
  readonly media: MediaPlane;
  readonly flows: Flows;
  /** Longest duration of an answered call. */
  readonly durationMaxMs: number;
}

/** `tone`: a last tone is heard before the call ends. */
export type CallTimer = 'ring' | 'duration' | 'tone';

/**
 * What happens to every call, whoever asks for it: it rings, is answered, is timed, is told to end and is over. The
 * common ground on which the parts of the call engine stand; none of them acts on another.
 */
export class CallLife {
  readonly ledger: Ledger;
  readonly #ports: CallLifePorts;
  readonly #timers = new DeadlineHeap<{ readonly kind: CallTimer; readonly leg: LegId }>();
  readonly #armed: Readonly<Record<CallTimer, LiveMap<LegId, Deadline<unknown>>>> = {
    ring: new LiveMap(),
    duration: new LiveMap(),
    tone: new LiveMap(),
  };
  /** Callers who made no offer, until their ACK. */
  readonly #owingAnswer = new Set<LegId>();
  /** Callers who hear us before we have answered. */
  readonly #early = new Set<LegId>();
  /** Flows that wait for the ACK of a caller who made no offer. */
  readonly #unheard = new Set<LegId>();
  /** Calls without a flow of their own that a program has taken over. */
  readonly #driven = new Set<CallId>();
  /** Callees who made the offer, and have our answer. */
  readonly #answeredOffers = new Set<LegId>();
  /** Legs that were told to end, until those connected to them have been told. */
  readonly #endings = new Queue<{ readonly leg: LegId; readonly cause: Cause }>();

  constructor(ports: CallLifePorts) {
    this.#ports = ports;
    this.ledger = new Ledger(ports);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  /** A call that goes on: neither over nor told to end. */
  goingOn(id: CallId): Call | undefined {
    const leg = this.ledger.legOf(id);
    const call = leg === undefined ? undefined : this.ledger.get(leg);
    return call?.isGoingOn === true ? call : undefined;
  }

  // ── It begins ─────────────────────────────────────────────────────────────────────────────────────────────

  /** The caller made no offer: ours is in the 200, and their answer in the ACK. */
  oweAnswer(leg: LegId): void {
    this.#owingAnswer.add(leg);
  }

  /** 180, or 183 with early media, to a caller. */
  ring(call: Call, early: Uint8Array | undefined, now: Instant): void {
    if (early !== undefined) this.#early.add(call.leg);
    this.#ports.signaling.ring(call.leg, early);
    this.markRinging(call, now);
  }

  markRinging(call: Call, now: Instant): void {
    if (call.ring(this.#ports.calendar(now))) this.ledger.publish('call_ringing', call, now);
  }

  /** What is played to the call is heard. */
  isHearing(call: Call): boolean {
    return call.isAnswered || this.#early.has(call.leg);
  }

  /** From here on an unanswered caller hears us. One who made no offer has nothing to hear with before the ACK. */
  openEarly(call: Call, now: Instant): void {
    if (this.isHearing(call)) return;
    const description = this.#ports.media.describe(call.leg, undefined);
    this.ring(call, this.#owingAnswer.has(call.leg) ? undefined : description, now);
  }

  /** 200 to a caller; `like` is the leg whose codec is preferred. Without effect when it is answered. */
  answer(call: Call, like: LegId | undefined, now: Instant): void {
    if (call.isAnswered) return;
    const { media, signaling } = this.#ports;
    signaling.answer(call.leg, media.describe(call.leg, like));
    this.markAnswered(call, now);
  }

  /** A callee's 200: false when its description cannot be used, and it is ended for that. */
  accept(call: Call, body: Uint8Array | undefined, dialog: string, now: Instant): boolean {
    this.ledger.saveDialog(call.leg, dialog);
    if (this.#answeredOffers.has(call.leg)) return true;
    if (body === undefined || this.#ports.media.accept(call.leg, body).kind === 'refused') {
      this.end(call.leg, 'not-acceptable', now);
      return false;
    }
    return true;
  }

  /** A callee's description before its 200: false when nothing can be heard by it. */
  acceptEarly({ leg }: Call, early: Uint8Array): boolean {
    return this.#answeredOffers.has(leg) || this.#ports.media.accept(leg, early).kind === 'opened';
  }

  /** The leg goes to somebody else, with whom nothing is agreed. */
  forgetOffer(leg: LegId): void {
    this.#answeredOffers.delete(leg);
  }

  /** The offer of a callee who was called without one is answered; without a common codec it is ended. */
  answerOffer(call: Call, offer: Uint8Array | undefined, now: Instant): void {
    const { media, signaling } = this.#ports;
    const { leg, record } = call;
    const like = record.masterCallId === null ? undefined : this.ledger.legOf(record.masterCallId);
    const verdict = offer === undefined ? undefined : media.renegotiate(leg, offer, like);
    const answer = verdict?.kind === 'answer' ? verdict.body : verdict?.answer;
    if (answer !== undefined) signaling.acknowledge(leg, answer);
    if (verdict?.kind === 'answer') this.#answeredOffers.add(leg);
    else this.end(leg, 'not-acceptable', now);
  }

  markAnswered(call: Call, now: Instant): void {
    this.#early.delete(call.leg);
    if (call.answer(this.#ports.calendar(now))) this.ledger.publish('call_progressing', call, now);
  }

  /** The flow of an answered call is told, at once unless the caller has yet to say where its media goes. */
  tellAnswered(call: Call): void {
    if (this.#owingAnswer.has(call.leg)) this.#unheard.add(call.leg);
    else this.tell(call.record.id, { kind: 'answered' });
  }

  /** The ACK of a caller who made no offer must carry the answer to ours (RFC 3261 §13.2.1). */
  confirmed(leg: LegId, answer: Uint8Array | undefined, now: Instant): void {
    const owesAnswer = this.#owingAnswer.delete(leg);
    const isUnheard = this.#unheard.delete(leg);
    const call = this.ledger.get(leg);
    if (call === undefined || (answer === undefined && !owesAnswer)) return;
    const isAccepted = answer !== undefined && this.#ports.media.accept(leg, answer).kind !== 'refused';
    if (!isAccepted) this.end(leg, 'not-acceptable', now);
    else if (isUnheard) this.tell(call.record.id, { kind: 'answered' });
  }

  /** What the caller of these hears while they ring. */
  ringbackOf(callees: readonly LegId[]): PlaySource {
    return ringbackOf(callees.map((callee) => this.ledger.get(callee)!.record.destination));
  }

  // ── It ends ───────────────────────────────────────────────────────────────────────────────────────────────

  /** We end a leg; it is over when signalling says so. Those connected to it follow by `pollEnding`. */
  end(leg: LegId, cause: Cause, now: Instant): void {
    const call = this.ledger.get(leg);
    if (call === undefined || !call.endLocally(cause, this.#ports.calendar(now))) return;
    this.ledger.publish(call.status === 'canceling' ? 'call_canceling' : 'call_terminating', call, now);
    this.#ports.signaling.hangup(leg, cause);
    this.#endings.push({ leg, cause });
  }

  /** Whoever the call was connected to has gone: it ends too, unless its flow goes on from there. */
  disconnect(leg: LegId, token: number | undefined, cause: Cause, now: Instant): void {
    if (token === undefined) this.end(leg, cause, now);
    else this.tell(this.ledger.get(leg)!.record.id, { kind: 'disconnected', token, cause });
  }

  pollEnding(): { readonly leg: LegId; readonly cause: Cause } | undefined {
    return this.#endings.shift();
  }

  /** Signalling says that it is over: its record is final. */
  conclude(call: Call, cause: Cause, now: Instant): void {
    call.end(cause, this.#ports.calendar(now), this.#ports.media.figures(call.leg) ?? null);
    this.ledger.publish('call_hangup', call, now);
    this.ledger.forget(call);
    this.#owingAnswer.delete(call.leg);
    this.#unheard.delete(call.leg);
    this.#early.delete(call.leg);
    this.#answeredOffers.delete(call.leg);
    this.disarm('ring', call.leg);
    this.disarm('duration', call.leg);
    this.disarm('tone', call.leg);
    this.#driven.delete(call.record.id);
  }

  // ── Its flow ──────────────────────────────────────────────────────────────────────────────────────────────

  /** A program takes over the call: from now on there is somebody to be told. */
  drive(id: CallId): void {
    if (this.ledger.legOf(id) !== undefined) this.#driven.add(id);
  }

  /** News for the flow of a live call; dropped when none runs on it. */
  tell(id: CallId, news: CallNews): void {
    const leg = this.ledger.legOf(id);
    if (leg !== undefined && this.isTold(this.ledger.get(leg)!)) this.#ports.flows.tell(id, news);
  }

  /** Whether a flow or a program waits for news of the call. */
  isTold({ record }: Call): boolean {
    return record.activeflowId !== null || this.#driven.has(record.id);
  }

  // ── Timers ────────────────────────────────────────────────────────────────────────────────────────────────

  armDuration(leg: LegId, now: Instant): void {
    this.arm('duration', leg, now + this.#ports.durationMaxMs);
  }

  /** Whether a timer runs already or not: from now on it is due then. */
  arm(kind: CallTimer, leg: LegId, at: Instant): void {
    this.disarm(kind, leg);
    this.#armed[kind].set(leg, this.#timers.add(at, { kind, leg }));
  }

  disarm(kind: CallTimer, leg: LegId): void {
    const handle = this.#armed[kind].get(leg);
    if (handle === undefined) return;
    this.#armed[kind].delete(leg);
    this.#timers.remove(handle);
  }

  takeDue(now: Instant): { readonly kind: CallTimer; readonly leg: LegId } | undefined {
    const due = this.#timers.takeDue(now);
    if (due !== undefined) this.#armed[due.kind].delete(due.leg);
    return due;
  }

  deadline(): Instant {
    return this.#timers.next();
  }
}

/** A call, as those need it who play to it, record it or bring it together with others. */
export function partyOf({ leg, record }: Call): Party {
  return { id: record.id, leg, customerId: record.customerId, activeflowId: record.activeflowId };
}
