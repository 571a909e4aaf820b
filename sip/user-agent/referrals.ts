import type { Cause } from '../../core/calls/cause.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { DialRequest, SignalingEvent, TransportAddress } from '../../core/ports.ts';
import { authorizationFor, isChallenge } from '../dialog/authorization.ts';
import type { Dialog } from '../dialog/dialog.ts';
import type { InviteSession } from '../dialog/invite-session.ts';
import {
  REFERRAL_TRANSITIONS,
  type ReferralAction,
  type ReferralEvent,
  type ReferralState,
} from '../dialog/referral-table.ts';
import { headerIn, parseReplaces } from '../dialog/replaces.ts';
import { contactField, type Field } from '../dialog/session-messages.ts';
import type { Sessions } from '../dialog/sessions.ts';
import { parseNameAddress } from '../grammar/name-address.ts';
import type { NameAddress, Request, Response } from '../message.ts';
import { reasonPhrase } from '../reason-phrase.ts';
import type { Timing } from '../transaction/timing.ts';
import type { SentBy, TransactionId, TransactionLayer } from '../transaction/transaction-layer.ts';
import { decided } from '../transaction/transition.ts';
import { respond } from '../writer.ts';
import { objectionTo } from './objection.ts';
import { ownCopy } from './own-copy.ts';
import { REFERRAL_EXPIRES_S, type Renewal, readRenewal } from './referral-renewal.ts';
import { SentReferrals } from './sent-referrals.ts';

export interface ReferralParts {
  readonly layer: TransactionLayer;
  readonly sessions: Sessions;
  readonly random: Random;
  readonly timing: Timing;
  /** Product name for User-Agent and Server. */
  readonly userAgent: string;
  readonly contactFor: (peer: TransportAddress, localPort: number | undefined) => SentBy;
}

interface Referral {
  readonly leg: LegId;
  readonly dialog: Dialog;
  readonly localTag: string;
  readonly request: Request;
  readonly transaction: TransactionId;
  /** The referrer does not want to hear of it. */
  readonly isSilent: boolean;
  /** Those of the leg, which its referral may outlive. */
  readonly credentials: DialRequest['credentials'];
  /** Our answer to the challenge of the NOTIFY that is under way. */
  authorization: Field | undefined;
  state: ReferralState;
  /** Of the one referred to, as far as we know. */
  status: number;
}

/** Those that are unanswered or of which there is still something to tell, of all calls together. */
const REFERRALS_MAX = 10_000;
const NAME_LENGTH_MAX = 128;
const REFERRED_BY_LENGTH_MAX = 512;
/** Where a referrer is subscribed to what comes of its REFER. */
const SUBSCRIBED: ReadonlySet<ReferralState> = new Set(['told', 'telling', 'stale', 'settled']);
/** The one referred to said nothing yet (RFC 3515 §2.4.4). */
const TRYING = 100;

/**
 * REFER inside calls (RFC 3515): who talks to us asks that the other side be brought together with somebody else. What
 * comes of it is told by NOTIFY in the same dialog, also when its call is over.
 */
export class Referrals {
  /** Those that are ours. */
  readonly sent: SentReferrals;
  readonly #parts: ReferralParts;
  readonly #live = new LiveMap<number, Referral>();
  readonly #byLeg = new Map<LegId, number>();
  /** NOTIFYs under way. */
  readonly #requests = new Map<TransactionId, number>();
  readonly #signals = new Queue<SignalingEvent>();
  #last = 0;

  constructor(parts: ReferralParts) {
    this.#parts = parts;
    this.sent = new SentReferrals(parts);
  }

  /** Referrals that are unanswered or of which there is still something to tell. */
  get size(): number {
    return this.#live.size + this.sent.size;
  }

  poll(): SignalingEvent | undefined {
    return this.#signals.shift() ?? this.sent.poll();
  }

  /** A request in the dialog of this session, in order. False when it is none of those of a referral. */
  receive(session: InviteSession, request: Request, transaction: TransactionId, now: Instant): boolean {
    const { method } = request;
    if (method === 'REFER') this.#receiveRefer(session, request, transaction, now);
    else if (method === 'SUBSCRIBE') this.#receiveSubscribe(session, request, transaction, now);
    else if (method === 'NOTIFY') {
      const status = this.sent.notified(session.leg, request, now);
      this.#respond({ request, transaction, localTag: session.localTag }, status, [], now);
    } else return false;
    return true;
  }

