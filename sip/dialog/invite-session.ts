import type { Cause } from '../../core/calls/cause.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { TimerTable } from '../../core/kernel/timer-table.ts';
import type { Body, DialRequest, TransportAddress } from '../../core/ports.ts';
import type { Request, Response, Uri } from '../message.ts';
import { addressKey } from '../transaction/sharers.ts';
import type { Arrival, TransactionId } from '../transaction/transaction-layer.ts';
import { decided } from '../transaction/transition.ts';
import type { Dialled } from './dialled.ts';
import { Dialog, type Hop } from './dialog.ts';
import type { Flow } from './next-hop.ts';
import { ReliableProvisional } from './reliable-provisional.ts';
import { type Input, present, speak } from './session-actions.ts';
import { timerDurationMs } from './session-durations.ts';
import { type SessionSettings, sessionDescription } from './session-messages.ts';
import type { Pending, Purpose, ServerFailure, SessionOutput } from './session-output.ts';
import { raisesInterval, takeRefreshed } from './session-refresh.ts';
import { readRemains } from './session-remains.ts';
import { isReport, SessionReports } from './session-reports.ts';
import { eventOfResponse, retryAfterMs } from './session-responses.ts';
import { SessionSpeaker } from './session-speaker.ts';
import type { SessionAction, SessionEvent, SessionState, SessionTimer } from './session-state.ts';
import { SESSION_TIMERS, SESSION_TRANSITIONS } from './session-table.ts';

/** A refresh that was refused for the moment is sent again after so long. */
const REFRESH_RETRY_MS = 10_000;

/** Longer than the longest registration: who is still there has registered anew by then, or said something. */
const RETURN_BOUND_MS = 3_720_000;

const CONFIRMED: ReadonlySet<SessionState> = new Set([
  'established',
  'reoffering',
  'postponed',
  'reoffered',
  'reanswering',
]);

/**
 * One leg: an INVITE session of either role, from offer to end (RFC 3261 §12 to §15). What it must do in which state is
 * `session-table.ts`; this class carries it out, and `SessionSpeaker` finds the words. It knows nothing of sockets.
 */
export class InviteSession {
  readonly leg: LegId;
  readonly #speaker: SessionSpeaker;
  readonly #settings: SessionSettings;
  readonly #role: 'caller' | 'callee';
  readonly #reports: SessionReports;
  readonly #timers = new TimerTable<SessionTimer>();
  #state: SessionState;
  #repeatGapMs = 0;
  /** The connection that the peer has not come back from. */
  #lostKey = '';
  readonly #flowOf = (contact: Uri): Flow | undefined => this.#settings.flowOf?.(contact);

  private constructor(
    leg: LegId,
    start: { settings: SessionSettings; speaker: SessionSpeaker; role: 'caller' | 'callee'; state: SessionState },
  ) {
    this.leg = leg;
    this.#settings = start.settings;
    this.#speaker = start.speaker;
    this.#role = start.role;
    this.#reports = new SessionReports(leg, start.role, start.speaker);
    this.#state = start.state;
  }

  /** The leg of an INVITE that we are called with. */
  static offered(leg: LegId, settings: SessionSettings, arrival: Arrival, transaction: TransactionId): InviteSession {
    const speaker = SessionSpeaker.toCaller(settings, arrival, transaction);
    return new InviteSession(leg, { settings, speaker, role: 'callee', state: 'offered' });
  }

  /** The leg of an INVITE of ours. It fails at once without a target that can be reached. */
  static dialled(leg: LegId, settings: SessionSettings, dialled: Dialled | undefined, now: Instant): InviteSession {
    const speaker = SessionSpeaker.toCallee(settings, dialled);
    const session = new InviteSession(leg, { settings, speaker, role: 'caller', state: 'dialing' });
    if (dialled === undefined) {
      session.#handle('failure', now, {});
    } else {
      speaker.invite();
      session.#changeTimers([], now);
    }
    return session;
  }

  /** A confirmed dialog that an earlier process left; undefined when the text cannot be read. */
  static restored(leg: LegId, settings: SessionSettings, text: string): InviteSession | undefined {
    const dialog = Dialog.fromText(text);
    if (dialog === undefined) return undefined;
    const speaker = SessionSpeaker.inDialog(settings, { dialog, inviteCSeq: 0, forks: [] });
    return new InviteSession(leg, { settings, speaker, role: 'callee', state: 'established' });
  }

