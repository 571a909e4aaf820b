import { fail } from '../../core/kernel/assert.ts';
import { type Deadline, DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { ReferRequest, SignalingEvent, TransportAddress } from '../../core/ports.ts';
import { authorizationFor } from '../dialog/authorization.ts';
import type { Dialog } from '../dialog/dialog.ts';
import { withoutHeaders } from '../dialog/next-hop.ts';
import {
  SENT_REFERRAL_TIMERS,
  SENT_REFERRAL_TRANSITIONS,
  type SentReferralAction,
  type SentReferralEvent,
  type SentReferralState,
  type SentReferralTimer,
} from '../dialog/sent-referral-table.ts';
import { contactField, type Field } from '../dialog/session-messages.ts';
import type { Sessions } from '../dialog/sessions.ts';
import { parseNameAddress } from '../grammar/name-address.ts';
import { percentEncode } from '../grammar/percent-encoding.ts';
import { buildUri, parseUri } from '../grammar/uri.ts';
import type { Request, Response } from '../message.ts';
import type { Timing } from '../transaction/timing.ts';
import type { SentBy } from '../transaction/transaction-layer.ts';
import { decided } from '../transaction/transition.ts';

export interface SentReferralParts {
  readonly sessions: Sessions;
  readonly random: Random;
  readonly timing: Timing;
  /** Product name for User-Agent. */
  readonly userAgent: string;
  readonly contactFor: (peer: TransportAddress, localPort: number | undefined) => SentBy;
}

interface SentReferral {
  readonly leg: LegId;
  readonly dialog: Dialog;
  readonly fields: readonly Field[];
  state: SentReferralState;
  /** Of its newest REFER: the `id` of its subscription (RFC 3515 §2.4.6). */
  cseq: number;
  /** Our answer to its challenge. */
  authorization: Field | undefined;
  /** What the peer said of whom it was referred to, or to the REFER. */
  status: number;
  deadline: Deadline<SentReferral> | undefined;
}

/** A peer tells for so long at most. */
const EXPIRES_MS = 300_000;
/** Those that are under way, of all calls together. */
const SENT_REFERRALS_MAX = 10_000;
/** The peer has lost the dialog, or never had it (RFC 5057 §5.1). */
const LOST: ReadonlySet<number> = new Set([408, 481]);
/** Characters of a URI's header that need no escape (RFC 3261 §25.1, hvalue). */
const HEADER_VALUE = /^[A-Za-z0-9\-_.!~*'()[\]/?:+$]*$/;

/**
 * REFERs of ours inside calls (RFC 3515): the peer is asked to call somebody else in our place, and tells by NOTIFY what
 * comes of it. One at a time for each leg.
 */
export class SentReferrals {
  readonly #parts: SentReferralParts;
  readonly #byLeg = new LiveMap<LegId, SentReferral>();
  readonly #deadlines = new DeadlineHeap<SentReferral>();
  readonly #signals = new Queue<SignalingEvent>();

  constructor(parts: SentReferralParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#byLeg.size;
  }

  poll(): SignalingEvent | undefined {
    return this.#signals.shift();
  }

  /** Sends the REFER. Refused at once when the leg is not confirmed, or refers to somebody already. */
  refer(leg: LegId, request: ReferRequest, now: Instant): void {
    const session = this.#parts.sessions.get(leg);
    const dialog = session?.isConfirmed === true ? session.dialog : undefined;
    const target = dialog && this.#referTo(dialog, request);
    if (dialog === undefined || target === undefined || this.#byLeg.has(leg) || this.size >= SENT_REFERRALS_MAX) {
      this.#signals.push({ kind: 'referSettled', leg, outcome: 'refused', status: 0 });
      return;
    }
    const fields: readonly Field[] = [
      ['Refer-To', target],
      ['Referred-By', dialog.localAddress],
    ];
    const entry: SentReferral = {
      leg,
      dialog,
      fields,
      state: 'asking',
      cseq: 0,
      authorization: undefined,
      status: 0,
      deadline: undefined,
    };
    this.#byLeg.set(leg, entry);
    this.#send(entry, now);
  }

  /** Takes what came of REFERs. */
  settle(now: Instant): void {
    const { sessions } = this.#parts;
    for (let settled = sessions.pollReferred(); settled !== undefined; settled = sessions.pollReferred()) {
      const entry = this.#byLeg.get(settled.leg);
      if (entry?.cseq !== settled.cseq) continue;
      if (settled.response === undefined) this.#handle(entry, 'lost', now);
      else this.#answered(entry, settled.response, now);
    }
  }

  #answered(entry: SentReferral, response: Response, now: Instant): void {
    const { status } = response;
    if (status < 200) return;
    if (entry.state === 'asking' && this.#authorize(entry, response)) this.#handle(entry, 'challenge', now);
    else if (status >= 300) {
      entry.status = status;
      this.#handle(entry, LOST.has(status) ? 'lost' : 'refuse', now);
    } else this.#handle(entry, isSilent(response) ? 'acceptSilently' : 'accept', now);
  }

  /** A NOTIFY in the dialog of this leg. The status to answer it with. */
  notified(leg: LegId, request: Request, now: Instant): number {
    const event = /^[ \t]*refer[ \t]*(?:;[ \t]*id[ \t]*=[ \t]*(\d{1,10}))?/i.exec(request.first('Event') ?? '');
    const entry = this.#byLeg.get(leg);
    if (event === null) return 489;
    if (entry === undefined || (event[1] !== undefined && Number(event[1]) !== entry.cseq)) return 481;
    const status = fragmentStatus(request);
    const isLast = /^[ \t]*terminated/i.test(request.first('Subscription-State') ?? '');
    if (status === undefined && !isLast) return 400;
    entry.status = status ?? 0;
    this.#handle(entry, isLast || entry.status >= 200 ? 'finish' : 'progress', now);
    return 200;
  }

  /** The call of this leg has ended. */
  over(leg: LegId, now: Instant): void {
    const entry = this.#byLeg.get(leg);
    if (entry !== undefined) this.#handle(entry, 'over', now);
  }

  /** Acts on one due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const entry = this.#deadlines.takeDue(now);
    if (entry === undefined) return;
    entry.deadline = undefined;
    this.#handle(entry, `timer${SENT_REFERRAL_TIMERS[entry.state] ?? fail('a timer runs where it is wanted')}`, now);
  }

  deadline(): Instant {
    return this.#deadlines.next();
  }

  #handle(entry: SentReferral, event: SentReferralEvent, now: Instant): void {
    const before = entry.state;
    const step = decided(SENT_REFERRAL_TRANSITIONS[before][event], event, before);
    if (step === undefined) return;
    entry.state = step.next;
    for (const action of step.actions) this.#perform(entry, action, now);
    if (step.next !== before) this.#changeTimer(entry, SENT_REFERRAL_TIMERS[step.next], now);
    if (step.next === 'ended') this.#byLeg.delete(entry.leg);
  }

  #changeTimer(entry: SentReferral, timer: SentReferralTimer | undefined, now: Instant): void {
    if (entry.deadline !== undefined) this.#deadlines.remove(entry.deadline);
    // RFC 6665 §4.1.2.4: timer N.
    const afterMs = timer === 'Notify' ? 64 * this.#parts.timing.t1 : EXPIRES_MS;
    entry.deadline = timer === undefined ? undefined : this.#deadlines.add(now + afterMs, entry);
  }

  #perform(entry: SentReferral, action: SentReferralAction, now: Instant): void {
    const { leg, status } = entry;
    switch (action) {
      case 'resend':
        this.#send(entry, now);
        break;
      case 'reportProgress':
        this.#signals.push({ kind: 'referProgressed', leg, status });
        break;
      case 'reportRefused':
        this.#signals.push({ kind: 'referSettled', leg, outcome: 'refused', status });
        break;
      case 'reportUnknown':
        this.#signals.push({ kind: 'referSettled', leg, outcome: 'unknown', status });
        break;
      case 'reportFinished': {
        const outcome = status < 200 ? 'unknown' : status < 300 ? 'done' : 'failed';
        this.#signals.push({ kind: 'referSettled', leg, outcome, status });
        break;
      }
    }
  }

  #send(entry: SentReferral, now: Instant): void {
    const { sessions, userAgent, contactFor } = this.#parts;
    const { dialog, fields, authorization } = entry;
    const contact = contactField(contactFor(dialog.flow.remote, dialog.flow.localPort), dialog.secure);
    const refer = dialog.request('REFER', [
      contact,
      ...fields,
      ['User-Agent', userAgent],
      ...(authorization === undefined ? [] : [authorization]),
    ]);
    entry.cseq = refer.cseq.number;
    sessions.refer(entry.leg, refer, now);
  }

  /** Whether the challenge can be answered: once, as the credentials are wrong the second time. */
  #authorize(entry: SentReferral, response: Response): boolean {
    const { sessions, random } = this.#parts;
    const credentials = sessions.get(entry.leg)?.credentials;
    const isChallenge = response.status === 401 || response.status === 407;
    if (!isChallenge || credentials === undefined || entry.authorization !== undefined) return false;
    entry.authorization = authorizationFor(response, credentials, entry.dialog.requestUri.text, random);
    return entry.authorization !== undefined;
  }

  /** Refer-To; undefined when the leg whose place is to be taken has no peer that could be called. */
  #referTo(dialog: Dialog, { toUser, domain, uri, replaces }: ReferRequest): string | undefined {
    if (replaces !== undefined) return this.#replacing(replaces);
    const whole = uri === undefined ? undefined : parseUri(uri);
    if (whole !== undefined) return `<${withoutHeaders(whole).text}>`;
    const own = parseNameAddress(domain === 'theirs' ? dialog.remoteAddress : dialog.localAddress);
    if (own === undefined) return undefined;
    const { host, port } = own.uri;
    return `<${buildUri({ user: toUser, host, port }).text}>`;
  }

  /** The other dialog as its far end knows it (RFC 3891 §6.1), whose tag is `to-tag`. */
  #replacing(leg: LegId): string | undefined {
    const session = this.#parts.sessions.get(leg);
    const dialog = session?.isConfirmed === true ? session.dialog : undefined;
    if (dialog === undefined) return undefined;
    const value = `${dialog.callId};to-tag=${dialog.remoteTag};from-tag=${dialog.localTag}`;
    return `<${dialog.remoteTarget}?Replaces=${percentEncode(value, HEADER_VALUE)}>`;
  }
}

/** The peer answers that it will tell nothing. */
function isSilent(response: Response): boolean {
  return (response.first('Refer-Sub') ?? '').trim().toLowerCase().startsWith('false');
}

/** Status in the status line of a `message/sipfrag` (RFC 3420); undefined without one. */
function fragmentStatus(request: Request): number | undefined {
  const line = new TextDecoder().decode(request.body.subarray(0, 64));
  const status = /^SIP\/2\.0[ \t]+([1-6][0-9]{2})(?:[ \t\r\n]|$)/i.exec(line)?.[1];
  return status === undefined ? undefined : Number(status);
}
