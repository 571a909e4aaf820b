import { assert } from '../../core/kernel/assert.ts';
import { type Deadline, DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import { hexToken } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { formatHostPort } from '../grammar/host.ts';
import type { HeaderName, Message, Request, Response } from '../message.ts';
import { respond, write } from '../writer.ts';
import type { ClientTransaction } from './client-transaction.ts';
import { cancelOf, InviteClient } from './invite-client.ts';
import { InviteServer } from './invite-server.ts';
import { canceledKey, clientKey, MAGIC_COOKIE, mergeKey, serverKey } from './matching.ts';
import { NonInviteClient } from './non-invite-client.ts';
import { NonInviteServer } from './non-invite-server.ts';
import { responseDestination, stampSource } from './response-route.ts';
import type { ServerTransaction } from './server-transaction.ts';
import type { Timing } from './timing.ts';

/** Names a transaction of either side. Never reused. */
export type TransactionId = number;

export type LayerOutput =
  | {
      readonly kind: 'send';
      readonly destination: TransportAddress;
      readonly localPort: number | undefined;
      readonly bytes: Uint8Array;
    }
  /** A request of no known transaction, stamped with its source: open one for it, or answer it statelessly. */
  | Arrival
  /** The peer cancels the INVITE of this server transaction. */
  | { readonly kind: 'canceled'; readonly transaction: TransactionId; readonly cancel: Arrival }
  | { readonly kind: 'response'; readonly transaction: TransactionId; readonly response: Response }
  /** A client transaction ended without a final response. */
  | { readonly kind: 'failed'; readonly transaction: TransactionId; readonly reason: 'timeout' | 'transport error' }
  /** The refusal of an INVITE is over: acknowledged, or given up. */
  | { readonly kind: 'refused'; readonly transaction: TransactionId; readonly outcome: 'acknowledged' | 'given up' }
  /** Nothing more comes of this transaction. */
  | { readonly kind: 'terminated'; readonly transaction: TransactionId };

export interface Arrival {
  readonly kind: 'request';
  readonly request: Request;
  readonly source: TransportAddress;
  readonly localPort: number;
}

/** Our side of a Via or Contact: what we tell a peer to send to. */
export interface SentBy {
  readonly host: string;
  readonly port: number;
  readonly transport: TransportAddress['transport'];
}

export interface TransactionLayerOptions {
  readonly random: Random;
  readonly timing: Timing;
  /** Sent-by of the Via towards this peer. */
  readonly contactFor: (peer: TransportAddress, localPort: number | undefined) => SentBy;
  /** More server transactions than this are refused. */
  readonly serverTransactionsMax: number;
}

interface Entry {
  readonly id: TransactionId;
  readonly key: string;
  readonly destination: TransportAddress;
  /** Text of the destination. */
  readonly towards: string;
  readonly localPort: number | undefined;
  readonly role:
    | { readonly kind: 'client'; readonly machine: ClientTransaction }
    | {
        readonly kind: 'server';
        readonly machine: ServerTransaction;
        /** Until its final response. */
        request: Request | undefined;
        readonly mergeKey: string;
      };
  /** Undefined when no timer runs. */
  deadline: Deadline<Entry> | undefined;
}

const REST_STEP_MS = 1_000;

type Kind = 'inviteClient' | 'nonInviteClient' | 'inviteServer' | 'nonInviteServer';

/**
 * All transactions of one stack (RFC 3261 §17): matching, timers, retransmission. What belongs to no transaction is
 * handed up; every message to send comes out of `poll()`.
 */
export class TransactionLayer {
  readonly #options: TransactionLayerOptions;
  readonly #entries = new Map<TransactionId, Entry>();
  readonly #clients = new Map<string, Entry>();
  readonly #servers = new Map<string, Entry>();
  readonly #merges = new Map<string, Entry>();
  readonly #byDestination = new Map<string, Set<Entry>>();
  readonly #deadlines = new DeadlineHeap<Entry>();
  readonly #outputs: LayerOutput[] = [];
  readonly live: Record<Kind, number> = { inviteClient: 0, nonInviteClient: 0, inviteServer: 0, nonInviteServer: 0 };
  #lastId = 0;
  #retransmissions = 0;
  #strays = 0;
  #refusals = 0;

  constructor(options: TransactionLayerOptions) {
    this.#options = options;
  }

  get retransmissions(): number {
    return this.#retransmissions;
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
    return this.#deadlines.size;
  }

  receive(message: Message, source: TransportAddress, localPort: number, now: Instant): void {
    if (message.type === 'response') this.#receiveResponse(message, now);
    else this.#receiveRequest(message, source, localPort, now);
  }

  /** A server transaction for a request handed up before. Says why not when there is none to be had. */
  open({ request, source, localPort }: Arrival, now: Instant): TransactionId | 'merged' | 'full' {
    const key = serverKey(request);
    const merge = request.toTag === '' ? mergeKey(request) : '';
    if (merge !== '' && this.#merges.has(merge)) return 'merged';
    if (this.#servers.size >= this.#options.serverTransactionsMax) {
      this.#refusals++;
      return 'full';
    }
    const { timing } = this.#options;
    const reliable = source.transport !== 'udp';
    const machine =
      request.method === 'INVITE'
        ? new InviteServer({ reliable, timing }, now)
        : new NonInviteServer({ reliable, timing });
    const destination = responseDestination(request, source);
    return this.#add(
      {
        id: ++this.#lastId,
        key,
        destination,
        towards: addressKey(destination),
        localPort,
        role: { kind: 'server', machine, request, mergeKey: merge },
        deadline: undefined,
      },
      now,
    );
  }

  /** Sends a request, to which the Via is added, in a client transaction of its own. */
  request(request: Request, destination: TransportAddress, localPort: number | undefined, now: Instant): TransactionId {
    return this.#startClient(this.#withVia(request, destination, localPort), destination, localPort, now);
  }

  /** Sends a request, to which the Via is added, without a transaction: the ACK of a 2xx (RFC 3261 §13.2.2.4). */
  send(request: Request, destination: TransportAddress, localPort: number | undefined): void {
    const bytes = write(this.#withVia(request, destination, localPort));
    this.#outputs.push({ kind: 'send', destination, localPort, bytes });
  }

  /** Cancels our INVITE (RFC 3261 §9.1). Nothing happens when it is answered or gone already. */
  cancel(invite: TransactionId, fields: readonly (readonly [HeaderName, string])[], now: Instant): void {
    const entry = this.#entries.get(invite);
    if (entry?.role.kind !== 'client' || entry.role.machine.state !== 'proceeding') return;
    const { request } = entry.role.machine;
    assert(request !== undefined, 'an INVITE that is not answered is kept');
    this.#startClient(cancelOf(request, fields), entry.destination, entry.localPort, now);
  }

  /** Forgets a client transaction that nobody waits for any more. */
  abandon(transaction: TransactionId): void {
    const entry = this.#entries.get(transaction);
    if (entry?.role.kind === 'client') this.#remove(entry);
  }

  /** Answers in a server transaction. A response to one that is gone is dropped: nobody waits for it. */
  respond(transaction: TransactionId, response: Response, now: Instant): void {
    const entry = this.#entries.get(transaction);
    if (entry?.role.kind !== 'server') return;
    if (response.status >= 200) entry.role.request = undefined;
    entry.role.machine.respond(response.status, write(response), now);
    this.#drain(entry, now);
  }

  /** One packet for one request, and nothing is remembered (RFC 3261 §8.2.7). */
  respondStatelessly({ request, source, localPort }: Arrival, response: Response): void {
    const destination = responseDestination(request, source);
    this.#outputs.push({ kind: 'send', destination, localPort, bytes: write(response) });
  }

  /** What was sent to this address did not leave, or its connection broke. */
  transportFailed(destination: TransportAddress, now: Instant): void {
    for (const entry of [...(this.#byDestination.get(addressKey(destination)) ?? [])]) {
      entry.role.machine.transportFailed(now);
      this.#drain(entry, now);
    }
  }

  /** Acts on one due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const entry = this.#deadlines.takeDue(now);
    if (entry === undefined) return;
    entry.deadline = undefined;
    entry.role.machine.expire(now);
    this.#drain(entry, now);
  }

  deadline(): Instant {
    return this.#deadlines.next();
  }

  poll(): LayerOutput | undefined {
    return this.#outputs.shift();
  }

  #receiveResponse(response: Response, now: Instant): void {
    const entry = this.#clients.get(clientKey(response));
    if (entry?.role.kind !== 'client' || response.all('Via').length !== 1) {
      this.#strays++;
      return;
    }
    entry.role.machine.receive(response, now);
    this.#drain(entry, now);
  }

  #receiveRequest(request: Request, source: TransportAddress, localPort: number, now: Instant): void {
    const entry = this.#servers.get(serverKey(request));
    if (request.method === 'ACK' && entry?.role.machine instanceof InviteServer) {
      const { machine } = entry.role;
      if (machine.state !== 'accepted') {
        machine.receiveAck(now);
        this.#drain(entry, now);
        return;
      }
    } else if (entry?.role.kind === 'server') {
      entry.role.machine.receiveRepeated(now);
      this.#drain(entry, now);
      return;
    }
    const arrival: Arrival = { kind: 'request', request: stampSource(request, source), source, localPort };
    const invite = request.method === 'CANCEL' ? this.#servers.get(canceledKey(request)) : undefined;
    if (invite === undefined) this.#outputs.push(arrival);
    else this.#outputs.push({ kind: 'canceled', transaction: invite.id, cancel: arrival });
  }

  #withVia(request: Request, destination: TransportAddress, localPort: number | undefined): Request {
    const { host, port, transport } = this.#options.contactFor(destination, localPort);
    const branch = MAGIC_COOKIE + hexToken(this.#options.random, 12);
    const via = `SIP/2.0/${transport.toUpperCase()} ${formatHostPort(host, port)};rport;branch=${branch}`;
    return request.withViaOnTop(via);
  }

  #startClient(
    request: Request,
    destination: TransportAddress,
    localPort: number | undefined,
    now: Instant,
  ): TransactionId {
    const reliable = destination.transport !== 'udp';
    const options = { request, bytes: write(request), reliable, timing: this.#options.timing };
    const machine = request.method === 'INVITE' ? new InviteClient(options, now) : new NonInviteClient(options, now);
    const key = clientKey(request);
    return this.#add(
      {
        id: ++this.#lastId,
        key,
        destination,
        towards: addressKey(destination),
        localPort,
        role: { kind: 'client', machine },
        deadline: undefined,
      },
      now,
    );
  }

  #add(entry: Entry, now: Instant): TransactionId {
    this.#entries.set(entry.id, entry);
    const { role } = entry;
    if (role.kind === 'client') this.#clients.set(entry.key, entry);
    else {
      this.#servers.set(entry.key, entry);
      if (role.mergeKey !== '') this.#merges.set(role.mergeKey, entry);
    }
    const sharers = this.#byDestination.get(entry.towards);
    if (sharers === undefined) this.#byDestination.set(entry.towards, new Set([entry]));
    else sharers.add(entry);
    this.live[kindOf(entry)]++;
    this.#drain(entry, now);
    return entry.id;
  }

  /** Hands on what a machine said, and follows its deadline and its end. */
  #drain(entry: Entry, now: Instant): void {
    if (entry.role.kind === 'client') this.#drainClient(entry, entry.role.machine);
    else this.#drainServer(entry, entry.role, now);
    const { machine } = entry.role;
    const at = dueAt(machine, now);
    if (machine.state === 'terminated') this.#remove(entry);
    else if (at === NEVER) this.#disarm(entry);
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

  #drainServer(entry: Entry, role: Extract<Entry['role'], { kind: 'server' }>, now: Instant): void {
    const { id: transaction } = entry;
    const { machine } = role;
    for (let output = machine.poll(); output !== undefined; output = machine.poll()) {
      if (output.kind === 'transmit') this.#transmit(entry, output.bytes, output.repeated);
      else if (output.kind === 'trying') {
        assert(role.request !== undefined, 'a request is kept until its final response');
        machine.respond(100, write(respond(role.request, 100)), now);
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
    this.#disarm(entry);
    this.#entries.delete(entry.id);
    const { role } = entry;
    if (role.kind === 'client') this.#clients.delete(entry.key);
    else {
      this.#servers.delete(entry.key);
      if (role.mergeKey !== '') this.#merges.delete(role.mergeKey);
    }
    const sharers = this.#byDestination.get(entry.towards);
    sharers?.delete(entry);
    if (sharers?.size === 0) this.#byDestination.delete(entry.towards);
    this.live[kindOf(entry)]--;
    this.#outputs.push({ kind: 'terminated', transaction: entry.id });
  }
}

/** When to look at it again. Those that only rest end together, once a second: one by one they would wake an idle process. */
function dueAt(machine: ClientTransaction | ServerTransaction, now: Instant): Instant {
  const at = machine.deadline();
  return machine.isResting && at > now && at !== NEVER ? Math.ceil(at / REST_STEP_MS) * REST_STEP_MS : at;
}

function kindOf({ role }: Entry): Kind {
  if (role.kind === 'client') return role.machine instanceof InviteClient ? 'inviteClient' : 'nonInviteClient';
  return role.machine instanceof InviteServer ? 'inviteServer' : 'nonInviteServer';
}

function addressKey({ transport, address, port }: TransportAddress): string {
  return `${transport} ${address} ${port}`;
}
