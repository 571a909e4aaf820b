import type { Directory } from '../../core/directory/directory.ts';
import type { Extension } from '../../core/directory/records.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import { LIMITS } from '../../core/kernel/limits.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { Caller, SignalingEvent, TransportAddress } from '../../core/ports.ts';
import { readInfo } from '../dialog/info-digit.ts';
import type { InviteSession } from '../dialog/invite-session.ts';
import type { Flow } from '../dialog/next-hop.ts';
import { sessionDescription } from '../dialog/session-messages.ts';
import type { Sessions } from '../dialog/sessions.ts';
import type { Notifier } from '../events/notifier.ts';
import type { WatchedParty } from '../events/watched-dialogs.ts';
import { userOf } from '../grammar/uri.ts';
import type { HeaderName, Request, Uri } from '../message.ts';
import { MAGIC_COOKIE } from '../transaction/matching.ts';
import type { Arrival, LayerOutput, TransactionId, TransactionLayer } from '../transaction/transaction-layer.ts';
import { respond } from '../writer.ts';
import { partiesOf } from './call-parties.ts';
import { type CallerProof, callerOf, type Party } from './caller-proof.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import type { Messenger } from './messenger.ts';
import { methodObjection, type Objection, OPTIONS_FIELDS, objectionTo } from './objection.ts';
import type { OverloadGovernor } from './overload-governor.ts';
import { RecentTable } from './recent-table.ts';
import type { Referrals } from './referrals.ts';
import { RegisteredFlows } from './registered-flows.ts';
import type { Registrar } from './registrar.ts';
import { replacedBy } from './replacing.ts';
import { statelessTag } from './stateless-tag.ts';

type Field = readonly [HeaderName, string];

export interface UserAgentParts {
  readonly directory: Directory;
  readonly layer: TransactionLayer;
  readonly sessions: Sessions;
  readonly notifier: Notifier;
  readonly messenger: Messenger;
  readonly governor: OverloadGovernor;
  readonly referrals: Referrals;
  readonly registrar: Registrar;
  readonly gatekeeper: Gatekeeper;
  readonly proof: Pick<CallerProof, 'judge' | 'challenges'>;
  readonly nextLeg: () => LegId;
  /** Whether a user part is our line at a provider. */
  readonly isLine?: (user: string) => boolean;
  /** Product name for Server. */
  readonly userAgent: string;
  /** Whether a dialled user calls for help: such a call is let in whatever the load. */
  readonly isEmergency: (user: string) => boolean;
  /** More legs than this are refused with 503. */
  readonly legsMax: number;
}

/** More of them than are refused in a few seconds: as long as a copy may wait in a queue. */
const REFUSED_INVITES_MAX = 16_384;
/** Who calls, and the leg whose place the call takes. */
interface Inviter {
  readonly party: Party;
  readonly replaced: LegId | undefined;
}

type Canceled = Extract<LayerOutput, { kind: 'canceled' }>;

/** Seconds after which a refused caller may try again (RFC 3261 §20.33). */
const RETRY_AFTER: Field = ['Retry-After', String(LIMITS.overloadRetryAfterS)];

/**
 * The user agent core (RFC 3261 §8.2, §12.2.2): what the transaction layer hands up finds its session, or is judged.
 * Until its sender has proven who it is, a request is answered statelessly: one packet for one, and nothing kept.
 */
export class UserAgent {
  readonly #parts: UserAgentParts;
  readonly #signals = new Queue<SignalingEvent>();
  readonly #flows: RegisteredFlows;
  /** By the key of the transaction that each would have got. */
  readonly #refusedInvites = new RecentTable<true>(REFUSED_INVITES_MAX);
  #isDraining = false;
  #dropped = 0;
  /** A refusal of the request at hand has no more bytes than this: a forged source gains little by it. */
  refusalBytesMax = Infinity;

  constructor(parts: UserAgentParts) {
    this.#parts = parts;
    this.#flows = new RegisteredFlows(parts.directory);
  }

  /** Requests that got no answer: banned senders, exhausted budgets, ACKs of no dialog. */
  get dropped(): number {
    return this.#dropped;
  }

  /** While draining, calls that begin are refused; those that live go on. */
  setDraining(isDraining: boolean): void {
    this.#isDraining = isDraining;
  }

  poll(): SignalingEvent | undefined {
    return this.#signals.shift() ?? this.#parts.referrals.poll();
  }

