import { bitsOf } from '../../core/kernel/network.ts';
import type { Parameters, Uri } from '../message.ts';
import { formatHostPort, hostEnd, parsePort, readHost } from './host.ts';
import { MAX_PARAMETERS, NO_PARAMETERS, ParameterChain } from './parameters.ts';
import { percentDecode, percentEncode } from './percent-encoding.ts';
import { lowerCase } from './token.ts';

/**
 * ```abnf
 * SIP-URI        = "sip:" [userinfo] hostport uri-parameters [headers]        ; RFC 3261 §25.1
 * userinfo       = (user / telephone-subscriber) [":" password] "@"
 * uri-parameters = *(";" uri-parameter)
 * headers        = "?" header *("&" header)
 * telephone-uri  = "tel:" telephone-subscriber                                ; RFC 3966 §3
 * ```
 * The user part takes every visible character that ends nothing: phones send `#` and other characters unescaped.
 */

/** What a message without a readable address has in its place. */
export const NO_URI: Uri = {
  scheme: '',
  user: '',
  password: '',
  host: '',
  port: 0,
  parameters: NO_PARAMETERS,
  headers: '',
  text: '',
};

/** Reads an addr-spec without angle brackets; undefined when it is no URI. Unknown schemes keep only their text. */
export function parseUri(text: string): Uri | undefined {
  const colon = text.indexOf(':');
  if (colon <= 0 || UNCLEAN.test(text)) return undefined;
  if (colon === 3 && text.startsWith('sip')) return parseSipUri(text, 'sip', 4);
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme === 'sip' || scheme === 'sips') return parseSipUri(text, scheme, colon + 1);
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme) || colon + 1 === text.length) return undefined;
  return scheme === 'tel' ? parseTelUri(text, colon + 1) : { ...NO_URI, scheme, text };
}

function parseSipUri(text: string, scheme: string, start: number): Uri | undefined {
  const at = text.indexOf('@', start);
  let user = '';
  let password = '';
  let hostStart = start;
  if (at >= 0) {
    if (text.includes('@', at + 1)) return undefined;
    const colon = text.indexOf(':', start);
    const userEnd = colon >= 0 && colon < at ? colon : at;
    user = percentDecode(text.slice(start, userEnd));
    if (userEnd < at) password = percentDecode(text.slice(userEnd + 1, at));
    hostStart = at + 1;
  }
  const question = text.indexOf('?', hostStart);
  const parametersEnd = question < 0 ? text.length : question;
  const semicolon = text.indexOf(';', hostStart);
  const portEnd = semicolon < 0 || semicolon > parametersEnd ? parametersEnd : semicolon;
  const portStart = hostEnd(text, hostStart, portEnd);
  const port = portStart < 0 ? -1 : parsePort(text, portStart, portEnd);
  if (port < 0) return undefined;
  const parameters = portEnd === parametersEnd ? NO_PARAMETERS : parseUriParameters(text, portEnd + 1, parametersEnd);
  if (parameters === undefined) return undefined;
  const headers = question < 0 ? '' : text.slice(question + 1);
  const host = readHost(text, hostStart, portStart);
  return { scheme, user, password, host, port, parameters, headers, text };
}

function parseTelUri(text: string, start: number): Uri | undefined {
  const semicolon = text.indexOf(';', start);
  const numberEnd = semicolon < 0 ? text.length : semicolon;
  const parameters = semicolon < 0 ? NO_PARAMETERS : parseUriParameters(text, semicolon + 1, text.length);
  if (parameters === undefined || numberEnd === start) return undefined;
  return { ...NO_URI, scheme: 'tel', user: percentDecode(text.slice(start, numberEnd)), parameters, text };
}

