import { assert } from '../../core/kernel/assert.ts';
import { DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import { hexToken } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import { Queue } from '../../core/kernel/queue.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { HeaderName, Message, Request, Response } from '../message.ts';
import { respond, write } from '../writer.ts';
import type { ClientTransaction } from './client-transaction.ts';
import {
  type ClientStart,
  clientEntry,
  type Entry,
  lossOf,
  machineOf,
  serverEntry,
  type TransactionId,
  type TransactionKind,
} from './entry.ts';
import { cancelOf } from './invite-client.ts';
import { InviteServer } from './invite-server.ts';
import { DATAGRAM_BYTES_MAX, type LargeRequest, LargeRequests } from './large-requests.ts';
import type { Arrival, LayerOutput, TransactionLayerOptions } from './layer-output.ts';
import { canceledKey, clientKey, MAGIC_COOKIE, mergeKey, serverKey } from './matching.ts';
import { reconnection, responseDestination, stampSource } from './response-route.ts';
import { RestedTransactions } from './rested-transactions.ts';
import type { ServerTransaction } from './server-transaction.ts';
import { addressKey, Sharers } from './sharers.ts';
import { wholeSecond } from './timing.ts';
import { viaOf } from './via.ts';

export type { TransactionId } from './entry.ts';
export type { Arrival, LayerOutput, SentBy, TransactionLayerOptions } from './layer-output.ts';

/** Nobody but the layer has to do with what repeats an answer, or nothing. */
const SETTLES_ITSELF: ReadonlySet<string> = new Set(['completed', 'confirmed']);

/**
 * All transactions of one stack (RFC 3261 §17): matching, timers, retransmission. What belongs to no transaction is
 * handed up; every message to send comes out of `poll()`.
 */
export class TransactionLayer {
  readonly #options: TransactionLayerOptions;
  readonly #entries = new LiveMap<TransactionId, Entry>();
  readonly #clients = new LiveMap<string, Entry>();
  readonly #servers = new LiveMap<string, Entry>();
  readonly #merges = new Set<string>();
  readonly #sharers = new Sharers<Entry>();
  readonly #deadlines = new DeadlineHeap<Entry>();
  readonly #rested = new RestedTransactions();
  readonly #large = new LargeRequests();
  readonly #outputs = new Queue<LayerOutput>();
  readonly live: Record<TransactionKind, number> = {
    inviteClient: 0,
    nonInviteClient: 0,
    inviteServer: 0,
    nonInviteServer: 0,
  };
  #lastId = 0;
  #retransmissions = 0;
  #strays = 0;
  #refusals = 0;

  constructor(options: TransactionLayerOptions) {
    this.#options = options;
  }

  get retransmissions(): number {
    return this.#retransmissions + this.#rested.retransmissions;
  }

  /** Responses of no known transaction, and ACKs out of place. */
  get strays(): number {
    return this.#strays;
  }

  /** Requests turned away because of `serverTransactionsMax`. */
  get refusals(): number {
    return this.#refusals;
  }

  get timersArmed(): number {
    return this.#deadlines.size + this.#rested.size;
  }

  receive(message: Message, source: TransportAddress, localPort: number, now: Instant): void {
    if (message.type === 'response') this.#receiveResponse(message, now);
    else this.#receiveRequest(message, source, localPort, now);
  }

  /** A server transaction for a request handed up before. Says why not when there is none to be had. */
  open({ request, source, localPort, key: known }: Arrival, now: Instant): TransactionId | 'merged' | 'full' {
    const key = known ?? serverKey(request);
    const merge = request.toTag === '' ? mergeKey(request) : '';
    if (merge !== '' && (this.#merges.has(merge) || this.#rested.isMerged(merge))) return 'merged';
    if (this.#servers.size + this.#rested.serverCount >= this.#options.serverTransactionsMax) {
      this.#refusals++;
      return 'full';
    }
    const { timing } = this.#options;
    return this.#add(
      serverEntry(++this.#lastId, { request, source, localPort, key, mergeKey: merge, timing }, now),
      now,
    );
  }

  /** Sends a request, to which the Via is added, in a client transaction of its own. */
  request(request: Request, destination: TransportAddress, localPort: number | undefined, now: Instant): TransactionId {
    const id = ++this.#lastId;
    const branch = this.#newBranch();
    const sent = this.#withVia(request, destination, localPort, branch);
    const bytes = write(sent);
    if (bytes.length <= DATAGRAM_BYTES_MAX || !this.#large.isSwitched(destination, localPort, now)) {
      return this.#startClient({ id, request: sent, bytes, branch, destination, localPort }, now);
    }
    const overTcp: TransportAddress = { ...destination, transport: 'tcp' };
    const switched = this.#withVia(request, overTcp, undefined, branch);
    this.#large.add(id, { request, destination });
    const what = { id, request: switched, bytes: write(switched), branch, destination: overTcp, localPort };
    return this.#startClient(what, now);
  }

  /** Sends a request, to which the Via is added, without a transaction: the ACK of a 2xx (RFC 3261 §13.2.2.4). */
  send(request: Request, destination: TransportAddress, localPort: number | undefined): void {
    const bytes = write(this.#withVia(request, destination, localPort, this.#newBranch()));
    this.#outputs.push({ kind: 'send', destination, localPort, bytes });
  }

  /** Cancels our INVITE (RFC 3261 §9.1). Nothing happens when it is answered or gone already. */
  cancel(invite: TransactionId, fields: readonly (readonly [HeaderName, string])[], now: Instant): void {
    const entry = this.#entries.get(invite);
    if (entry?.client?.state !== 'proceeding') return;
    const { client, destination, localPort } = entry;
    assert(client.request !== undefined, 'an INVITE that is not answered is kept');
    const request = cancelOf(client.request, fields);
    const { branch } = client.request.topVia;
    this.#startClient({ id: ++this.#lastId, request, bytes: write(request), branch, destination, localPort }, now);
  }

  /** Forgets a client transaction that nobody waits for any more. */
  abandon(transaction: TransactionId): void {
    const entry = this.#entries.get(transaction);
    if (entry?.client !== undefined) this.#remove(entry);
  }

  /**
   * The user of an INVITE is done with it, and leaves a note for a CANCEL or a 2xx that may still come. False when it
   * has not been accepted, or is gone.
   */
  settle(transaction: TransactionId, note: string): boolean {
    const entry = this.#entries.get(transaction);
    if (entry === undefined || machineOf(entry).state !== 'accepted') return false;
    this.#rest(entry, note);
    return true;
  }

  /** Another note for one that was settled. */
  leaveNote(key: string, note: string): void {
    this.#rested.leaveNote(key, note);
  }

  /** Answers in a server transaction. A response to one that is gone is dropped: nobody waits for it. */
  respond(transaction: TransactionId, response: Response, now: Instant): void {
    const entry = this.#entries.get(transaction);
    if (entry?.server === undefined) return;
    if (response.status >= 200) entry.request = undefined;
    entry.server.respond(response.status, write(response), now);
    this.#drain(entry, now);
  }

  /** One packet for one request, and nothing is remembered (RFC 3261 §8.2.7). False when it has too many bytes, and is not sent. */
  respondStatelessly({ request, source, localPort }: Arrival, response: Response, bytesMax: number): boolean {
    const bytes = write(response);
    if (bytes.length > bytesMax) return false;
    this.#outputs.push({ kind: 'send', destination: responseDestination(request, source), localPort, bytes });
    return true;
  }

  /** What was sent to this address did not leave, or its connection broke. */
  transportFailed(destination: TransportAddress, now: Instant): void {
    for (const entry of this.#sharers.of(addressKey(destination))) {
      const large = this.#large.takeBack(entry, now);
      const isSettled = large === undefined && this.#reconnects(entry);
      const loss = isSettled ? undefined : lossOf(entry);
      if (large !== undefined) this.#fallBack(entry, large, now);
      else if (loss !== undefined) {
        this.#outputs.push(loss);
        this.#remove(entry);
      } else if (!isSettled) {
        machineOf(entry).transportFailed(now);
        this.#drain(entry, now);
      }
    }
  }

  /** Whether responses that are still to come go over a connection that we open. */
  #reconnects(entry: Entry): boolean {
    const { request, localPort, destination } = entry;
    const place = request === undefined || localPort === undefined ? undefined : reconnection(request, destination);
    if (place === undefined) return false;
    this.#sharers.remove(entry);
    entry.destination = place;
    entry.towards = addressKey(place);
    entry.localPort = undefined;
    this.#sharers.add(entry);
    return true;
  }

  /** Once more as a datagram, however large. */
  #fallBack(entry: Entry, { request, destination }: LargeRequest, now: Instant): void {
    this.#discard(entry);
    const branch = this.#newBranch();
    const sent = this.#withVia(request, destination, undefined, branch);
    const what = { id: entry.id, request: sent, bytes: write(sent), branch, destination, localPort: undefined };
    this.#startClient(what, now);
  }

  /** Acts on one due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    if (this.#rested.next() <= this.#deadlines.next()) {
      this.#expireRested(now);
      return;
    }
    const entry = this.#deadlines.takeDue(now);
    if (entry === undefined) return;
    entry.deadline = undefined;
    machineOf(entry).expire(now);
    this.#drain(entry, now);
  }

  deadline(): Instant {
    return Math.min(this.#deadlines.next(), this.#rested.next());
  }

  poll(): LayerOutput | undefined {
    return this.#outputs.shift();
  }

  #receiveResponse(response: Response, now: Instant): void {
    const key = clientKey(response);
    const entry = this.#clients.get(key);
    const isOurs = response.all('Via').length === 1;
    if (!isOurs || entry?.client === undefined) {
      if (!isOurs || !this.#isAbsorbed(key, response)) this.#strays++;
      return;
    }
    entry.client.receive(response, now);
    this.#drain(entry, now);
  }

  /** False when nothing with this key rests. */
  #isAbsorbed(key: string, message: Message): boolean {
    const said = this.#rested.receive(key, message);
    if (typeof said === 'object') this.#outputs.push(said);
    return said !== undefined;
  }

  #receiveRequest(request: Request, source: TransportAddress, localPort: number, now: Instant): void {
    const key = serverKey(request);
    const entry = this.#servers.get(key);
    const machine = entry?.server;
    if (entry !== undefined && request.method === 'ACK' && machine instanceof InviteServer) {
      if (machine.state !== 'accepted') {
        machine.receiveAck(now);
        this.#drain(entry, now);
        return;
      }
    } else if (entry !== undefined && machine !== undefined) {
      machine.receiveRepeated(now);
      this.#drain(entry, now);
      return;
    }
    if (entry === undefined && this.#isAbsorbed(key, request)) return;
    const arrival: Arrival = { kind: 'request', request: stampSource(request, source), source, localPort, key };
    if (request.method !== 'CANCEL') {
      this.#outputs.push(arrival);
      return;
    }
    const canceled = canceledKey(request);
    const invite = this.#servers.get(canceled);
    const settled = invite === undefined ? this.#rested.get(canceled) : undefined;
    const transaction = invite?.id ?? settled?.id;
    if (transaction === undefined) this.#outputs.push(arrival);
    else this.#outputs.push({ kind: 'canceled', transaction, cancel: arrival, note: settled?.note ?? '' });
  }

  #newBranch(): string {
    return MAGIC_COOKIE + hexToken(this.#options.random, 12);
  }

  #withVia(request: Request, destination: TransportAddress, localPort: number | undefined, branch: string): Request {
    return request.withViaOnTop(viaOf(this.#options.contactFor(destination, localPort), branch));
  }

  #startClient(start: ClientStart, now: Instant): TransactionId {
    return this.#add(clientEntry(start, this.#options.timing, now), now);
  }

  #add(entry: Entry, now: Instant): TransactionId {
    this.#entries.set(entry.id, entry);
    if (entry.client !== undefined) this.#clients.set(entry.key, entry);
    else this.#servers.set(entry.key, entry);
    if (entry.mergeKey !== '') this.#merges.add(entry.mergeKey);
    this.#sharers.add(entry);
    this.live[entry.kind]++;
    this.#drain(entry, now);
    return entry.id;
  }

  /** Hands on what a machine said, and follows its deadline and its end. */
  #drain(entry: Entry, now: Instant): void {
    if (entry.client !== undefined) this.#drainClient(entry, entry.client);
    else if (entry.server !== undefined) this.#drainServer(entry, entry.server, now);
    const machine = machineOf(entry);
    if (machine.state === 'terminated') {
      if (!entry.isRemoved) this.#remove(entry);
    } else if (machine.isResting && SETTLES_ITSELF.has(machine.state) && machine.deadline() > now) {
      this.#rest(entry, '');
    } else this.#followDeadline(entry, machine);
  }

  /** From here on it only absorbs repetitions. */
  #rest(entry: Entry, note: string): void {
    const { id, kind, key, destination, localPort, mergeKey } = entry;
    const machine = machineOf(entry);
    const [at, { bytes }] = [machine.deadline(), machine];
    this.#discard(entry);
    this.live[kind]++;
    this.#large.forget(id);
    this.#rested.add(key, { id, kind, destination, localPort, mergeKey, note, bytes }, at);
  }

  #expireRested(now: Instant): void {
    const rested = this.#rested.takeDue(now);
    if (rested === undefined) return;
    this.live[rested.kind]--;
    this.#outputs.push({ kind: 'terminated', transaction: rested.id });
  }

  #followDeadline(entry: Entry, machine: ClientTransaction | ServerTransaction): void {
    const at = machine.isResting ? wholeSecond(machine.deadline()) : machine.deadline();
    if (at === NEVER) this.#disarm(entry);
    else if (entry.deadline === undefined) entry.deadline = this.#deadlines.add(at, entry);
    else this.#deadlines.move(entry.deadline, at);
  }

  #drainClient(entry: Entry, machine: ClientTransaction): void {
    const { id: transaction } = entry;
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      if (output.kind === 'transmit') this.#transmit(entry, output.bytes, output.repeated);
      else if (output.kind === 'response')
        this.#outputs.push({ kind: 'response', transaction, response: output.response });
      else this.#outputs.push({ kind: 'failed', transaction, reason: output.reason });
    }
  }

  #drainServer(entry: Entry, machine: ServerTransaction, now: Instant): void {
    const { id: transaction } = entry;
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      if (output.kind === 'transmit') this.#transmit(entry, output.bytes, output.repeated);
      else if (output.kind === 'trying') {
        assert(entry.request !== undefined, 'a request is kept until its final response');
        machine.respond(100, write(respond(entry.request, 100)), now);
      } else {
        const outcome = output.kind === 'acknowledged' ? 'acknowledged' : 'given up';
        this.#outputs.push({ kind: 'refused', transaction, outcome });
      }
    }
  }

  #transmit({ destination, localPort }: Entry, bytes: Uint8Array, repeated: boolean): void {
    if (repeated) this.#retransmissions++;
    this.#outputs.push({ kind: 'send', destination, localPort, bytes });
  }

  #disarm(entry: Entry): void {
    if (entry.deadline !== undefined) this.#deadlines.remove(entry.deadline);
    entry.deadline = undefined;
  }

  #remove(entry: Entry): void {
    this.#discard(entry);
    this.#large.forget(entry.id);
    this.#outputs.push({ kind: 'terminated', transaction: entry.id });
  }

  #discard(entry: Entry): void {
    this.#disarm(entry);
    entry.isRemoved = true;
    this.#entries.delete(entry.id);
    if (entry.client !== undefined) this.#clients.delete(entry.key);
    else this.#servers.delete(entry.key);
    if (entry.mergeKey !== '') this.#merges.delete(entry.mergeKey);
    this.#sharers.remove(entry);
    this.live[entry.kind]--;
  }
}