  /** A connection is gone: who registered, talks or watches over it is told at once (RFC 5626 §4.2.2, §5.3). */
  transportFailed(remote: TransportAddress, now: Instant): void {
    const { sessions, notifier } = this.#parts;
    for (const event of this.#flows.failed(remote)) this.#signals.push(event);
    sessions.connectionLost(remote, now);
    notifier.connectionLost(remote, (contact) => this.#flows.flowOf(contact), now);
  }

  /** The connection that a phone with this contact registered over last. */
  flowOf(contact: Uri): Flow | undefined {
    return this.#flows.flowOf(contact);
  }

  receive(output: Exclude<LayerOutput, { kind: 'send' }>, now: Instant): void {
    const { sessions, notifier, messenger, referrals } = this.#parts;
    switch (output.kind) {
      case 'request':
        this.#receiveRequest(output, now);
        break;
      case 'canceled':
        this.#receiveCancel(output, now);
        break;
      case 'response':
        sessions.receiveResponse(output.transaction, output.response, now);
        notifier.receiveResponse(output.transaction, output.response, now);
        messenger.receiveResponse(output.transaction, output.response);
        referrals.receiveResponse(output.transaction, output.response, now);
        break;
      case 'late':
        sessions.receiveLate(output, now);
        break;
      case 'failed':
        sessions.requestFailed(output.transaction, output.reason, now);
        notifier.requestFailed(output.transaction, now);
        messenger.requestFailed(output.transaction, output.reason);
        referrals.requestFailed(output.transaction, now);
        break;
      case 'deserted':
        sessions.deserted(output.transaction, now);
        break;
      case 'refused':
        sessions.refused(output.transaction, now);
        break;
      case 'terminated':
        sessions.forget(output.transaction);
        break;
    }
  }

  /** Answers without a transaction, unless the sender's network has had its share. ACK is never answered. */
  refuse(arrival: Arrival, status: number, fields: readonly Field[], now: Instant): void {
    const { gatekeeper, layer, userAgent } = this.#parts;
    const { request, source } = arrival;
    if (request.method === 'ACK' || gatekeeper.mayRefuse(source, now) === 'drop') {
      this.#dropped++;
      return;
    }
    const toTag = statelessTag(request);
    const answer = (some: readonly Field[]): boolean =>
      layer.respondStatelessly(arrival, respond(request, status, { toTag, fields: some }), this.refusalBytesMax);
    if (answer([...fields, ['Server', userAgent]])) return;
    // What a short request may get back says no more than the status; a challenge would say nothing by that.
    if (answer(fields) || (status !== 401 && answer([]))) return;
    this.#dropped++;
  }

  #receiveRequest(arrival: Arrival, now: Instant): void {
    const { request } = arrival;
    if (request.toTag !== '') this.#receiveInDialog(arrival, now);
    else if (NEEDS_PROOF.has(request.method)) this.#receiveFromCaller(arrival, now);
    else if (request.method === 'OPTIONS') this.#receiveOptions(arrival, now);
    // What nobody asked for is taken, and told nobody: phones and providers send it to keep their way open.
    else if (request.method === 'NOTIFY') this.refuse(arrival, 200, [], now);
    else if (request.method === 'BYE' || request.method === 'CANCEL') this.refuse(arrival, 481, [], now);
    // Outside a call there is nobody to be referred.
    else if (request.method === 'REFER') this.refuse(arrival, 403, [], now);
    else {
      const { status, fields } = methodObjection(request.method);
      this.refuse(arrival, status, fields, now);
    }
  }

  #receiveOptions(arrival: Arrival, now: Instant): void {
    const objection = objectionTo(arrival.request);
    if (objection !== undefined) this.refuse(arrival, objection.status, objection.fields, now);
    else this.refuse(arrival, 200, OPTIONS_FIELDS, now);
  }

