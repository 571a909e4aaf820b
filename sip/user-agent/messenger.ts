import { CAUSES, type Cause } from '../../core/calls/cause.ts';
import { hexToken } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { Caller, MessageRequest, SignalingEvent, TransportAddress } from '../../core/ports.ts';
import { printable } from '../dialog/caller-identity.ts';
import { causeOfStatus } from '../dialog/cause-of-status.ts';
import { nextHop } from '../dialog/next-hop.ts';
import { aim, type Field, refusalFields } from '../dialog/session-messages.ts';
import { formatNameAddress } from '../grammar/name-address.ts';
import { buildUri } from '../grammar/uri.ts';
import type { Request, Response } from '../message.ts';
import type { SentBy, TransactionId, TransactionLayer } from '../transaction/transaction-layer.ts';
import { buildRequest, respond } from '../writer.ts';
import { ownCopy } from './own-copy.ts';

export interface MessengerParts {
  readonly layer: TransactionLayer;
  readonly random: Random;
  readonly userAgent: string;
  /** Host in our From and To when the switch has a name; else '' for the address told to the peer. */
  readonly domain: string;
  readonly contactFor: (peer: TransportAddress, localPort: number | undefined) => SentBy;
}

/** What is kept of names that peers choose. */
const NAME_LENGTH_MAX = 128;
const CONTENT_TYPE_LENGTH_MAX = 200;
const CONTENT_TYPE_DEFAULT = 'text/plain';
/** A longer text is for a session of its own (RFC 3428 §8). */
export const MESSAGE_BYTES_MAX = 8_192;

/** Texts outside calls (RFC 3428), either way: what comes waits for the answer of our user, what goes for the phone's. */
export class Messenger {
  readonly #parts: MessengerParts;
  /** Texts that nobody has answered yet. */
  readonly #offered = new LiveMap<number, { readonly transaction: TransactionId; readonly request: Request }>();
  readonly #sent = new Map<TransactionId, number>();
  readonly #signals = new Queue<SignalingEvent>();
  #lastMessage = 0;

  constructor(parts: MessengerParts) {
    this.#parts = parts;
  }

  poll(): SignalingEvent | undefined {
    return this.#signals.shift();
  }

  /** A MESSAGE of somebody who has proven who they are. */
  receive(request: Request, transaction: TransactionId, caller: Caller, now: Instant): void {
    if (request.body.length > MESSAGE_BYTES_MAX) {
      this.#answer(transaction, request, { status: 413, fields: [] }, now);
      return;
    }
    const message = ++this.#lastMessage;
    this.#offered.set(message, { transaction, request });
    const { displayName, uri } = request.from;
    this.#signals.push({
      kind: 'messaged',
      message,
      caller,
      fromUser: ownCopy(uri.user.slice(0, NAME_LENGTH_MAX)),
      fromName: ownCopy(displayName.slice(0, NAME_LENGTH_MAX)),
      toUser: ownCopy(request.uri.user.slice(0, NAME_LENGTH_MAX)),
      contentType: ownCopy((request.first('Content-Type') ?? CONTENT_TYPE_DEFAULT).slice(0, CONTENT_TYPE_LENGTH_MAX)),
      body: request.body.slice(),
    });
  }

  /** 200, or what the cause means. A message that is answered already, or whose sender gave up, needs none. */
  answer(message: number, cause: Cause | undefined, now: Instant): void {
    const offered = this.#offered.get(message);
    if (offered === undefined) return;
    this.#offered.delete(message);
    const answer =
      cause === undefined
        ? { status: 200, fields: [] }
        : { status: CAUSES[cause].sipStatus, fields: refusalFields(cause) };
    this.#answer(offered.transaction, offered.request, answer, now);
  }

  send(delivery: number, message: MessageRequest, now: Instant): void {
    const { layer, contactFor } = this.#parts;
    const { via, localPort } = message.target;
    const aimed = aim(message.target);
    const destination = aimed && nextHop(aimed.next, via && { remote: via, localPort });
    if (aimed === undefined || destination === undefined) {
      this.#signals.push({ kind: 'messageSettled', delivery, cause: 'unavailable' });
      return;
    }
    const port = via?.transport === destination.transport ? localPort : undefined;
    const request = this.#build(message, aimed.uri, contactFor(destination, port));
    this.#sent.set(layer.request(request, destination, port, now), delivery);
  }

  receiveResponse(transaction: TransactionId, { status }: Response): void {
    if (status >= 200) this.#settle(transaction, status < 300 ? undefined : causeOfStatus(status));
  }

  requestFailed(transaction: TransactionId, reason: 'timeout' | 'transport error'): void {
    this.#settle(transaction, reason === 'timeout' ? 'unavailable' : 'network-failed');
  }

  #settle(transaction: TransactionId, cause: Cause | undefined): void {
    const delivery = this.#sent.get(transaction);
    if (delivery === undefined) return;
    this.#sent.delete(transaction);
    this.#signals.push({ kind: 'messageSettled', delivery, cause });
  }

  #build(message: MessageRequest, uri: NonNullable<ReturnType<typeof aim>>['uri'], sentBy: SentBy): Request {
    const { random, userAgent, domain } = this.#parts;
    const host = domain === '' ? sentBy.host : domain;
    const self = formatNameAddress(printable(message.fromName), buildUri({ user: message.fromUser, host }));
    return buildRequest({
      method: 'MESSAGE',
      uri,
      fields: [
        ...message.target.path.map((hop): Field => ['Route', `<${hop}>`]),
        ['Max-Forwards', '70'],
        ['From', `${self};tag=${hexToken(random, 8)}`],
        ['To', formatNameAddress('', buildUri({ user: message.toUser, host }))],
        ['Call-ID', hexToken(random, 16)],
        ['CSeq', '1 MESSAGE'],
        ['User-Agent', userAgent],
        ['Content-Type', printable(message.contentType)],
      ],
      body: message.body,
    });
  }

  #answer(
    transaction: TransactionId,
    request: Request,
    { status, fields }: { readonly status: number; readonly fields: readonly Field[] },
    now: Instant,
  ): void {
    const { layer, random, userAgent } = this.#parts;
    const toTag = hexToken(random, 8);
    layer.respond(transaction, respond(request, status, { toTag, fields: [...fields, ['Server', userAgent]] }), now);
  }
}
