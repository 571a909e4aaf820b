import type { Cause } from '../../core/calls/cause.ts';
import { fail } from '../../core/kernel/assert.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { TimerTable } from '../../core/kernel/timer-table.ts';
import type { Body } from '../../core/ports.ts';
import type { Request, Response } from '../message.ts';
import type { Arrival, TransactionId } from '../transaction/transaction-layer.ts';
import { ignore, never } from '../transaction/transition.ts';
import { causeOfStatus } from './cause-of-status.ts';
import type { Dialled } from './dialled.ts';
import { Dialog, type Hop } from './dialog.ts';
import type { Flow } from './next-hop.ts';
import { ReliableProvisional } from './reliable-provisional.ts';
import { type Input, present, speak } from './session-actions.ts';
import { timerDurationMs } from './session-durations.ts';
import { type SessionSettings, sessionDescription } from './session-messages.ts';
import type { Pending, Purpose, ServerFailure, SessionOutput } from './session-output.ts';
import { eventOfResponse, retryAfterMs } from './session-responses.ts';
import { SessionSpeaker } from './session-speaker.ts';
import type { SessionAction, SessionEvent, SessionState, SessionTimer } from './session-state.ts';
import { SESSION_TIMERS, SESSION_TRANSITIONS } from './session-table.ts';

/**
 * One leg: an INVITE session of either role, from offer to end (RFC 3261 §12 to §15). What it must do in which state is
 * `session-table.ts`; this class carries it out, and `SessionSpeaker` finds the words. It knows nothing of sockets.
 */
export class InviteSession {
  readonly leg: LegId;
  readonly #speaker: SessionSpeaker;
  readonly #settings: SessionSettings;
  readonly #role: 'caller' | 'callee';
  readonly #timers = new TimerTable<SessionTimer>();
  #state: SessionState;
  #repeatGapMs = 0;
  /** Why we end the leg, once we do. */
  #cause: Cause | undefined;
  #isHungUp = false;
  #isRinging = false;
  #wasAnswered = false;
  /** Status and cause of the last response or failure that our INVITE met. */
  #outcome: { readonly status: number; readonly cause: Cause } = { status: 503, cause: 'network-failed' };