  /** RFC 3261 §9.2: the CANCEL is answered whatever becomes of the INVITE. */
  #receiveCancel({ transaction: invite, cancel, note }: Canceled, now: Instant): void {
    const { sessions } = this.#parts;
    const transaction = this.#open(cancel, now);
    if (transaction === undefined) return;
    const localTag = note === '' ? sessions.localTagOf(invite) : note;
    this.#answer(transaction, cancel.request, { status: 200, fields: [] }, now, localTag);
    sessions.receiveCancel(invite, cancel.request, now);
  }

  // ── Inside a dialog ───────────────────────────────────────────────────────────────────────────────────────

  #receiveInDialog(arrival: Arrival, now: Instant): void {
    const { sessions } = this.#parts;
    const { request } = arrival;
    const session = sessions.find(request);
    if (session === undefined) this.#receiveInSubscription(arrival, now);
    else if (request.method === 'ACK') sessions.receiveAck(session, request, now);
    else {
      const transaction = this.#open(arrival, now);
      if (transaction !== undefined) this.#receiveOrderly(session, arrival, transaction, now);
    }
  }

  /** In the dialog of a subscription there are SUBSCRIBEs alone. */
  #receiveInSubscription(arrival: Arrival, now: Instant): void {
    const { notifier } = this.#parts;
    const { request } = arrival;
    const subscription = notifier.find(request);
    if (subscription === undefined) this.refuse(arrival, 481, [], now);
    else if (request.method === 'SUBSCRIBE') {
      const transaction = this.#open(arrival, now);
      if (transaction !== undefined) notifier.receiveInDialog(subscription, arrival, transaction, now);
    } else {
      const { status, fields } = methodObjection(request.method);
      this.refuse(arrival, status, fields, now);
    }
  }

  #receiveOrderly(session: InviteSession, arrival: Arrival, transaction: TransactionId, now: Instant): void {
    const { request } = arrival;
    const { sessions, referrals } = this.#parts;
    const reply = session.accept(request) === 'out of order' ? { status: 500, fields: [] } : replyInDialog(request);
    if (reply !== undefined) this.#answer(transaction, request, reply, now);
    else if (request.method === 'INFO') this.#inform(session, request, transaction, now);
    else if (!referrals.receive(session, request, transaction, now)) {
      sessions.receiveRequest(session, arrival, transaction, now);
    }
  }

  #inform({ leg }: InviteSession, request: Request, transaction: TransactionId, now: Instant): void {
    const { digit, ...reply } = readInfo(request);
    this.#answer(transaction, request, reply, now);
    if (digit !== undefined) this.#signals.push({ kind: 'digitInformed', leg, ...digit });
  }

  // ── Outside a dialog ──────────────────────────────────────────────────────────────────────────────────────

  /** INVITE, REGISTER, SUBSCRIBE and MESSAGE: from somebody who can prove it. */
  #receiveFromCaller(arrival: Arrival, now: Instant): void {
    const { request, source } = arrival;
    const { proof } = this.#parts;
    if (request.method === 'INVITE' && !this.#admits(arrival, now)) {
      this.refuse(arrival, 503, [RETRY_AFTER], now);
      return;
    }
    const judged = proof.judge(request, source, now);
    if (judged.kind === 'drop') this.#dropped++;
    else if (judged.kind === 'challenge') {
      const challenges = proof.challenges(source, judged.stale, now);
      const fields = challenges.map((value): Field => ['WWW-Authenticate', value]);
      this.refuse(arrival, 401, fields, now);
    } else this.#receiveFromProven(arrival, judged.party, now);
  }

  /** Whether one more call may begin. One that was refused may not when its INVITE is repeated: its caller has gone. */
  #admits({ request, key = '' }: Arrival, now: Instant): boolean {
    if (this.#isDraining) return false;
    const isAdmitted =
      (this.#refusedInvites.size === 0 || this.#refusedInvites.get(key) === undefined) &&
      this.#hasRoom(request.first('Authorization') !== undefined, now);
    if (isAdmitted || this.#parts.isEmergency(userOf(request.uri))) return true;
    this.#refusedInvites.set(key, true);
    return false;
  }

  /** Whether one more call that nobody has sent an INVITE for may begin. */
  judge(now: Instant): 'admitted' | 'overloaded' | 'draining' {
    if (this.#isDraining) return 'draining';
    return this.#hasRoom(true, now) ? 'admitted' : 'overloaded';
  }

  #hasRoom(hasCredentials: boolean, now: Instant): boolean {
    const { sessions, legsMax, governor } = this.#parts;
    return sessions.legCount < legsMax && governor.admits(hasCredentials, now);
  }

  #receiveFromProven(arrival: Arrival, party: Party, now: Instant): void {
    const { request } = arrival;
    const transaction = this.#open(arrival, now);
    if (transaction === undefined) return;
    const isInvite = request.method === 'INVITE';
    const objection = objectionTo(request) ?? (isInvite ? inviteObjection(request, party) : undefined);
    if (objection !== undefined) this.#answer(transaction, request, objection, now);
    else if (isInvite) this.#invite(arrival, transaction, party, now);
    else if (request.method === 'MESSAGE') this.#message(request, transaction, party, now);
    else if (party.kind !== 'extension') this.#answer(transaction, request, { status: 403, fields: [] }, now);
    else if (request.method === 'REGISTER') this.#register(arrival, transaction, party.extension, now);
    else this.#parts.notifier.receive(arrival, transaction, party.extension, now);
  }

  /** A phone writes in its own name only. */
  #message(request: Request, transaction: TransactionId, party: Party, now: Instant): void {
    const isOther = party.kind === 'extension' && request.from.uri.user !== party.extension.extension;
    if (isOther) this.#answer(transaction, request, { status: 403, fields: [] }, now);
    else this.#parts.messenger.receive(request, transaction, callerOf(party), now);
  }

  #register(arrival: Arrival, transaction: TransactionId, extension: Extension, now: Instant): void {
    const { registrar, layer } = this.#parts;
    const { request, source, localPort } = arrival;
    const { response, events } = registrar.receive(request, extension, source, localPort, now);
    layer.respond(transaction, response, now);
    for (const event of events) {
      if (event.kind === 'bound') this.#flows.bound(event.binding);
      this.#signals.push(event);
    }
  }

  /** An INVITE may take the place of a call that there is (RFC 3891). */
  #invite(arrival: Arrival, transaction: TransactionId, party: Party, now: Instant): void {
    const replaced = replacedBy(arrival.request, this.#parts.sessions);
    if (typeof replaced === 'object') this.#answer(transaction, arrival.request, replaced, now);
    else this.#offer(arrival, transaction, { party, replaced }, now);
  }

  #offer(arrival: Arrival, transaction: TransactionId, { party, replaced }: Inviter, now: Instant): void {
    const { sessions, nextLeg, isLine } = this.#parts;
    const { request, source } = arrival;
    const caller = callerOf(party);
    const leg = nextLeg();
    const parties = partiesOf(request, party, isLine?.(request.uri.user) === true);
    this.#signals.push({
      kind: 'offered',
      leg,
      caller,
      customerId: caller.customerId,
      ...parties,
      source,
      offer: sessionDescription(request),
      ...(replaced === undefined ? {} : { replaces: replaced }),
    });
    sessions.offer(leg, arrival, transaction, callingParty(caller, parties.toUser), now);
  }

  /** A server transaction; when there is none to be had, the request is refused without one. */
  #open(arrival: Arrival, now: Instant): TransactionId | undefined {
    const opened = this.#parts.layer.open(arrival, now);
    if (opened === 'merged') this.refuse(arrival, 482, [], now);
    else if (opened === 'full') this.refuse(arrival, 503, [RETRY_AFTER], now);
    else return opened;
    return undefined;
  }

  #answer(
    transaction: TransactionId,
    request: Request,
    { status, fields }: Objection,
    now: Instant,
    toTag = statelessTag(request),
  ): void {
    const { layer, userAgent } = this.#parts;
    layer.respond(transaction, respond(request, status, { toTag, fields: [...fields, ['Server', userAgent]] }), now);
  }
}

