import type { Directory } from '../../core/directory/directory.ts';
import type { Binding, Extension } from '../../core/directory/records.ts';
import type { Calendar } from '../../core/kernel/clock.ts';
import { hexToken } from '../../core/kernel/ids.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant, WallTime } from '../../core/kernel/time.ts';
import type { SignalingEvent, TransportAddress } from '../../core/ports.ts';
import { parseNameAddress } from '../grammar/name-address.ts';
import { quote } from '../grammar/quoted-string.ts';
import { parseUri, uriEquals } from '../grammar/uri.ts';
import type { HeaderName, NameAddress, Request, Response, Uri } from '../message.ts';
import { respond } from '../writer.ts';
import { ownCopy } from './own-copy.ts';

/** Shortest and longest time granted, in seconds; the longest is also the default (RFC 3261 §10.3 step 6). */
const EXPIRES_MIN = 60;
const EXPIRES_MAX = 3_600;

const BINDINGS_MAX = 3;
const PATH_MAX = 16;
const USER_AGENT_LENGTH_MAX = 200;

export interface RegistrarOptions {
  readonly directory: Directory;
  readonly calendar: Calendar;
  /** For To tags. */
  readonly random: Random;
  /** Bindings an extension may have; the newest replace the oldest. 3 when left out. */
  readonly bindingsMax?: number;
}

export interface RegistrarResult {
  readonly response: Response;
  /** What the request changes, in order; the directory changes when the core applies them. */
  readonly events: readonly SignalingEvent[];
}

/** A refusal, with the fields it carries. */
interface Refusal {
  readonly status: number;
  readonly reason?: string;
  readonly fields?: [HeaderName, string][];
}

/** One contact of a request, judged. */
interface Change {
  readonly contact: NameAddress;
  readonly expiresS: number;
  readonly instance: string;
  readonly regId: number;
}