  private constructor(
    leg: LegId,
    start: { settings: SessionSettings; speaker: SessionSpeaker; role: 'caller' | 'callee'; state: SessionState },
  ) {
    this.leg = leg;
    this.#settings = start.settings;
    this.#speaker = start.speaker;
    this.#role = start.role;
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
    const speaker = SessionSpeaker.inDialog(settings, dialog);
    return new InviteSession(leg, { settings, speaker, role: 'callee', state: 'established' });
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

  get isInDialog(): boolean {
    return this.#speaker.dialog !== undefined;
  }

  ring(body: Body | undefined, now: Instant): void {
    const manner = ReliableProvisional.mannerOf(this.#speaker.offered?.request);
    if (manner !== undefined) this.#handle(manner, now, { body });
  }

  answer(body: Body, now: Instant): void {
    this.#handle('answer', now, { body });
  }

  hangup(cause: Cause, now: Instant): void {
    this.#isHungUp = true;
    this.#cause ??= cause;
    this.#handle('hangup', now, {});
  }

  reoffer(offer: Body, now: Instant): void {
    this.#handle('reoffer', now, { body: offer });
  }

  acceptOffer(answer: Body, now: Instant): void {
    const { method } = this.#speaker.modification?.request ?? { method: 'INVITE' };
    this.#handle(method === 'INVITE' ? 'acceptOffer' : 'acceptUpdate', now, { body: answer });
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
      this.#speaker.respondWithContact(pending);
      this.#refresh(request, flow);
      return;
    }
    const isEarly = this.#state === 'ringing' || this.#state === 'early';
    const event = isEarly && this.#speaker.mayModifyEarly(request) ? 'modifyEarly' : 'modify';
    this.#handle(event, now, { pending, body });
    if (this.#state === 'reoffered' && this.#speaker.modification === pending) this.#refresh(request, flow);
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
  receiveCancel(transaction: TransactionId, now: Instant): void {
    const meant = this.#speaker.modification?.transaction ?? this.#speaker.offered?.transaction;
    if (transaction === meant) this.#handle('cancel', now, {});
  }

  receiveResponse(purpose: Purpose, response: Response, now: Instant): void {
    const authorization = this.#mayAuthorize(purpose) ? this.#speaker.authorize(response) : undefined;
    let event = authorization === undefined ? eventOfResponse(this.#speaker, purpose, response) : 'challenge';
    if (event === 'provisional' && !this.#speaker.isNews(response)) return;
    if (event === 'failure' && response.status === 503 && this.#failsOver({ retryAfterMs: retryAfterMs(response) })) {
      event = 'failover';
    }
    if (purpose === 'invite' && response.status >= 300 && this.#cause === undefined) {
      this.#outcome = { status: response.status, cause: causeOfStatus(response.status) };
    }
    if (event !== undefined) this.#handle(event, now, { response, ...(authorization && { authorization }) });
  }

  /** Our request got no final response. */
  requestFailed(purpose: Purpose, reason: 'timeout' | 'transport error', now: Instant): void {
    if (purpose === 'invite') {
      this.#outcome =
        reason === 'timeout'
          ? { status: 408, cause: 'unavailable' }
          : this.#speaker.callsByConnection
            ? { status: 430, cause: 'unavailable' } // RFC 5626 §11.5: the phone's connection is gone.
            : { status: 503, cause: 'network-failed' };
      const failsOver = this.#failsOver(reason === 'timeout' ? 'silent' : 'broken');
      this.#handle(failsOver ? 'failover' : 'failure', now, {});
    } else if (purpose === 'reinvite') this.#handle('gone', now, {});
    else if (purpose === 'bye') this.#handle('byeDone', now, {});
  }

  /** The peer's connection is gone: where its requests go instead, if they can. */
  leaveConnection(): Hop | undefined {
    return this.#speaker.dialog?.leaveConnection((contact) => this.#settings.flowOf?.(contact));
  }

  /** A refusal of ours to this INVITE is acknowledged, or given up. */
  refused(transaction: TransactionId, now: Instant): void {
    if (transaction === this.#speaker.offered?.transaction) this.#handle('refused', now, {});
  }

  /** Fires the earliest due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const timer = this.#timers.takeDue(now);
    if (timer === undefined) return;
    this.#handle(`timer${timer}`, now, {});
    if (timer === 'Assure') {
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

  /** A challenge is answered while its request is what the session waits for. */
  #mayAuthorize(purpose: Purpose): boolean {
    if (purpose === 'bye') return this.#state === 'ending';
    if (purpose === 'reinvite') return this.#state === 'reoffering';
    return purpose === 'invite';
  }

  /** Whether another server is tried: as long as our user waits, and has not been told that somebody rings. */
  #failsOver(failure: ServerFailure): boolean {
    const isWaiting = this.#state === 'dialing' || (this.#state === 'early' && !this.#isRinging);
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
    const step = SESSION_TRANSITIONS[this.#state][event];
    if (step === never) fail(`${event} cannot happen in ${this.#state}`);
    if (step === ignore) return;
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
      const durationMs = timerDurationMs(timer, this.#settings, this.#role);
      if (timer === 'Assure' || timer === 'Repeat') this.#repeatGapMs = durationMs;
      this.#timers.start(timer, now + durationMs);
    }
  }

  /** Remote target and address as the peer's re-INVITE, UPDATE or 2xx shows them. */
  #refresh(message: Request | Response, flow: Flow): void {
    const { dialog } = this.#speaker;
    if (dialog?.refresh(message, flow)) this.#reportDialog(dialog);
  }

  #reportDialog(dialog: Dialog): void {
    this.#speaker.signal({ kind: 'dialogChanged', leg: this.leg, dialog: dialog.toText() });
  }

  #perform(action: SessionAction, input: Input): void {
    const { leg } = this;
    const speaker = this.#speaker;
    switch (action) {
      case 'reportRinging': {
        const { status } = present(input.response);
        if (status === 100) break;
        this.#isRinging = true;
        speaker.signal({ kind: 'ringing', leg, status, body: descriptionIn(input) });
        break;
      }
      case 'reportAnswered': {
        this.#wasAnswered = true;
        const dialog = present(speaker.dialog).toText();
        speaker.signal({ kind: 'answered', leg, body: speaker.answerIn(present(input.response)), dialog });
        break;
      }
      case 'reportDialog':
        this.#reportDialog(present(speaker.dialog));
        break;
      case 'reportConfirmed':
        speaker.signal({ kind: 'confirmed', leg, body: input.body });
        break;
      case 'reportReoffer':
        speaker.modification = present(input.pending);
        speaker.signal({ kind: 'reoffered', leg, offer: input.body });
        break;
      case 'reportModified': {
        const { status } = present(input.response);
        speaker.signal({ kind: 'reanswered', leg, status, body: descriptionIn(input) });
        this.#refresh(present(input.response), present(speaker.dialog).flow);
        break;
      }
      case 'reportUnmodified':
        speaker.signal({ kind: 'reanswered', leg, status: present(input.response).status, body: undefined });
        break;
      case 'reportPending':
        speaker.signal({ kind: 'reanswered', leg, status: 491, body: undefined });
        break;
      case 'blameNetwork':
        this.#cause ??= 'network-failed';
        break;
      case 'blameNoAnswer':
        this.#cause ??= 'no-answer';
        this.#outcome = { status: 408, cause: 'no-answer' };
        break;
      case 'reportCanceled':
        speaker.signal({ kind: 'ended', leg, cause: 'canceled', by: 'remote' });
        break;
      case 'reportRemoteEnd':
        speaker.signal({ kind: 'ended', leg, cause: 'normal', by: 'remote' });
        break;
      case 'reportOver':
        this.#reportOver();
        break;
      default:
        speak(speaker, action, input, this.#cause ?? 'normal');
    }
  }

  /** A leg that we dialled fails unless it was answered, or we hung it up. */
  #reportOver(): void {
    const { leg } = this;
    const fails = this.#role === 'caller' && !this.#wasAnswered && !this.#isHungUp;
    if (fails) this.#speaker.signal({ kind: 'failed', leg, ...this.#outcome });
    else this.#speaker.signal({ kind: 'ended', leg, cause: this.#cause ?? 'normal', by: 'local' });
  }
}

function descriptionIn({ response }: Input): Body | undefined {
  return response === undefined ? undefined : sessionDescription(response);
}