/** The answer to a request inside a dialog that its session need not see; undefined when it must. */
function replyInDialog(request: Request): Objection | undefined {
  const { method } = request;
  if (method === 'BYE' || method === 'REFER') return undefined;
  if (method === 'OPTIONS') return { status: 200, fields: OPTIONS_FIELDS };
  return JUDGED_IN_DIALOG.has(method) ? objectionTo(request) : methodObjection(method);
}

const JUDGED_IN_DIALOG: ReadonlySet<string> = new Set(['INFO', 'NOTIFY', 'PRACK', 'INVITE', 'UPDATE', 'SUBSCRIBE']);

/** Whose phone calls, and whom. */
function callingParty(caller: Caller, remoteUser: string): WatchedParty | undefined {
  if (caller.kind !== 'extension') return undefined;
  return { extensionId: caller.extensionId, direction: 'initiator', remoteUser, remoteName: '' };
}

/** Requests outside a dialog that are worth nothing without knowing who sends them. */
const NEEDS_PROOF: ReadonlySet<string> = new Set(['INVITE', 'REGISTER', 'SUBSCRIBE', 'MESSAGE']);

/**
 * An extension calls in its own name only; callers say where they are reached (RFC 3261 §8.1.1.8), except peers of
 * RFC 2543, who are reached at their From URI.
 */
function inviteObjection(request: Request, party: Party): Objection | undefined {
  const isOther = party.kind === 'extension' && request.from.uri.user !== party.extension.extension;
  if (isOther) return { status: 403, fields: [] };
  const isOld = request.contacts.length === 0 && !request.topVia.branch.startsWith(MAGIC_COOKIE);
  return isOld || request.contacts.length === 1 ? undefined : { status: 400, fields: [] };
}
