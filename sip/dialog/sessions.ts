import { assert } from '../../core/kernel/assert.ts';
import { DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import type { ExtensionId, LegId } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import { Queue } from '../../core/kernel/queue.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { DialRequest, SignalingEvent, TransportAddress } from '../../core/ports.ts';
import { type DialogSight, WatchedDialogs, type WatchedParty } from '../events/watched-dialogs.ts';
import type { Located, LocationId, Locator } from '../locating/locator.ts';
import type { Request, Response } from '../message.ts';
import type { Arrival, LayerOutput, TransactionId, TransactionLayer } from '../transaction/transaction-layer.ts';
import { ConnectionUsers } from './connection-users.ts';
import { reach } from './dialled.ts';
import { InviteSession } from './invite-session.ts';
import { isPrivateElsewhere, locatedHop } from './next-hop.ts';
import type { Replaces } from './replaces.ts';
import { type Referred, referred, type Sending, type Sent } from './sent-requests.ts';
import { instruct, type SessionCommand } from './session-commands.ts';
import { calledParty, type SessionEntry, sessionEntry } from './session-entry.ts';
import { hopsLeftBehind, MAX_FORWARDS, type SessionSettings } from './session-messages.ts';
import type { ServerFailure, SessionOutput } from './session-output.ts';
import { retryAfterMs } from './session-responses.ts';

const NO_OTHERS: readonly TransportAddress[] = [];

/**
 * All INVITE sessions of one stack: finds the one that a message, command or timer is for, and carries what it says to
 * the transaction layer and its user.
 */
export class Sessions {
  readonly #layer: TransactionLayer;
  readonly #locator: Locator;
  readonly #settings: SessionSettings;
  readonly #byLeg = new LiveMap<LegId, SessionEntry>();
  readonly #byDialog = new LiveMap<string, SessionEntry>();
  /** Client transactions outlive their leg: a late 2xx must still be acknowledged. */
  readonly #requests = new LiveMap<TransactionId, Sent>();
  /** Server transactions of INVITEs; those of a session that is over rest with our tag alone. */
  readonly #invites = new LiveMap<TransactionId, SessionEntry | string>();
  /** What waits for the servers of a name. */
  readonly #named = new LiveMap<LocationId, { readonly entry: SessionEntry; readonly output: Sending }>();
  readonly #deadlines = new DeadlineHeap<SessionEntry>();
  readonly #users = new ConnectionUsers<SessionEntry>();
  readonly #signals = new Queue<SignalingEvent>();
  readonly #referred = new Queue<Referred>();
  readonly #watched = new WatchedDialogs();

  constructor(layer: TransactionLayer, locator: Locator, settings: SessionSettings) {
    this.#layer = layer;
    this.#locator = locator;
    this.#settings = settings;
  }

  get legCount(): number {
    return this.#byLeg.size;
  }

  get dialogCount(): number {
    let count = 0;
    for (const { session } of this.#byLeg.values()) if (session.dialog !== undefined) count++;
    return count;
  }

  get timersArmed(): number {
    return this.#deadlines.size;
  }

  poll(): SignalingEvent | undefined {
    return this.#signals.shift();
  }

  /** The dialogs of this phone are looked at from now on. */
  watch(extensionId: ExtensionId): void {
    this.#watched.watch(extensionId);
    for (const { party, session } of this.#byLeg.values()) {
      if (party?.extensionId === extensionId) this.#watched.see(party, session);
    }
  }

  unwatch(extensionId: ExtensionId): void {
    this.#watched.unwatch(extensionId);
  }

  /** Those of a phone that is watched. */
  dialogsOf(extensionId: ExtensionId): readonly DialogSight[] {
    return this.#watched.of(extensionId);
  }

  /** A watched phone of which a dialog has changed. */
  pollMoved(): ExtensionId | undefined {
    return this.#watched.poll();
  }

  /** A new leg for an INVITE outside a dialog, from this party. */
  offer(leg: LegId, arrival: Arrival, transaction: TransactionId, party: WatchedParty | undefined, now: Instant): void {
    const session = InviteSession.offered(leg, this.#settings, arrival, transaction);
    const entry = this.#add(session, party, now, hopsLeftBehind(arrival.request));
    this.#serve(entry, transaction);
  }

  /** Our INVITE: to the first of these servers, or where its target says. */
  dial(leg: LegId, request: DialRequest, servers: readonly TransportAddress[] | undefined, now: Instant): void {
    assert(!this.#byLeg.has(leg), `leg ${leg} is in use`);
    const { caller } = request;
    const maxForwards = (caller === undefined ? undefined : this.#byLeg.get(caller)?.hopsLeft) ?? MAX_FORWARDS;
    const session = InviteSession.dialled(leg, this.#settings, reach(request, servers, maxForwards), now);
    this.#add(session, calledParty(request), now);
  }

  /** A command for a leg that is over is too late, and ignored. */
  execute(command: SessionCommand, now: Instant): void {
    const { leg } = command;
    if (command.kind === 'restore') {
      const session = InviteSession.restored(leg, this.#settings, command.dialog);
      if (session !== undefined) this.#add(session, undefined, now);
      else this.#signals.push({ kind: 'ended', leg, cause: 'crashed', by: 'local' });
      return;
    }
    const entry = this.#byLeg.get(leg);
    if (entry === undefined) return;
    instruct(entry.session, command, now);
    this.#drain(entry, now);
  }

  /** The servers of a name that a request of ours goes to are found, or are not: then it goes where the peer was seen. */
  located(located: Located, now: Instant): void {
    const waiting = this.#named.get(located.location);
    if (waiting === undefined) return;
    this.#named.delete(located.location);
    const { entry, output } = waiting;
    // Nobody is to be referred any more: the call ended meanwhile.
    if (output.kind === 'request' && output.purpose === 'refer' && !entry.session.isConfirmed) return;
    const { destination: remote, localPort } = output;
    const targets = located.kind === 'located' ? located.targets : NO_OTHERS;
    const destination = locatedHop(targets, { remote, localPort });
    const others = targets.filter(
      (target) => target !== destination && !isPrivateElsewhere(target.address, remote.address),
    );
    const isFlow = destination.transport === remote.transport;
    this.#send(entry, { ...output, destination, localPort: isFlow ? localPort : undefined }, now, others);
  }

  /** The session whose dialog this request names (RFC 3261 §12.2.2). */
  find(request: Request): InviteSession | undefined {
    const entry = this.#byDialog.get(dialogKey(request.callId, request.toTag));
    return entry?.session.matches(request) ? entry.session : undefined;
  }

  /** The session of a leg that is not over. */
  get(leg: LegId): InviteSession | undefined {
    return this.#byLeg.get(leg)?.session;
  }

  /** The session whose dialog is to be replaced (RFC 3891 §3); while the peer has no tag, any will do. */
  replaced({ callId, toTag, fromTag }: Replaces): InviteSession | undefined {
    const session = this.#byDialog.get(dialogKey(callId, toTag))?.session;
    return session?.remoteTag === '' || session?.remoteTag === fromTag ? session : undefined;
  }

  receiveAck(session: InviteSession, request: Request, now: Instant): void {
    session.receiveAck(request, now);
    this.#drain(this.#entryOf(session), now);
  }

  /** BYE, re-INVITE or UPDATE for this session. */
  receiveRequest(session: InviteSession, arrival: Arrival, transaction: TransactionId, now: Instant): void {
    const entry = this.#entryOf(session);
    if (arrival.request.method === 'INVITE') this.#serve(entry, transaction);
    session.receiveRequest(arrival, transaction, now);
    this.#drain(entry, now);
  }

  /** Tag of our side in the INVITE of this server transaction; undefined when no session has it. */
  localTagOf(invite: TransactionId): string | undefined {
    const entry = this.#invites.get(invite);
    return typeof entry === 'object' ? entry.session.localTag : entry;
  }

  receiveCancel(invite: TransactionId, cancel: Request, now: Instant): void {
    const entry = this.#invites.get(invite);
    if (typeof entry !== 'object' || entry.session.isOver) return;
    entry.session.receiveCancel(invite, cancel, now);
    this.#drain(entry, now);
  }

  /** Sends a REFER of ours that was written in the dialog of this leg, the way that its other requests go. */
  refer(leg: LegId, request: Request, now: Instant): void {
    const entry = this.#byLeg.get(leg);
    assert(entry?.session.dialog !== undefined, 'a leg that refers has a dialog');
    this.#carry(entry, { kind: 'request', purpose: 'refer', request, ...entry.session.dialog.hop() }, now);
  }

  /** What came of the next of them. */
  pollReferred(): Referred | undefined {
    return this.#referred.shift();
  }

  receiveResponse(transaction: TransactionId, response: Response, now: Instant): void {
    const owner = this.#requests.get(transaction);
    if (owner === undefined) return;
    // Only an INVITE that was accepted may be answered twice.
    if (response.status >= (owner.purpose === 'invite' || owner.purpose === 'reinvite' ? 300 : 200)) {
      this.#requests.delete(transaction);
    }
    if (response.status === 503 && this.#tryNext(owner, { retryAfterMs: retryAfterMs(response) }, now)) return;
    const { entry, purpose, request } = owner;
    if (purpose === 'refer') this.#referred.push(referred(entry, request, response));
    else entry.session.receiveResponse(purpose, response, now, request);
    this.#drain(entry, now);
  }

  /** A 2xx to the INVITE of a session that is over, of which this text remains. */
  receiveLate({ key, note, response }: Extract<LayerOutput, { kind: 'late' }>, now: Instant): void {
    const session = InviteSession.over(this.#settings, note);
    session.receiveResponse('invite', response, now);
    const entry = sessionEntry(session, '', undefined, 0);
    for (let output = session.poll(); output !== undefined; output = session.poll()) this.#carry(entry, output, now);
    const remains = session.remains();
    if (remains !== undefined) this.#layer.leaveNote(key, remains);
  }

  requestFailed(transaction: TransactionId, reason: 'timeout' | 'transport error', now: Instant): void {
    const owner = this.#requests.get(transaction);
    if (owner === undefined) return;
    const { entry, purpose, request, server } = owner;
    const isWanted = purpose !== 'reinvite' || entry.session.awaits(purpose);
    const isLost = reason === 'transport error' && request !== undefined && isWanted;
    const hop = isLost ? entry.session.leaveConnection(server) : undefined;
    if (hop !== undefined && request !== undefined) {
      this.#send(entry, { kind: 'request', purpose, request, ...hop }, now);
      return;
    }
    if (this.#tryNext(owner, reason === 'timeout' ? 'silent' : 'broken', now)) return;
    if (purpose === 'refer') this.#referred.push(referred(entry, request, undefined));
    else entry.session.requestFailed(purpose, reason, now);
    this.#drain(owner.entry, now);
  }

  /** This connection is gone: each dialog that needs it looks for another way. */
  connectionLost(remote: TransportAddress, now: Instant): void {
    for (const entry of this.#users.of(remote)) {
      entry.session.connectionLost(remote, now);
      this.#drain(entry, now);
    }
  }

  /** Who sent this INVITE has gone before it was answered. */
  deserted(transaction: TransactionId, now: Instant): void {
    const entry = this.#invites.get(transaction);
    if (typeof entry !== 'object') return;
    entry.session.deserted(transaction, now);
    this.#drain(entry, now);
  }

  refused(transaction: TransactionId, now: Instant): void {
    const entry = this.#invites.get(transaction);
    if (typeof entry !== 'object') return;
    entry.session.refused(transaction, now);
    this.#drain(entry, now);
  }

  /** Nothing more comes of this transaction. */
  forget(transaction: TransactionId): void {
    this.#requests.delete(transaction);
    this.#invites.delete(transaction);
  }

  /** Acts on one due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const entry = this.#deadlines.takeDue(now);
    if (entry === undefined) return;
    entry.deadline = undefined;
    entry.session.expire(now);
    this.#drain(entry, now);
  }

  deadline(): Instant {
    return this.#deadlines.next();
  }

  #add(session: InviteSession, party: WatchedParty | undefined, now: Instant, hopsLeft = MAX_FORWARDS): SessionEntry {
    const key = dialogKey(session.callId, session.localTag);
    const entry = sessionEntry(session, key, party, hopsLeft);
    this.#byLeg.set(session.leg, entry);
    this.#byDialog.set(key, entry);
    this.#drain(entry, now);
    return entry;
  }

  #entryOf(session: InviteSession): SessionEntry {
    const entry = this.#byLeg.get(session.leg);
    assert(entry !== undefined, 'a session that was found is live');
    return entry;
  }

  /** Hands on what a session said, and follows its deadline and its end. */
  #drain(entry: SessionEntry, now: Instant): void {
    const { session } = entry;
    for (let output = session.poll(); output !== undefined; output = session.poll()) this.#carry(entry, output, now);
    if (entry.party !== undefined && this.#watched.size > 0) this.#watched.follow(entry.party, session);
    this.#users.follow(entry, session.isOver ? '' : (session.dialog?.connectionKey ?? ''));
    if (session.isOver && this.#byLeg.delete(session.leg)) this.#rest(entry);
    const at = session.deadline();
    if (at === NEVER) {
      if (entry.deadline !== undefined) this.#deadlines.remove(entry.deadline);
      entry.deadline = undefined;
    } else if (entry.deadline === undefined) entry.deadline = this.#deadlines.add(at, entry);
    else this.#deadlines.move(entry.deadline, at);
  }

  #serve(entry: SessionEntry, transaction: TransactionId): void {
    this.#invites.set(transaction, entry);
    entry.served.push(transaction);
  }

  /** The session is over: what still absorbs repetitions does not need it. */
  #rest(entry: SessionEntry): void {
    this.#byDialog.delete(entry.key);
    const { session, invite } = entry;
    for (const transaction of entry.served) {
      if (this.#layer.settle(transaction, session.localTag)) this.#invites.delete(transaction);
      else if (this.#invites.has(transaction)) this.#invites.set(transaction, session.localTag);
    }
    const remains = invite === undefined ? undefined : session.remains();
    if (invite !== undefined && remains !== undefined && this.#layer.settle(invite, remains))
      this.#requests.delete(invite);
  }

  /** A server of a name failed: in a dialog, too, the next is asked (RFC 3263 §4.3). False when there is none. */
  #tryNext(failed: Sent, failure: ServerFailure, now: Instant): boolean {
    const { entry, purpose, request, server } = failed;
    const [destination, ...rest] = failed.others;
    if (destination === undefined || request === undefined || !entry.session.awaits(purpose)) return false;
    this.#locator.avoid(server, failure, now);
    const localPort = destination.transport === server.transport ? failed.localPort : undefined;
    this.#send(entry, { kind: 'request', purpose, request, destination, localPort, name: undefined }, now, rest);
    return true;
  }

  #send(entry: SessionEntry, output: Sending, now: Instant, others = NO_OTHERS): void {
    const { request, destination, localPort } = output;
    if (output.kind === 'acknowledge') {
      this.#layer.send(request, destination, localPort);
      return;
    }
    const transaction = this.#layer.request(request, destination, localPort, now);
    const isInDialog = output.purpose !== 'invite' && output.purpose !== 'fork';
    const kept = isInDialog ? request : undefined;
    this.#requests.set(transaction, {
      entry,
      purpose: output.purpose,
      request: kept,
      server: destination,
      localPort,
      others,
    });
    if (output.purpose === 'invite') entry.invite = transaction;
  }

  #carry(entry: SessionEntry, output: SessionOutput, now: Instant): void {
    switch (output.kind) {
      case 'request':
      case 'acknowledge':
        if (output.name === undefined) this.#send(entry, output, now);
        else this.#named.set(this.#locator.locate(output.name, now), { entry, output });
        break;
      case 'avoid':
        this.#locator.avoid(output.server, output.failure, now);
        break;
      case 'respond':
        this.#layer.respond(output.transaction, output.response, now);
        break;
      case 'cancel':
        if (entry.invite !== undefined) this.#layer.cancel(entry.invite, output.fields, now);
        break;
      case 'abandon':
        if (entry.invite !== undefined) this.#layer.abandon(entry.invite);
        break;
      case 'signal':
        this.#signals.push(output.event);
        break;
    }
  }
}

function dialogKey(callId: string, localTag: string): string {
  return `${callId} ${localTag}`;
}
