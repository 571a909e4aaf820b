import type { Parameters } from '../message.ts';
import { NO_PARAMETERS, ParameterChain } from './parameters.ts';
import { quote, quotedStringEnd, unquote } from './quoted-string.ts';
import { cutOut, lowerCase, spaceEnd, tokenEnd } from './token.ts';

/**
 * ```abnf
 * challenge   = auth-scheme LWS auth-param *(COMMA auth-param)      ; RFC 3261 §25.1, RFC 7235 §2.1
 * credentials = auth-scheme LWS auth-param *(COMMA auth-param)
 * auth-param  = token EQUAL (token / quoted-string)
 * ```
 */
export interface AuthenticationField {
  /** Lower case: `digest`. */
  readonly scheme: string;
  /** Names in lower case, values unquoted. */
  readonly parameters: Parameters;
}

/** More parameters than this make the field malformed. */
const MAX_PARAMETERS = 32;

/** Names of a digest (RFC 7616 §3.3, §3.4). */
const KNOWN = ['username', 'realm', 'nonce', 'uri', 'response', 'algorithm', 'qop', 'nc', 'cnonce', 'opaque', 'stale'];

const COMMA = 0x2c;
const EQUALS = 0x3d;
const QUOTE = 0x22;

/** WWW-Authenticate and Proxy-Authenticate; undefined when malformed or when a parameter is repeated. */
export function parseChallenge(text: string): AuthenticationField | undefined {
  const schemeEnd = tokenEnd(text, 0);
  let index = spaceEnd(text, schemeEnd);
  if (schemeEnd === 0 || (index === schemeEnd && index < text.length)) return undefined;
  let first: ParameterChain | undefined;
  let last: ParameterChain | undefined;
  let count = 0;
  while (index < text.length) {
    const nameEnd = tokenEnd(text, index);
    const equals = spaceEnd(text, nameEnd);
    if (nameEnd === index || text.charCodeAt(equals) !== EQUALS) return undefined;
    const name = lowerCase(cutOut(text, index, nameEnd, KNOWN));
    const valueStart = spaceEnd(text, equals + 1);
    const quoted = text.charCodeAt(valueStart) === QUOTE;
    const valueEnd = quoted ? quotedStringEnd(text, valueStart) : plainValueEnd(text, valueStart);
    if (valueEnd < 0 || first?.has(name) || count++ === MAX_PARAMETERS) return undefined;
    const value = quoted ? unquote(text, valueStart, valueEnd) : text.slice(valueStart, valueEnd);
    last = last === undefined ? new ParameterChain(name, value) : last.append(name, value);
    first ??= last;
    index = spaceEnd(text, valueEnd);
    if (index === text.length) break;
    if (text.charCodeAt(index) !== COMMA) return undefined;
    index = spaceEnd(text, index + 1);
  }
  return { scheme: readScheme(text, schemeEnd), parameters: first ?? NO_PARAMETERS };
}

function readScheme(text: string, end: number): string {
  return end === 6 && text.startsWith('Digest') ? 'digest' : text.slice(0, end).toLowerCase();
}

/** Authorization and Proxy-Authorization; undefined when malformed or when a parameter is repeated. */
export const parseCredentials: (text: string) => AuthenticationField | undefined = parseChallenge;

/** `[name, value, how the value is written]`, e.g. `['nc', '00000001', 'token']`. */
export type AuthenticationParameter = readonly [name: string, value: string, form: 'quoted' | 'token'];

/** A challenge or credentials as header value. */
export function formatAuthentication(scheme: string, parameters: readonly AuthenticationParameter[]): string {
  let text = scheme;
  for (let index = 0; index < parameters.length; index++) {
    const [name, value, form] = parameters[index]!;
    text += `${index === 0 ? ' ' : ', '}${name}=${form === 'quoted' ? quote(value) : value}`;
  }
  return text;
}

/** Some phones send values with characters outside a token (`uri=sip:…`) without quotes. */
function plainValueEnd(text: string, at: number): number {
  for (let index = at; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === COMMA || code === 0x20 || code === 0x09) return index;
    if (code === QUOTE) return -1;
  }
  return text.length;
}