/** The registrar of authenticated REGISTERs: RFC 3261 §10.3, with the fields of RFC 3327 (Path) and RFC 5626 (outbound). */
export class Registrar {
  readonly #options: RegistrarOptions;

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  /** Answers a REGISTER of a proven extension. All of its changes happen, or none. */
  receive(
    request: Request,
    extension: Extension,
    source: TransportAddress,
    localPort: number,
    now: Instant,
  ): RegistrarResult {
    const at = Math.floor(this.#options.calendar(now));
    const known = this.#options.directory.bindings(extension.id, 0);
    const live = known.filter((binding) => binding.expiresAt > at);
    const path = readPath(request);
    const changes = path === undefined ? { status: 400, reason: 'Malformed Path' } : judge(request, extension, live);
    if ('status' in changes) return this.#refuse(request, changes);
    let next = live;
    for (const change of changes) {
      const old = live.find((binding) => isSame(binding, change));
      if (old !== undefined && isOutOfOrder(request, old)) return this.#refuse(request, { status: 500 });
      next = next.filter((binding) => !isSame(binding, change));
      if (change.expiresS === 0) continue;
      const binding = bind({ request, extension, source, localPort, at, path: path ?? [], change, old });
      next = [binding, ...next].slice(0, this.#options.bindingsMax ?? BINDINGS_MAX);
    }
    const toTag = this.#tag();
    const response = respond(request, 200, { toTag, fields: describe(request, next, changes, at) });
    return { response, events: difference(known, next) };
  }

  #refuse(request: Request, refusal: Refusal): RegistrarResult {
    const { status, ...extra } = refusal;
    return { response: respond(request, status, { toTag: this.#tag(), ...extra }), events: [] };
  }

  #tag(): string {
    return hexToken(this.#options.random, 8);
  }
}

/** The changes a request asks for, none for a query; or why it is refused. */
function judge(request: Request, extension: Extension, live: readonly Binding[]): readonly Change[] | Refusal {
  if (!isSip(request.to.uri)) return { status: 400, reason: 'Address of Record Is No SIP URI' };
  if (request.to.uri.user !== extension.extension) return { status: 403 };
  if (request.contactIsStar) {
    const alone = request.all('Contact').length === 1 && readSeconds(request.first('Expires')) === 0;
    if (!alone) return { status: 400, reason: 'Contact * Stands Alone With Expires 0' };
    return live.flatMap(removal);
  }
  const outbound = hasOption(request, 'outbound');
  const changes: Change[] = [];
  for (const contact of request.contacts) {
    if (!isSip(contact.uri)) return { status: 400, reason: 'Contact Is No SIP URI' };
    const asked = readSeconds(contact.parameters.get('expires') ?? request.first('Expires')) ?? EXPIRES_MAX;
    if (asked > 0 && asked < EXPIRES_MIN) return { status: 423, fields: [['Min-Expires', String(EXPIRES_MIN)]] };
    const instance = contact.parameters.get('+sip.instance') ?? '';
    const regId = outbound && instance !== '' ? readRegId(contact.parameters.get('reg-id')) : 0;
    if (regId > 0 && isBehindOldProxy(request)) return { status: 439, reason: 'First Hop Lacks Outbound Support' };
    changes.push({ contact, expiresS: Math.min(asked, EXPIRES_MAX), instance, regId });
  }
  return changes;
}

/** RFC 3261 §10.3 step 5. */
function isSip({ scheme }: Uri): boolean {
  return scheme === 'sip' || scheme === 'sips';
}

function removal(binding: Binding): Change[] {
  const uri = parseUri(binding.contact);
  if (uri === undefined) return [];
  const contact: NameAddress = { displayName: '', uri, parameters: new Map() };
  return [{ contact, expiresS: 0, instance: binding.instance, regId: binding.regId }];
}

/** RFC 3261 §10.3 compares contacts by the rules of URIs; RFC 5626 §6 instance and reg-id, which outlive a contact. */
function isSame(binding: Binding, change: Change): boolean {
  if (change.instance !== '' && change.instance === binding.instance && change.regId === binding.regId) return true;
  if (binding.contact === change.contact.uri.text) return true;
  const uri = parseUri(binding.contact);
  return uri !== undefined && uriEquals(uri, change.contact.uri);
}

/** RFC 3261 §10.3 step 7: within one Call-ID, only a higher CSeq is news. */
function isOutOfOrder(request: Request, old: Binding): boolean {
  return request.callId === old.sipCallId && request.cseq.number <= old.cseq;
}

/** RFC 5626 §6: a proxy between us and the phone must keep the flow, and says so by `ob` in its Path. */
function isBehindOldProxy(request: Request): boolean {
  if (request.all('Via').length < 2) return false;
  const first = parseNameAddress(request.all('Path').at(-1) ?? '');
  return first === undefined || !first.uri.parameters.has('ob');
}

/** Path URIs, first hop first; undefined when one is malformed or there are too many. */
function readPath(request: Request): readonly string[] | undefined {
  const values = request.all('Path');
  if (values.length > PATH_MAX) return undefined;
  const path: string[] = [];
  for (const value of values) {
    const hop = parseNameAddress(value);
    if (hop === undefined) return undefined;
    path.push(ownCopy(hop.uri.text));
  }
  return path;
}

interface Registration {
  readonly request: Request;
  readonly extension: Extension;
  readonly source: TransportAddress;
  readonly localPort: number;
  readonly at: WallTime;
  readonly path: readonly string[];
  readonly change: Change;
  /** The binding that this one refreshes or replaces. */
  readonly old: Binding | undefined;
}

function bind(registration: Registration): Binding {
  const { request, extension, source, localPort, at, path, change, old } = registration;
  return {
    customerId: extension.customerId,
    extensionId: extension.id,
    contact: ownCopy(change.contact.uri.text),
    path,
    transport: source.transport,
    address: source.address,
    port: source.port,
    localPort,
    sipCallId: ownCopy(request.callId),
    cseq: request.cseq.number,
    instance: ownCopy(change.instance),
    regId: change.regId,
    q: readQ(change.contact.parameters.get('q')),
    userAgent: ownCopy((request.first('User-Agent') ?? '').slice(0, USER_AGENT_LENGTH_MAX)),
    registeredAt: old?.registeredAt ?? at,
    expiresAt: at + change.expiresS * 1000,
  };
}

/** Header fields of the 200: every binding with the time it has left. */
function describe(
  request: Request,
  bindings: readonly Binding[],
  changes: readonly Change[],
  at: WallTime,
): [HeaderName, string][] {
  const fields: [HeaderName, string][] = bindings.map((binding) => ['Contact', describeContact(binding, at)]);
  fields.push(['Date', new Date(at).toUTCString()], ['Supported', 'path, outbound']);
  if (hasOption(request, 'path')) for (const hop of request.all('Path')) fields.push(['Path', hop]);
  if (changes.some((change) => change.regId > 0 && change.expiresS > 0)) fields.push(['Require', 'outbound']);
  return fields;
}

function describeContact(binding: Binding, at: WallTime): string {
  let text = `<${binding.contact}>`;
  if (binding.q < 1000) text += `;q=${(binding.q / 1000).toFixed(3)}`;
  if (binding.instance !== '') text += `;+sip.instance=${quote(binding.instance)}`;
  if (binding.regId > 0) text += `;reg-id=${binding.regId}`;
  return `${text};expires=${Math.ceil((binding.expiresAt - at) / 1000)}`;
}

/** What was bound and is no more, then what is bound or refreshed, oldest first as the directory adds them. */
function difference(known: readonly Binding[], next: readonly Binding[]): readonly SignalingEvent[] {
  const gone = known.filter((old) => !next.some((binding) => binding.contact === old.contact));
  const fresh = next.filter((binding) => !known.includes(binding)).reverse();
  return [
    ...gone.map((binding) => ({ kind: 'unbound', binding }) as const),
    ...fresh.map((binding) => ({ kind: 'bound', binding }) as const),
  ];
}

function hasOption(request: Request, option: string): boolean {
  return request.all('Supported').some((value) => value.toLowerCase() === option);
}

/** delta-seconds; a malformed one counts as the default (RFC 3261 §10.2.1.1), an absent one is undefined. */
function readSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^\d{1,10}$/.test(text.trim()) ? Number(text) : EXPIRES_MAX;
}

/** RFC 5626 §4.2: 1 to 2^31 - 1; 0 when absent or malformed. */
function readRegId(text = ''): number {
  const regId = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return regId < 2 ** 31 ? regId : 0;
}

/** qvalue in thousandths (RFC 3261 §25.1); 1000 when absent or malformed. */
function readQ(text: string | undefined): number {
  return text !== undefined && /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Math.round(Number(text) * 1000) : 1000;
}
