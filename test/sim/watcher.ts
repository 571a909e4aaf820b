import { DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import { hexToken } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { buildUri } from '../../sip/grammar/uri.ts';
import type { Request, Response } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import type { SipPacket } from '../../sip/stack.ts';
import { RFC_TIMING } from '../../sip/transaction/timing.ts';
import { type Arrival, TransactionLayer } from '../../sip/transaction/transaction-layer.ts';
import { buildRequest, respond } from '../../sip/writer.ts';
import { authorizationFor } from './challenged.ts';
import type { Party, Send } from './world.ts';

type Act =
  /** The first subscribes, those after it refresh; 0 leaves. */
  { readonly kind: 'subscribe'; readonly expiresS: number } | { readonly kind: 'unplug' };

export interface WatcherOptions {
  readonly name: string;
  readonly address: TransportAddress;
  readonly username: string;
  readonly password: string;
  readonly server: TransportAddress;
  readonly random: Random;
  /** Event and the phone that is watched. */
  readonly event: string;
  readonly watched: string;
  /** What it calls itself in its Contact when it does not know its address, as browsers do. */
  readonly ownHost?: string;
}

/** The busy lamp of a phone: subscribes to another one, takes what it is told, and remembers what it shows. */
export class Watcher implements Party {
  readonly name: string;
  readonly addresses: readonly TransportAddress[];
  /** Subscription-State and document of every NOTIFY that was new, and statuses of its SUBSCRIBEs. */
  readonly told: string[] = [];
  readonly documents: string[] = [];
  readonly layer: TransactionLayer;
  readonly #options: WatcherOptions;
  readonly #acts = new DeadlineHeap<Act>();
  readonly #sends: Send[] = [];
  readonly #callId: string;
  readonly #tag: string;
  #remoteTag = '';
  #cseq = 0;
  #isUnplugged = false;
  #asked = { expiresS: 0, transaction: 0, isChallenged: false };

  constructor(options: WatcherOptions) {
    const { name, address, random } = options;
    this.#options = options;
    this.name = name;
    this.addresses = [address];
    this.#callId = hexToken(random, 8);
    this.#tag = hexToken(random, 4);
    const contactFor = () => ({ host: address.address, port: address.port, transport: address.transport });
    this.layer = new TransactionLayer({ random, timing: RFC_TIMING, contactFor, serverTransactionsMax: 100 });
  }

  plan(at: Instant, act: Act): void {
    this.#acts.add(at, act);
  }

  receive({ bytes, source, localPort }: SipPacket, now: Instant): void {
    if (this.#isUnplugged) return;
    const { message } = parse(bytes);
    if (message !== undefined) this.layer.receive(message, source, localPort, now);
    this.#drain(now);
  }

  expire(now: Instant): void {
    const act = this.#acts.takeDue(now);
    if (act?.kind === 'unplug') this.#isUnplugged = true;
    else if (act !== undefined) {
      this.#asked = { ...this.#asked, expiresS: act.expiresS, isChallenged: false };
      this.#subscribe(undefined, now);
    } else this.layer.expire(now);
    this.#drain(now);
  }

  deadline(): Instant {
    return this.#isUnplugged ? NEVER : Math.min(this.#acts.next(), this.layer.deadline());
  }

  poll(): Send | undefined {
    return this.#sends.shift();
  }

  #subscribe(authorization: string | undefined, now: Instant): void {
    const { server, username, address, event, watched, ownHost = address.address } = this.#options;
    const uri = buildUri({ user: watched, host: server.address });
    const transport = address.transport === 'udp' ? '' : `;transport=${address.transport}`;
    const tag = this.#remoteTag === '' ? '' : `;tag=${this.#remoteTag}`;
    const request = buildRequest({
      method: 'SUBSCRIBE',
      uri,
      fields: [
        ['Max-Forwards', '70'],
        ['From', `<sip:${username}@${server.address}>;tag=${this.#tag}`],
        ['To', `<${uri.text}>${tag}`],
        ['Call-ID', this.#callId],
        ['CSeq', `${++this.#cseq} SUBSCRIBE`],
        ['Contact', `<sip:${username}@${ownHost}:${address.port}${transport}>`],
        ['Event', event],
        ['Expires', String(this.#asked.expiresS)],
        ...(authorization === undefined ? [] : [['Authorization', authorization] as const]),
      ],
    });
    this.#asked.transaction = this.layer.request(request, server, address.port, now);
  }

  #answered(response: Response, now: Instant): void {
    const { username, password, server, random, watched } = this.#options;
    const uri = buildUri({ user: watched, host: server.address }).text;
    const asked = { username, password, method: 'SUBSCRIBE', uri, random };
    const authorization = this.#asked.isChallenged ? undefined : authorizationFor(response, asked);
    if (authorization !== undefined) {
      this.#asked.isChallenged = true;
      this.#subscribe(authorization, now);
    } else if (response.status >= 200) {
      this.told.push(`subscribed ${response.status}`);
      this.#remoteTag = response.status < 300 ? response.toTag : '';
    }
  }

  #notified(arrival: Arrival, now: Instant): void {
    const { request } = arrival;
    const transaction = this.layer.open(arrival, now);
    if (typeof transaction !== 'number') return;
    const isOurs = request.method === 'NOTIFY' && request.callId === this.#callId;
    this.layer.respond(transaction, respond(request, isOurs ? 200 : 481, { toTag: this.#tag }), now);
    if (isOurs) this.#show(request);
  }

  #show(request: Request): void {
    const document = new TextDecoder().decode(request.body);
    const state = (request.first('Subscription-State') ?? '').split(';')[0];
    const phases = [...document.matchAll(/<state>(\w+)<\/state>/g)].map(([, phase]) => phase);
    this.documents.push(document);
    this.told.push([state, ...phases].join(' '));
  }

  #drain(now: Instant): void {
    for (let output = this.layer.poll(); output !== undefined; output = this.layer.poll()) {
      if (output.kind === 'send') this.#sends.push(output);
      else if (output.kind === 'request') this.#notified(output, now);
      else if (output.kind === 'response' && output.transaction === this.#asked.transaction) {
        this.#answered(output.response, now);
      }
    }
  }
}
