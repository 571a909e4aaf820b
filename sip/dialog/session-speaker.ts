import type { Cause } from '../../core/calls/cause.ts';
import { assert } from '../../core/kernel/assert.ts';
import { hexToken } from '../../core/kernel/ids.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Body, SignalingEvent } from '../../core/ports.ts';
import type { Request, Response } from '../message.ts';
import type { Arrival, TransactionId } from '../transaction/transaction-layer.ts';
import { respond } from '../writer.ts';
import { authorizationFor, isChallenge } from './authorization.ts';
import { type Dialled, isOfferless, reach } from './dialled.ts';
import { Dialog } from './dialog.ts';
import { EarlyDialogs, reliableNumber } from './early-dialogs.ts';
import { ReliableProvisional } from './reliable-provisional.ts';
import {
  intervalFor,
  intervalFrom,
  keepingFields,
  requestFields,
  responseFields,
  type SessionInterval,
  wishedInterval,
} from './session-interval.ts';
import {
  ALLOW_FIELD,
  buildInvite,
  contactField,
  descriptionFields,
  type Field,
  reasonField,
  retryAfterField,
  type SessionSettings,
  SUPPORTED_FIELD,
  sessionDescription,
} from './session-messages.ts';
import type { Pending, Purpose, ServerFailure, SessionOutput } from './session-output.ts';
import { type SessionRemains, withFork, writeRemains } from './session-remains.ts';

/**
 * Says what an INVITE session has to say: keeps the dialog and the messages that must be repeated or referred to, and
 * writes every other one from them. When to say what is the session's.
 */
export class SessionSpeaker {
  readonly callId: string;
  readonly localTag: string;
  readonly #settings: SessionSettings;
  readonly #outputs = new Queue<SessionOutput>();
  /** Where our INVITE goes; undefined for a leg that the peer has called. */
  dialled: Dialled | undefined;
  /** The peer's INVITE that began the session, until it is settled. */
  offered: Pending | undefined;
  dialog: Dialog | undefined;
  /** Until its 2xx. */
  #invite: Request | undefined;
  #inviteCSeq = 0;
  #lastReinvite: Request | undefined;
  /** Branches of our INVITE that answer reliably; undefined when none does. */
  #early: EarlyDialogs | undefined;
  /** Our provisional responses to a caller who demands reliable ones; undefined before the first. */
  reliable: ReliableProvisional | undefined;
  /** Our last 2xx to an INVITE, until it is acknowledged. */
  given: { readonly transaction: TransactionId; readonly response: Response } | undefined;
  /** CSeq of our last 2xx to an INVITE; 0 before there is one. */
  answeredCSeq = 0;
  /** Our answer to the offer that a 2xx to our INVITE brought: each of its ACKs has it. */
  #owed: Body | undefined;
  /** Remote tags of branches that were released; hardly a call has any. */
  #forks: readonly string[] = [];
  /** Our request has credentials: a second challenge means that they are wrong. */
  #isAuthorized = false;
  #reoffer: Body | undefined;
  /** The peer's re-INVITE or UPDATE that waits for our user. */
  modification: Pending | undefined;
  /** How long the session lives unless it is refreshed; before the answer our wish. Undefined for a session without end. */
  interval: SessionInterval | undefined;
  /** How often the peer has raised it. */
  raises = 0;
  /** Our last description in a session that has an interval: what a re-INVITE offers that changes nothing. */
  described: Body | undefined;
  /** How often our present re-INVITE met the peer's. */
  glares = 0;

  private constructor(settings: SessionSettings, start: { dialog?: Dialog; offered?: Pending; dialled?: Dialled }) {
    this.#settings = settings;
    this.dialog = start.dialog;
    this.offered = start.offered;
    this.dialled = start.dialled;
    this.callId = start.dialog?.callId ?? hexToken(settings.random, 16);
    this.localTag = start.dialog?.localTag ?? hexToken(settings.random, 8);
  }

  static toCaller(settings: SessionSettings, arrival: Arrival, transaction: TransactionId): SessionSpeaker {
    const { request, source, localPort } = arrival;
    const dialog = Dialog.fromRequest(request, hexToken(settings.random, 8), { remote: source, localPort });
    return new SessionSpeaker(settings, { dialog, offered: { transaction, request } });
  }

  static toCallee(settings: SessionSettings, dialled: Dialled | undefined): SessionSpeaker {
    return new SessionSpeaker(settings, dialled === undefined ? {} : { dialled });
  }

