import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { parseNameAddress } from '../../sip/grammar/name-address.ts';
import type { HeaderName, Message, Request, Response, Uri } from '../../sip/message.ts';
import { parse } from '../../sip/parser.ts';
import type { SipPacket } from '../../sip/stack.ts';
import { buildRequest, buildResponse, write } from '../../sip/writer.ts';
import type { Party, Send } from './world.ts';

type Field = readonly [HeaderName, string];

export interface RecordRouterOptions {
  readonly name: string;
  readonly address: TransportAddress;
  /** Where a request for `home` goes that no Route leads on: to it, or to a router on the way. */
  readonly next: TransportAddress;
  readonly home: TransportAddress;
  /** A strict router (RFC 2543) takes the Request-URI for its own; a loose one has `lr` (RFC 3261 §16.12). */
  readonly routing: 'loose' | 'strict';
}

/** A proxy that keeps nothing (RFC 3261 §16.11), and stays in the way of what it has seen begin. */
export class RecordRouter implements Party {
  readonly name: string;
  readonly addresses: readonly TransportAddress[];
  readonly #options: RecordRouterOptions;
  readonly #sends: Send[] = [];
  readonly #own: string;
  /** Requests that it has sent on. */
  passed = 0;

  constructor(options: RecordRouterOptions) {
    this.#options = options;
    this.name = options.name;
    this.addresses = [options.address];
    const { address, port } = options.address;
    this.#own = `sip:${address}:${port}${options.routing === 'loose' ? ';lr' : ''}`;
  }

  receive({ bytes, source }: SipPacket, _now: Instant): void {
    const { message } = parse(bytes);
    if (message?.type === 'request') this.#passRequest(message, source);
    else if (message !== undefined) this.#passResponse(message);
  }

  expire(): void {}

  deadline(): Instant {
    return NEVER;
  }

  poll(): Send | undefined {
    return this.#sends.shift();
  }

  #passRequest(request: Request, source: TransportAddress): void {
    const { address } = this.#options;
    const routes = [...request.all('Route')];
    let uri = request.uri;
    // Route preprocessing (RFC 3261 §16.4): a strict router before us put our URI into the request line.
    if (this.#isOwn(uri) && routes.length > 0) uri = parseNameAddress(routes.pop()!)!.uri;
    if (routes.length > 0 && this.#isOwn(parseNameAddress(routes[0]!)!.uri)) routes.shift();
    const [first] = routes;
    const next = first === undefined ? undefined : parseNameAddress(first)!.uri;
    // Before a strict router its URI goes into the request line, and what stood there to the end (§16.6 step 6).
    if (next !== undefined && !next.parameters.has('lr')) {
      routes.shift();
      routes.push(`<${uri.text}>`);
      uri = next;
    }
    const branch = `z9hG4bKrr${address.port}${request.topVia.branch}${request.method === 'ACK' ? '' : request.method}`;
    const fields: Field[] = [['Via', `SIP/2.0/UDP ${address.address}:${address.port};branch=${branch}`]];
    for (const [name, value] of request.fields) {
      if (name === 'Route') continue;
      if (name === 'Via' && fields.length === 1) fields.push([name, stamped(value, source)]);
      else if (name === 'Max-Forwards') fields.push([name, String(Number(value) - 1)]);
      else fields.push([name, value]);
    }
    for (const route of routes) fields.push(['Route', route]);
    if (request.toTag === '' && request.method === 'INVITE') fields.splice(1, 0, ['Record-Route', `<${this.#own}>`]);
    if (request.method === 'REGISTER') fields.splice(1, 0, ['Path', `<${this.#own}>`]);
    this.passed++;
    this.#send(buildRequest({ method: request.method, uri, fields, body: request.body }), this.#hop(next, uri));
  }

  /** Where a request goes: along its Route, else to its Request-URI. */
  #hop(next: Uri | undefined, uri: Uri): TransportAddress {
    const target = next ?? uri;
    if (target.host === this.#options.home.address) return this.#options.next;
    return { transport: 'udp', address: target.host, port: target.port === 0 ? 5060 : target.port };
  }

  #passResponse(response: Response): void {
    const fields = response.fields.filter(([name], index, all) => {
      return name !== 'Via' || index !== all.findIndex(([other]) => other === 'Via');
    });
    const below = buildResponse({ status: response.status, reason: response.reason, fields, body: response.body });
    const { host, port, parameters } = below.topVia;
    const address = parameters.get('received') ?? host;
    this.#send(below, { transport: 'udp', address, port: Number(parameters.get('rport') || port || 5060) });
  }

  #isOwn({ host, port }: Uri): boolean {
    const { address } = this.#options;
    return host === address.address && port === address.port;
  }

  #send(message: Message, destination: TransportAddress): void {
    const bytes = write(message);
    this.#sends.push({ destination, localPort: this.#options.address.port, bytes });
  }
}

/** The Via of whom it came from, with where that was (RFC 3581 §4). */
function stamped(via: string, { address, port }: TransportAddress): string {
  return `${via.replace(/;rport(?=;|$)/, '')};received=${address};rport=${port}`;
}