  /** What is left of one that was called by us and is over. `text` is what remained of it. */
  static over(settings: SessionSettings, text: string): InviteSession {
    const speaker = SessionSpeaker.inDialog(settings, readRemains(text));
    return new InviteSession(0 as LegId, { settings, speaker, role: 'caller', state: 'ended' });
  }

  /** What a 2xx of our INVITE that comes late is answered by; undefined when that takes the session itself. */
  remains(): string | undefined {
    return this.isOver ? this.#speaker.remains() : undefined;
  }

  get state(): SessionState {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state === 'ended';
  }

  get callId(): string {
    return this.#speaker.callId;
  }

  get localTag(): string {
    return this.#speaker.localTag;
  }

  /** '' before the peer has one. */
  get remoteTag(): string {
    return this.#speaker.dialog?.remoteTag ?? '';
  }

  get dialog(): Dialog | undefined {
    return this.#speaker.dialog;
  }

  /** Acknowledged, and not over. */
  get isConfirmed(): boolean {
    return CONFIRMED.has(this.#state);
  }

  get credentials(): DialRequest['credentials'] {
    return this.#speaker.dialled?.dial.credentials;
  }

  ring(body: Body | undefined, now: Instant): void {
    const manner = ReliableProvisional.mannerOf(this.#speaker.offered?.request);
    if (manner !== undefined) this.#handle(manner, now, { body });
  }

  answer(body: Body, now: Instant): void {
    this.#handle('answer', now, { body });
  }

  acknowledge(body: Body, now: Instant): void {
    this.#handle('acknowledge', now, { body });
  }

  hangup(cause: Cause, now: Instant): void {
    this.#reports.hungUp(cause);
    this.#handle('hangup', now, {});
  }

  reoffer(offer: Body, now: Instant): void {
    this.#handle('reoffer', now, { body: offer });
  }

  acceptOffer(answer: Body, now: Instant): void {
    const { method } = this.#speaker.modification?.request ?? { method: 'INVITE' };
    this.#handle(method === 'INVITE' ? 'acceptOffer' : 'acceptUpdate', now, { body: answer });
    this.#restartInterval(now);
    this.#pursueDeferred(now);
  }

  refuseOffer(cause: Cause, now: Instant): void {
    this.#handle('refuseOffer', now, { cause });
    this.#pursueDeferred(now);
  }

  /** Whether a request names the dialog of this leg; while the peer has no tag yet, any will do. */
  matches(request: Request): boolean {
    const { dialog } = this.#speaker;
    return dialog === undefined || dialog.remoteTag === request.fromTag;
  }

  /** Whether a request other than ACK comes in order (RFC 3261 §12.2.2). */
  accept(request: Request): 'in order' | 'out of order' {
    this.#timers.stop('Return');
    return this.#speaker.dialogOf(request)?.accept(request) ?? 'in order';
  }

  /** An ACK in this dialog. */
  receiveAck(request: Request, now: Instant): void {
    if (request.cseq.number !== this.#speaker.answeredCSeq) return;
    this.#handle('ack', now, { body: sessionDescription(request) });
  }

  /** BYE, PRACK, re-INVITE or UPDATE in this dialog, in order. */
  receiveRequest({ request, source, localPort }: Arrival, transaction: TransactionId, now: Instant): void {
    const pending = { request, transaction };
    if (request.method === 'BYE') {
      this.#handle('bye', now, { pending });
      return;
    }
    const body = sessionDescription(request);
    if (request.method === 'PRACK') {
      this.#receivePrack(pending, body, now);
      return;
    }
    const flow = { remote: source, localPort };
    if (request.method === 'UPDATE' && body === undefined) {
      this.#speaker.accept(pending, undefined);
      this.#restartInterval(now);
      this.#reports.refresh(request, flow);
      return;
    }
    const isEarly = this.#state === 'ringing' || this.#state === 'early';
    const event = isEarly && this.#speaker.mayModifyEarly(request) ? 'modifyEarly' : 'modify';
    this.#handle(event, now, { pending, body });
    if (this.#state === 'reoffered' && this.#speaker.modification === pending) this.#reports.refresh(request, flow);
  }

  /** One that acknowledges nothing of ours is answered by 481 (RFC 3262 §3). */
  #receivePrack(pending: Pending, body: Body | undefined, now: Instant): void {
    const { reliable, modification } = this.#speaker;
    if (reliable?.isAcknowledgedBy(pending.request) !== true) {
      this.#speaker.respond(pending, 481);
      return;
    }
    const offers = body !== undefined && reliable.isOfferAnswered && modification === undefined;
    this.#handle(offers ? 'prackOffer' : 'prack', now, { pending, body });
    this.#pursueDeferred(now);
  }

  /** The peer cancels its INVITE or re-INVITE. */
  receiveCancel(transaction: TransactionId, cancel: Request, now: Instant): void {
    const meant = this.#speaker.modification?.transaction ?? this.#speaker.offered?.transaction;
    if (transaction === meant) this.#handle('cancel', now, { cancel });
  }

  /** `request` is the one that is answered, where it went through a dialog. */
  receiveResponse(purpose: Purpose, response: Response, now: Instant, request?: Request): void {
    if (purpose === 'prack' && request !== undefined) this.#speaker.acknowledgeAgain(request, response);
    if (purpose === 'update') {
      this.#receiveUpdated(response, now);
      return;
    }
    const authorization = this.awaits(purpose) ? this.#speaker.authorize(response) : undefined;
    const isAgain = authorization !== undefined || (this.awaits(purpose) && raisesInterval(this.#speaker, response));
    let event = isAgain ? 'challenge' : eventOfResponse(this.#speaker, purpose, response);
    if (event === 'provisional' && !this.#speaker.isNews(response)) return;
    if (event === 'failure' && response.status === 503 && this.#failsOver({ retryAfterMs: retryAfterMs(response) })) {
      event = 'failover';
    }
    if (purpose === 'invite' && response.status >= 300) this.#reports.refused(response);
    const isRefreshed = event === 'modified' && this.#state === 'reoffering';
    const isOffer = purpose === 'invite' && this.#speaker.isOffered(response);
    if (event !== undefined) this.#handle(event, now, { response, isOffer, ...(authorization && { authorization }) });
    if (isRefreshed) this.#restartInterval(now);
  }

  /** Our UPDATE is answered. Refused for the moment, it is sent again by and by, until the session expires. */
  #receiveUpdated(response: Response, now: Instant): void {
    if (this.#state !== 'established' || response.status < 200) return;
    const outcome = takeRefreshed(this.#speaker, response);
    if (outcome === 'lost') this.#handle('lost', now, {});
    else if (outcome === 'renew') this.#renew(now);
    else if (outcome === 'agreed') {
      this.#restartInterval(now);
      this.#reports.refresh(response, present(this.#speaker.dialog).flow);
    }
  }

  /** Refreshes by a re-INVITE with the description that the peer has; without one there is none to repeat. */
  #renew(now: Instant): void {
    const { described } = this.#speaker;
    if (described !== undefined) this.#handle('renew', now, { body: described });
  }

  /** Our request got no final response. */
  requestFailed(purpose: Purpose, reason: 'timeout' | 'transport error', now: Instant): void {
    if (purpose === 'invite') {
      this.#reports.unanswered(reason);
      const failsOver = this.#failsOver(reason === 'timeout' ? 'silent' : 'broken');
      this.#handle(failsOver ? 'failover' : 'failure', now, {});
    } else if (purpose === 'reinvite') this.#handle('gone', now, {});
    else if (purpose === 'update') this.#handle('lost', now, {});
    else if (purpose === 'bye') this.#handle('byeDone', now, {});
  }

  /** Whether the session still wants what such a request asks for: only then is it sent again, to whomever and however. */
  awaits(purpose: Purpose): boolean {
    if (purpose === 'bye') return this.#state === 'ending';
    if (purpose === 'reinvite') return this.#state === 'reoffering';
    if (purpose === 'update') return this.#state === 'established';
    if (purpose === 'refer') return this.isConfirmed;
    return purpose === 'invite';
  }

  /** This connection of the peer is gone: where its requests go instead, if they can. */
  leaveConnection(lost: TransportAddress): Hop | undefined {
    return this.#speaker.dialog?.leaveConnection(lost, this.#flowOf);
  }

  /**
   * The connection that our requests need is gone. They go elsewhere from now on; where they cannot, the peer may come back
   * within the time of a registration. What is not answered yet is the matter of its transactions.
   */
  connectionLost(lost: TransportAddress, now: Instant): void {
    if (!SESSION_TIMERS[this.#state].includes('Return')) return;
    if (this.leaveConnection(lost) !== undefined) this.#reports.moved();
    else {
      this.#lostKey = addressKey(lost);
      this.#timers.start('Return', now + RETURN_BOUND_MS);
    }
  }

  /** The peer has gone before our answer to its INVITE or re-INVITE, which reaches nobody any more. */
  deserted(transaction: TransactionId, now: Instant): void {
    if (transaction === this.#speaker.offered?.transaction) this.#handle('deserted', now, {});
    else if (transaction === this.#speaker.modification?.transaction) this.#handle('cancel', now, {});
  }

  /** A refusal of ours to this INVITE is acknowledged, or given up. */
  refused(transaction: TransactionId, now: Instant): void {
    if (transaction === this.#speaker.offered?.transaction) this.#handle('refused', now, {});
  }

  /** Fires the earliest due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const timer = this.#timers.takeDue(now);
    if (timer === undefined) return;
    if (timer === 'Return' && present(this.#speaker.dialog).isBack(this.#lostKey, this.#flowOf)) return;
    if (timer === 'Refresh' && this.#speaker.interval?.isUpdatable !== true) this.#renew(now);
    else this.#handle(`timer${timer}`, now, {});
    if (timer === 'Refresh' && SESSION_TIMERS[this.#state].includes(timer)) {
      this.#timers.start(timer, now + REFRESH_RETRY_MS);
    } else if (timer === 'Assure') {
      this.#repeatGapMs *= 2;
      this.#timers.start('Assure', now + this.#repeatGapMs);
    } else if (timer === 'Repeat') {
      this.#repeatGapMs = Math.min(2 * this.#repeatGapMs, this.#settings.timing.t2);
      this.#timers.start('Repeat', now + this.#repeatGapMs);
    }
  }

  deadline(): Instant {
    return this.#timers.next();
  }

  poll(): SessionOutput | undefined {
    return this.#speaker.poll();
  }

  /** Whether another server is tried: as long as our user waits, and has not been told that somebody rings. */
  #failsOver(failure: ServerFailure): boolean {
    const isWaiting = this.#state === 'dialing' || (this.#state === 'early' && !this.#reports.isRinging);
    return this.#speaker.blame(failure) && isWaiting;
  }

  /** What our user said while our last provisional response waited for its PRACK. */
  #pursueDeferred(now: Instant): void {
    if (this.#state !== 'ringing' || this.#speaker.modification !== undefined) return;
    const deferred = this.#speaker.reliable?.takeDeferred();
    if (deferred?.kind === 'answer') this.answer(deferred.body, now);
    else if (deferred !== undefined) this.ring(deferred.body, now);
  }

  #handle(event: SessionEvent, now: Instant, input: Input): void {
    const step = decided(SESSION_TRANSITIONS[this.#state][event], event, this.#state);
    if (step === undefined) return;
    for (const action of step.actions) this.#perform(action, input);
    if (step.next === this.#state) return;
    const before = SESSION_TIMERS[this.#state];
    this.#state = step.next;
    this.#changeTimers(before, now);
    if (step.next === 'established' || step.next === 'ended') this.#speaker.rest();
  }

  #changeTimers(before: readonly SessionTimer[], now: Instant): void {
    const wanted = SESSION_TIMERS[this.#state];
    for (const timer of before) if (!wanted.includes(timer)) this.#timers.stop(timer);
    for (const timer of wanted) {
      if (before.includes(timer)) continue;
      const durationMs = timerDurationMs(timer, this.#settings, this.#role, this.#speaker.interval);
      if (timer === 'Assure' || timer === 'Repeat') this.#repeatGapMs = durationMs;
      this.#timers.start(timer, now + durationMs);
    }
  }

  /** The session was refreshed, or has another interval now, or none. */
  #restartInterval(now: Instant): void {
    for (const timer of ['Refresh', 'Expiry'] as const) {
      if (!SESSION_TIMERS[this.#state].includes(timer)) continue;
      this.#timers.start(timer, now + timerDurationMs(timer, this.#settings, this.#role, this.#speaker.interval));
    }
  }

  #perform(action: SessionAction, input: Input): void {
    if (isReport(action)) this.#reports.make(action, input);
    else speak(this.#speaker, action, input, this.#reports.cause ?? 'normal');
  }
}