  static inDialog(settings: SessionSettings, { dialog, inviteCSeq, forks }: SessionRemains): SessionSpeaker {
    const speaker = new SessionSpeaker(settings, { dialog });
    speaker.#inviteCSeq = inviteCSeq;
    speaker.#forks = forks;
    return speaker;
  }

  /** The dialog that our INVITE made, for an ACK that is asked for again; undefined when that takes more. */
  remains(): string | undefined {
    const { dialog } = this;
    if (dialog === undefined || this.#owed !== undefined || this.#early !== undefined) return undefined;
    return writeRemains({ dialog, inviteCSeq: this.#inviteCSeq, forks: this.#forks });
  }

  /** CSeq of our last re-INVITE; 0 before there is one. */
  get reinviteCSeq(): number {
    return this.#lastReinvite?.cseq.number ?? 0;
  }

  /** Nothing is repeated or referred to any more: a session lasts for hours, its messages need not. */
  rest(): void {
    this.offered = undefined;
    this.given = undefined;
    this.reliable = undefined;
    if (this.modification !== undefined) this.sayRetry(this.modification);
    this.modification = undefined;
  }

  poll(): SessionOutput | undefined {
    return this.#outputs.shift();
  }

  signal(event: SignalingEvent): void {
    this.#outputs.push({ kind: 'signal', event });
  }

  invite(extra: readonly Field[] = []): void {
    const { dialled } = this;
    assert(dialled !== undefined, 'only a dialled session sends an INVITE');
    const { destination, flow } = dialled;
    const { callId, localTag } = this;
    this.#inviteCSeq += 1;
    this.#early = undefined;
    const cseq = this.#inviteCSeq;
    const sentBy = this.#settings.contactFor(destination, flow.localPort);
    const settings = this.#settings;
    const { sessionExpiresS = 0 } = settings;
    if (sessionExpiresS > 0) this.interval ??= wishedInterval(sessionExpiresS);
    const fields = this.interval === undefined ? extra : [...requestFields(this.interval, true), ...extra];
    this.#invite = buildInvite({ dialled, callId, localTag, cseq, sentBy, settings, extra: fields });
    const hop = { destination, localPort: flow.localPort, name: undefined };
    this.#outputs.push({ kind: 'request', purpose: 'invite', request: this.#invite, ...hop });
  }

  /** The server that the INVITE went to failed. True when there is another one. */
  blame(failure: ServerFailure): boolean {
    const { destination: server, others } = this.dialled!;
    if (others === undefined) return false;
    this.#outputs.push({ kind: 'avoid', server, failure });
    return others.length > 0;
  }

  /** The INVITE once more, as a new request to the next server. */
  inviteNext(): void {
    assert(this.dialled !== undefined, 'only a dialled session has servers');
    this.dialled = reach(this.dialled.dial, this.dialled.others, this.dialled.maxForwards);
    this.#isAuthorized = false;
    this.invite();
  }

  cancelInvite(cause: Cause): void {
    this.#outputs.push({ kind: 'cancel', fields: [reasonField(cause), ['User-Agent', this.#settings.userAgent]] });
  }

  abandonInvite(): void {
    this.#outputs.push({ kind: 'abandon' });
  }

  /** The first 2xx makes the dialog. */
  establish(response: Response): void {
    assert(this.#invite !== undefined && this.dialled !== undefined, 'a response answers our INVITE');
    const early = this.#early?.of(response.toTag);
    early?.confirm(response);
    this.dialog = early ?? Dialog.fromResponse(this.#invite, response, this.dialled.flow);
    this.#invite = undefined;
    this.interval = intervalFrom(response, this.interval);
    if (this.interval !== undefined) this.described = this.dialled.dial.offer ?? this.described;
  }

  /** Whether a response brings the offer of one whom we have called without, and who has made none before. */
  isOffered(response: Response): boolean {
    if (!isOfferless(this.dialled) || sessionDescription(response) === undefined) return false;
    const isFirst = this.#early?.answerOf(response.toTag) === undefined;
    return isFirst && (response.status >= 200 || reliableNumber(response) !== 0);
  }

  /** Our answer to it goes into the PRACK that waits for it, else into the ACK. */
  answerOffer(body: Body | undefined): void {
    if (this.interval !== undefined) this.described = body;
    const held = this.#early?.takeHeld(body, this.#ownFields());
    if (held !== undefined) this.#request('prack', held.dialog, held.request);
    else if (this.dialog !== undefined) {
      this.#owed = body;
      this.#acknowledgeIn(this.dialog, this.#inviteCSeq);
    }
  }

  /** Whether a provisional response is news: reliable ones come again, and may overtake each other (RFC 3262 §4). */
  isNews(response: Response): boolean {
    const number = reliableNumber(response);
    return number === 0 || this.#early === undefined || this.#early.isNext(response, number);
  }

  /** PRACK for a provisional response that is reliable. */
  acknowledgeProvisional(response: Response): void {
    if (reliableNumber(response) === 0) return;
    assert(this.#invite !== undefined && this.dialled !== undefined, 'a response answers our INVITE');
    this.#early ??= new EarlyDialogs();
    const isHeld = this.isOffered(response);
    this.#early.receive(this.#invite, response, this.dialled.flow);
    const prack = isHeld ? undefined : this.#early.takeHeld(undefined, this.#ownFields());
    if (prack !== undefined) this.#request('prack', prack.dialog, prack.request);
  }

  /** A PRACK that was challenged goes once more, with credentials (RFC 3261 §22.2). */
  acknowledgeAgain(prack: Request, response: Response): void {
    const again = this.#early?.again(prack, response, this.dialled?.dial.credentials, this.#settings.random);
    if (again !== undefined) this.#request('prack', again.dialog, again.request);
  }

  /** The description of a 2xx: its own, else what its branch has said before it, reliably. */
  answerIn(response: Response): Body | undefined {
    return isOfferless(this.dialled)
      ? undefined
      : (sessionDescription(response) ?? this.#early?.answerOf(response.toTag));
  }

  acknowledge(response: Response): void {
    this.#acknowledgeIn(this.#established(), response.cseq.number);
  }

  /** Another branch answered too: its dialog is confirmed and ended at once (RFC 3261 §13.2.2.4). */
  releaseFork(response: Response): void {
    const forks = withFork(this.#forks, response.toTag);
    if (forks === undefined) return;
    const isNew = forks !== this.#forks;
    this.#forks = forks;
    const own = this.#established();
    const { aim, flow = own.flow } = this.dialled ?? {};
    const requestUri = aim?.uri.text ?? own.remoteTarget;
    const early = this.#early?.of(response.toTag);
    early?.confirm(response);
    const dialog = early ?? own.forked(response, this.#inviteCSeq, requestUri, flow);
    this.#acknowledgeIn(dialog, response.cseq.number);
    if (!isNew) return;
    this.#request('fork', dialog, dialog.request('BYE', [reasonField('answered-elsewhere'), ...this.#ownFields()]));
  }

  /** Our re-INVITE: a new one with a body, without one the last that was postponed, once more. */
  reoffer(offer: Body | undefined): void {
    this.glares = offer === undefined ? this.glares + 1 : 0;
    this.#reoffer = offer ?? this.#reoffer;
    if (this.interval !== undefined) this.described = this.#reoffer;
    this.#isAuthorized = false;
    this.#reinvite([]);
  }

  /** Refreshes the session; nothing else changes (RFC 4028 §7.4). */
  update(extra: readonly Field[] = []): void {
    const dialog = this.#established();
    if (extra.length === 0) this.#isAuthorized = false;
    const fields = [this.#contact(), ALLOW_FIELD, ...keepingFields(this.interval), ...this.#ownFields(), ...extra];
    this.#request('update', dialog, dialog.request('UPDATE', fields));
  }

  bye(cause: Cause, extra: readonly Field[] = []): void {
    const dialog = this.#established();
    if (extra.length === 0) this.#isAuthorized = false;
    this.#request('bye', dialog, dialog.request('BYE', [reasonField(cause), ...this.#ownFields(), ...extra]));
  }

  /** The header that answers a 401 or 407 with the credentials we dialled with (RFC 3261 §22.2); else undefined. */
  authorize(response: Response): Field | undefined {
    const { dial, aim } = this.dialled ?? {};
    if (!isChallenge(response) || dial?.credentials === undefined || this.#isAuthorized) return undefined;
    const { text } = this.dialog?.requestUri ?? aim!.uri;
    const field = authorizationFor(response, dial.credentials, text, this.#settings.random);
    this.#isAuthorized ||= field !== undefined;
    return field;
  }

  /** The request that this response challenges, once more with credentials and the next CSeq. */
  resend(response: Response, authorization: Field | undefined, cause: Cause): void {
    const extra = authorization === undefined ? [] : [authorization];
    if (authorization === undefined) this.#isAuthorized = false;
    const { method } = response.cseq;
    if (method === 'BYE') this.bye(cause, extra);
    else if (method === 'UPDATE') this.update(extra);
    else if (this.dialog === undefined) this.invite(extra);
    else this.#reinvite(extra);
  }

  /** 183 with a body, 180 without. */
  provisional(offered: Pending, body: Body | undefined, extra: readonly Field[] = []): Response {
    return this.respond(offered, body === undefined ? 180 : 183, [this.#contact(), ALLOW_FIELD, ...extra], body);
  }

  /** The peer's INVITE is answered by provisional responses that it must acknowledge. */
  reliably(): ReliableProvisional {
    this.reliable ??= new ReliableProvisional(this.#settings.random);
    return this.reliable;
  }

  /** Whether a new offer may come before our INVITE, or the peer's, is answered (RFC 3311 §5.2). */
  mayModifyEarly(request: Request): boolean {
    if (this.modification !== undefined) return false;
    return this.reliable?.isOfferAnswered ?? this.#early?.answerOf(request.fromTag) !== undefined;
  }

  /** The dialog that a request names: the one that we have, or one of a branch that has not answered yet. */
  dialogOf(request: Request): Dialog | undefined {
    return this.dialog ?? this.#early?.of(request.fromTag);
  }

  /** 2xx to the peer's INVITE, re-INVITE or UPDATE; that of an INVITE is kept for repeating. */
  accept(pending: Pending, body: Body | undefined): void {
    const { transaction, request } = pending;
    const response = this.respond(pending, 200, this.#acceptanceOf(request), body);
    if (this.interval !== undefined) this.described = body ?? this.described;
    if (request.method !== 'INVITE') return;
    this.given = { transaction, response };
    this.answeredCSeq = request.cseq.number;
  }

  repeat({ transaction, response }: { readonly transaction: TransactionId; readonly response: Response }): void {
    this.#outputs.push({ kind: 'respond', transaction, response });
  }

  /** RFC 3261 §14.2: an INVITE that comes before the last one is settled. */
  sayRetry(pending: Pending): void {
    this.respond(pending, 500, [retryAfterField(this.#settings.random)]);
  }

  respond(pending: Pending, status: number, fields: readonly Field[] = [], body?: Body): Response {
    const { request, transaction } = pending;
    const response = respond(request, status, {
      toTag: this.localTag,
      fields: [...fields, ['Server', this.#settings.userAgent], ...descriptionFields(body)],
      body,
    });
    this.#outputs.push({ kind: 'respond', transaction, response });
    return response;
  }

  /** Says, among others, how long the session lives from now on. */
  #acceptanceOf(request: Request): readonly Field[] {
    if (request.method !== 'PRACK') this.interval = intervalFor(request, this.interval);
    const fields = [this.#contact(), ALLOW_FIELD];
    return this.interval === undefined ? fields : [...fields, SUPPORTED_FIELD, ...responseFields(this.interval)];
  }

  #reinvite(extra: readonly Field[]): void {
    const dialog = this.#established();
    const offer = this.#reoffer;
    const own = [this.#contact(), ALLOW_FIELD, ...keepingFields(this.interval), ...this.#ownFields()];
    const fields = [...own, ...extra, ...descriptionFields(offer)];
    this.#lastReinvite = dialog.request('INVITE', fields, offer);
    this.#request('reinvite', dialog, this.#lastReinvite);
  }

  #acknowledgeIn(dialog: Dialog, cseq: number): void {
    const answer = cseq === this.#inviteCSeq && dialog === this.dialog ? this.#owed : undefined;
    const request = dialog.acknowledgement(cseq, [...this.#ownFields(), ...descriptionFields(answer)], answer);
    const { destination, localPort, name } = dialog.hop();
    this.#outputs.push({ kind: 'acknowledge', request, destination, localPort, name });
  }

  #request(purpose: Purpose, dialog: Dialog, request: Request): void {
    const { destination, localPort, name } = dialog.hop();
    this.#outputs.push({ kind: 'request', purpose, request, destination, localPort, name });
  }

  #established(): Dialog {
    assert(this.dialog !== undefined, 'the dialog exists in this state');
    return this.dialog;
  }

  #contact(): Field {
    const dialog = this.dialog;
    const { remote, localPort } = dialog?.flow ?? this.dialled!.flow;
    const secure = dialog?.secure ?? this.dialled!.aim.uri.scheme === 'sips';
    return contactField(this.#settings.contactFor(remote, localPort), secure);
  }

  #ownFields(): readonly Field[] {
    return [['User-Agent', this.#settings.userAgent]];
  }
}