  /** More time for the subscription that a REFER made, or none (RFC 3515 §2.4.4, RFC 6665 §4.2.1). */
  #receiveSubscribe(
    { leg, localTag }: InviteSession,
    request: Request,
    transaction: TransactionId,
    now: Instant,
  ): void {
    const asked = { request, transaction, localTag };
    const renewal = readRenewal(request);
    const referral = this.#byLeg.get(leg) ?? 0;
    const entry = this.#live.get(referral);
    if ('status' in renewal) this.#respond(asked, renewal.status, renewal.fields, now);
    else if (entry === undefined || !SUBSCRIBED.has(entry.state) || !isOf(renewal, entry)) {
      this.#respond(asked, 481, [], now);
    } else {
      const { expiresS } = renewal;
      this.#respond(asked, 200, [this.#contact(entry.dialog), ['Expires', String(expiresS)]], now);
      this.#handle(referral, entry, expiresS === 0 ? 'leave' : 'renew', now);
    }
  }

  /** Our user hears of it, unless it cannot be done at all. */
  #receiveRefer(session: InviteSession, request: Request, transaction: TransactionId, now: Instant): void {
    const { leg, localTag, dialog, credentials } = session;
    const wish = readRefer(request);
    const status = 'status' in wish ? wish.status : this.#objection(leg, dialog);
    const replaced = 'status' in wish ? undefined : this.#replaced(wish.target);
    if ('status' in wish || status !== undefined || dialog === undefined || replaced === 'unknown') {
      const fields = 'status' in wish ? wish.fields : [];
      this.#respond({ request, transaction, localTag }, status ?? DECLINED, fields, now);
      return;
    }
    const referral = ++this.#last;
    const isSilent = (request.first('Refer-Sub') ?? '').trim().toLowerCase().startsWith('false');
    const entry: Referral = {
      leg,
      dialog,
      localTag,
      request,
      transaction,
      isSilent,
      credentials,
      authorization: undefined,
      state: 'offered',
      status: TRYING,
    };
    this.#live.set(referral, entry);
    this.#byLeg.set(leg, referral);
    const { user, host, scheme } = wish.target.uri;
    this.#signals.push({
      kind: 'referred',
      leg,
      referral,
      toUser: ownCopy(user.slice(0, NAME_LENGTH_MAX)),
      toHost: scheme === 'tel' ? '' : ownCopy(host),
      ...(replaced === undefined ? {} : { replaces: replaced }),
      ...(wish.referredBy === undefined ? {} : { referredBy: ownCopy(wish.referredBy) }),
    });
  }

  /** 202, or a refusal with the cause. */
  answer(referral: number, cause: Cause | undefined, now: Instant): void {
    const entry = this.#live.get(referral);
    if (entry === undefined) return;
    const accepted = entry.isSilent ? 'acceptSilently' : 'accept';
    this.#handle(referral, entry, cause === undefined ? accepted : 'refuse', now);
  }

  /** What the one referred to said; nothing can be told after a final status. News: referralTold, once. */
  report(referral: number, status: number, now: Instant): void {
    const entry = this.#live.get(referral);
    if (entry === undefined && status >= 200) this.#signals.push({ kind: 'referralTold', referral });
    if (entry === undefined || entry.status >= 200 || entry.status === status) return;
    entry.status = status;
    this.#handle(referral, entry, status < 200 ? 'progress' : 'finish', now);
  }

  receiveResponse(transaction: TransactionId, response: Response, now: Instant): void {
    const { status } = response;
    this.sent.settle(now);
    if (status < 200) return;
    const referral = this.#requests.get(transaction);
    if (referral === undefined) return;
    const entry = this.#live.get(referral);
    const isAuthorized = entry?.authorization !== undefined;
    if (entry !== undefined) entry.authorization = isAuthorized ? undefined : this.#authorize(entry, response);
    if (entry?.authorization !== undefined) this.#settle(transaction, 'challenge', now);
    else this.#settle(transaction, status === 481 || status === 408 ? 'lost' : 'delivered', now);
  }

  requestFailed(transaction: TransactionId, now: Instant): void {
    this.sent.settle(now);
    this.#settle(transaction, 'lost', now);
  }

  #settle(transaction: TransactionId, event: ReferralEvent, now: Instant): void {
    const referral = this.#requests.get(transaction);
    if (referral === undefined) return;
    this.#requests.delete(transaction);
    const entry = this.#live.get(referral);
    if (entry !== undefined) this.#handle(referral, entry, event, now);
  }

  /** RFC 3261 §22.2; undefined when nothing is asked for, or nothing can be said to it. */
  #authorize({ credentials, dialog }: Referral, response: Response): Field | undefined {
    if (credentials === undefined || !isChallenge(response)) return undefined;
    return authorizationFor(response, credentials, dialog.requestUri.text, this.#parts.random);
  }

  #objection(leg: LegId, dialog: Dialog | undefined): number | undefined {
    if (dialog === undefined) return DECLINED;
    if (this.#byLeg.has(leg)) return 491;
    return this.#live.size >= REFERRALS_MAX ? 503 : undefined;
  }

  /** The leg whose place is to be taken; `unknown` when it is none of ours. */
  #replaced({ uri }: NameAddress): LegId | 'unknown' | undefined {
    const text = headerIn(uri, 'replaces');
    if (text === undefined) return undefined;
    const replaces = parseReplaces(text);
    const session = replaces && this.#parts.sessions.replaced(replaces);
    return session === undefined ? 'unknown' : session.leg;
  }

  #handle(referral: number, entry: Referral, event: ReferralEvent, now: Instant): void {
    const step = decided(REFERRAL_TRANSITIONS[entry.state][event], event, entry.state);
    if (step === undefined) return;
    entry.state = step.next;
    for (const action of step.actions) this.#perform(referral, entry, action, now);
    if (step.next !== 'ended') return;
    this.#live.delete(referral);
    this.#byLeg.delete(entry.leg);
    if (entry.status >= 200) this.#signals.push({ kind: 'referralTold', referral });
  }

  #perform(referral: number, entry: Referral, action: ReferralAction, now: Instant): void {
    switch (action) {
      case 'sayAccepted':
        this.#respond(entry, 202, [this.#contact(entry.dialog), ...(entry.isSilent ? [REFER_SUB_FALSE] : [])], now);
        break;
      case 'sayRefused':
        this.#respond(entry, DECLINED, [], now);
        break;
      case 'notify':
        this.#notify(
          referral,
          entry,
          entry.status < 200 ? `active;expires=${REFERRAL_EXPIRES_S}` : 'terminated;reason=noresource',
          now,
        );
        break;
      case 'notifyLeft':
        this.#notify(referral, entry, 'terminated;reason=timeout', now);
        break;
    }
  }

  #notify(referral: number, { dialog, request, status, authorization }: Referral, state: string, now: Instant): void {
    const { layer, userAgent } = this.#parts;
    const body = new TextEncoder().encode(`SIP/2.0 ${status} ${reasonPhrase(status)}\r\n`);
    const notify = dialog.request(
      'NOTIFY',
      [
        this.#contact(dialog),
        ['Event', `refer;id=${request.cseq.number}`],
        ['Subscription-State', state],
        ['User-Agent', userAgent],
        ['Content-Type', 'message/sipfrag;version=2.0'],
        ...(authorization === undefined ? [] : [authorization]),
      ],
      body,
    );
    const { destination, localPort } = dialog.hop();
    this.#requests.set(layer.request(notify, destination, localPort, now), referral);
  }

  #respond(
    { request, transaction, localTag }: Pick<Referral, 'request' | 'transaction' | 'localTag'>,
    status: number,
    fields: readonly Field[],
    now: Instant,
  ): void {
    const { layer, userAgent } = this.#parts;
    const answer = respond(request, status, { toTag: localTag, fields: [...fields, ['Server', userAgent]] });
    layer.respond(transaction, answer, now);
  }

  #contact(dialog: Dialog): Field {
    return contactField(this.#parts.contactFor(dialog.flow.remote, dialog.flow.localPort), dialog.secure);
  }
}

