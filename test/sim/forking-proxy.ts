import { DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { HeaderName, Message, Request, Response } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import type { SipPacket } from '../../sip/stack.ts';
import { buildRequest, buildResponse, respond, write } from '../../sip/writer.ts';
import type { Party, Send } from './world.ts';

type Field = readonly [HeaderName, string];

/** One who is called, and how long after the first. */
export interface Branch {
  readonly to: TransportAddress;
  readonly afterMs: number;
}

export interface ForkingProxyOptions {
  readonly name: string;
  readonly address: TransportAddress;
  readonly branches: readonly Branch[];
  /** Whether the others are canceled when one has answered (RFC 3261 §16.7 step 10). */
  readonly others: 'canceled' | 'left to ring';
}

/**
 * A proxy that sends one INVITE to several phones (RFC 3261 §16.7) and steps out of the way of what they make of it. It
 * speaks over a network that loses nothing: it repeats nothing.
 */
export class ForkingProxy implements Party {
  readonly name: string;
  readonly addresses: readonly TransportAddress[];
  readonly #options: ForkingProxyOptions;
  readonly #sends: Send[] = [];
  readonly #planned = new DeadlineHeap<{ readonly invite: Request; readonly index: number }>();
  /** What each branch was asked, until it has its final answer. */
  readonly #asked = new Map<string, { readonly invite: Request; readonly to: TransportAddress }>();

  constructor(options: ForkingProxyOptions) {
    this.#options = options;
    this.name = options.name;
    this.addresses = [options.address];
  }

  receive({ bytes, source }: SipPacket, now: Instant): void {
    const { message } = parse(bytes);
    if (message?.type === 'response') this.#passResponse(message);
    else if (message?.method === 'INVITE') {
      for (const index of this.#options.branches.keys()) {
        this.#planned.add(now + this.#options.branches[index]!.afterMs, { invite: message, index });
      }
    } else if (message?.method === 'CANCEL') {
      this.#send(respond(message, 200, { toTag: 'proxy' }), source);
      this.#cancelAll();
    }
  }

  expire(now: Instant): void {
    const planned = this.#planned.takeDue(now);
    if (planned !== undefined) this.#fork(planned.invite, planned.index);
  }

  deadline(): Instant {
    return this.#planned.size === 0 ? NEVER : this.#planned.next();
  }

  poll(): Send | undefined {
    return this.#sends.shift();
  }

  #fork(invite: Request, index: number): void {
    const { address } = this.#options;
    const branch = `z9hG4bKfork${index}`;
    const via: Field = ['Via', `SIP/2.0/UDP ${address.address}:${address.port};branch=${branch}`];
    const { method, uri, body } = invite;
    const request = buildRequest({ method, uri, fields: [via, ...invite.fields], body });
    const { to } = this.#options.branches[index]!;
    this.#asked.set(branch, { invite: request, to });
    this.#send(request, to);
  }

  #passResponse(response: Response): void {
    const { branch } = response.topVia;
    const asked = this.#asked.get(branch);
    if (response.cseq.method !== 'INVITE' || response.status === 100 || asked === undefined) return;
    if (response.status >= 300) {
      this.#asked.delete(branch);
      this.#send(this.#inBranch('ACK', asked.invite, response.first('To')!), asked.to);
    }
    // One that was canceled has nothing to say to whoever called.
    if (response.status >= 300 && this.#asked.size > 0) return;
    const fields = response.fields.filter(([name], index, all) => {
      return name !== 'Via' || index !== all.findIndex(([other]) => other === 'Via');
    });
    const { status, reason, body } = response;
    const above = buildResponse({ status, reason, fields, body });
    const { host, port } = above.topVia;
    this.#send(above, { transport: 'udp', address: host, port });
    if (status < 200 || status >= 300 || this.#options.others === 'left to ring') return;
    for (const other of this.#asked.keys()) if (other !== branch) this.#cancel(other);
  }

  #cancelAll(): void {
    for (const branch of this.#asked.keys()) this.#cancel(branch);
  }

  #cancel(branch: string): void {
    const { invite, to } = this.#asked.get(branch)!;
    this.#send(this.#inBranch('CANCEL', invite, invite.first('To')!), to);
  }

  /** A request that belongs to the transaction of an INVITE (RFC 3261 §9.1, §17.1.1.3). */
  #inBranch(method: 'ACK' | 'CANCEL', { uri, fields, cseq }: Request, to: string): Request {
    const own = fields.find(([name]) => name === 'Via')!;
    const kept = fields.filter(([name]) => name === 'From' || name === 'Call-ID' || name === 'Max-Forwards');
    return buildRequest({ method, uri, fields: [own, ...kept, ['To', to], ['CSeq', `${cseq.number} ${method}`]] });
  }

  #send(message: Message, destination: TransportAddress): void {
    this.#sends.push({ destination, localPort: this.#options.address.port, bytes: write(message) });
  }
}