/** Names and values are unescaped once; an empty or repeated one makes the URI malformed (§19.1.1). */
function parseUriParameters(text: string, from: number, limit: number): Parameters | undefined {
  let first: ParameterChain | undefined;
  let last: ParameterChain | undefined;
  let count = 0;
  for (let start = from; start <= limit; ) {
    const semicolon = text.indexOf(';', start);
    const end = semicolon < 0 || semicolon > limit ? limit : semicolon;
    const equals = text.indexOf('=', start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    const name = lowerCase(percentDecode(text.slice(start, nameEnd)));
    if (name === '' || first?.has(name) || count++ === MAX_PARAMETERS) return undefined;
    const value = nameEnd === end ? '' : percentDecode(text.slice(nameEnd + 1, end));
    last = last === undefined ? new ParameterChain(name, value) : last.append(name, value);
    first ??= last;
    start = end + 1;
  }
  return first;
}

/** Space, control character, quote or angle bracket: what could end the URI where it is written again. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is searched for.
const UNCLEAN = /[\x00-\x20"<>\x7f]/;

/** What a URI is built from; the rest defaults to absent. */
export interface UriParts {
  /** `sip` when left out. */
  readonly scheme?: 'sip' | 'sips';
  /** Unescaped. */
  readonly user?: string;
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  readonly port?: number;
  readonly parameters?: Parameters;
}

const USER_CHARACTERS = /^[A-Za-z0-9\-_.!~*'()&=+$,;?/]+$/;
const PARAMETER_CHARACTERS = /^[A-Za-z0-9\-_.!~*'()[\]/:&+$]+$/;

/** A SIP URI of its parts, escaped where needed (RFC 3261 §19.1.2). */
export function buildUri(parts: UriParts): Uri {
  const { scheme = 'sip', user = '', port = 0, parameters = NO_PARAMETERS } = parts;
  const host = parts.host.toLowerCase();
  const userPart = user === '' ? '' : `${percentEncode(user, USER_CHARACTERS)}@`;
  let text = `${scheme}:${userPart}${formatHostPort(host, port)}`;
  if (parameters !== NO_PARAMETERS) text += formatUriParameters(parameters);
  return { scheme, user, password: '', host, port, parameters, headers: '', text };
}

function formatUriParameters(parameters: Parameters): string {
  let text = '';
  for (const [name, value] of parameters) {
    text += `;${percentEncode(name, PARAMETER_CHARACTERS)}`;
    if (value !== '') text += `=${percentEncode(value, PARAMETER_CHARACTERS)}`;
  }
  return text;
}

/** Parameters that must be in both URIs or in neither (RFC 3261 §19.1.4). */
const DECISIVE = ['user', 'ttl', 'method', 'maddr', 'transport'];

/** Whether two URIs name the same resource (RFC 3261 §19.1.4; RFC 3966 §4 for tel). Not transitive. */
export function uriEquals(a: Uri, b: Uri): boolean {
  if (a.scheme !== b.scheme) return false;
  if (a.scheme === 'tel')
    return userOf(a).toLowerCase() === userOf(b).toLowerCase() && sameParameters(a.parameters, b.parameters);
  if (a.scheme !== 'sip' && a.scheme !== 'sips') return a.text === b.text;
  return (
    a.user === b.user &&
    a.password === b.password &&
    sameHost(a.host, b.host) &&
    a.port === b.port &&
    DECISIVE.every((name) => a.parameters.has(name) === b.parameters.has(name)) &&
    [...a.parameters].every(
      ([name, value]) => (b.parameters.get(name) ?? value).toLowerCase() === value.toLowerCase(),
    ) &&
    sameHeaders(a.headers, b.headers)
  );
}

/** An IPv6 address is the same however it is written (RFC 5954 §4.2). */
function sameHost(a: string, b: string): boolean {
  if (a === b) return true;
  const [first, second] = a.includes(':') && b.includes(':') ? [bitsOf(a), bitsOf(b)] : [];
  return first !== undefined && second !== undefined && first.family === second.family && first.bits === second.bits;
}

/** Whom a URI names: a telephone number without what makes it easier to read (RFC 3966 §5.1.1). */
export function userOf({ scheme, user }: Pick<Uri, 'user'> & Partial<Pick<Uri, 'scheme'>>): string {
  return scheme === 'tel' ? user.replace(/[-.()]/g, '') : user;
}

function sameParameters(a: Parameters, b: Parameters): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name)?.toLowerCase() === value.toLowerCase());
}

function sameHeaders(a: string, b: string): boolean {
  return a === b || headerSet(a) === headerSet(b);
}

function headerSet(headers: string): string {
  const pairs = headers.split('&').map((header) => {
    const [name = '', ...value] = header.split('=');
    return `${percentDecode(name).toLowerCase()}=${percentDecode(value.join('='))}`;
  });
  return pairs.sort().join('&');
}