/** Of the refusals there are, one that says nothing of the call (RFC 5057 §5.1: 404 and 481 would end it). */
const DECLINED = 603;
const REFER_SUB_FALSE: Field = ['Refer-Sub', 'false'];

/** Whether that is the REFER which is meant: the only one that there is, when none is named. */
function isOf({ id }: Renewal, { request }: Referral): boolean {
  return id === undefined || id === request.cseq.number;
}

interface Wish {
  readonly target: NameAddress;
  /** As the referrer names itself (RFC 3892); undefined when it does not, or not readably. */
  readonly referredBy: string | undefined;
}

/** What a REFER asks for, or how it is refused (RFC 3515 §2.4.2: one Refer-To, to be called by INVITE). */
function readRefer(request: Request): Wish | { readonly status: number; readonly fields: readonly Field[] } {
  const objection = objectionTo(request);
  if (objection !== undefined) return objection;
  const [text = '', ...others] = request.all('Refer-To');
  const target = parseNameAddress(text);
  if (target === undefined || others.length > 0) return { status: 400, fields: [] };
  const { scheme, parameters } = target.uri;
  if (scheme !== 'sip' && scheme !== 'sips' && scheme !== 'tel') return { status: DECLINED, fields: [] };
  const method = parameters.get('method')?.toUpperCase() ?? 'INVITE';
  if (method !== 'INVITE') return { status: DECLINED, fields: [] };
  const referredBy = request.first('Referred-By');
  const isReadable =
    referredBy !== undefined &&
    referredBy.length <= REFERRED_BY_LENGTH_MAX &&
    parseNameAddress(referredBy) !== undefined;
  return { target, referredBy: isReadable ? referredBy : undefined };
}
