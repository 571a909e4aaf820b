import { lowerCase, spaceEnd } from './token.ts';

/**
 * ```abnf
 * hostport      = host [":" port]                            ; RFC 3261 §25.1
 * host          = hostname / IPv4address / IPv6reference
 * IPv6reference = "[" IPv6address "]"                        ; RFC 5954, and the ":::" of RFC 5118 §4.10
 * ```
 * Names with an underscore are in use and taken.
 */

const MAX_PORT = 65_535;

/** Index after the host that begins at `start` and goes no further than `end`; -1 when there is none. */
export function hostEnd(text: string, start: number, end: number): number {
  if (text.charCodeAt(start) !== 0x5b) {
    const index = nameEnd(text, start, end);
    return index === start ? -1 : index;
  }
  const index = addressEnd(text, start + 1, end);
  return index === start + 1 || index >= end || text.charCodeAt(index) !== 0x5d ? -1 : index + 1;
}

/** The host from `start` to its end: in lower case, IPv6 without brackets. */
export function readHost(text: string, start: number, end: number): string {
  return lowerCase(text.charCodeAt(start) === 0x5b ? text.slice(start + 1, end - 1) : text.slice(start, end));
}

/** A host as it is written: IPv6 in brackets. Port 0 is left out. */
export function formatHostPort(host: string, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === 0 ? name : `${name}:${port}`;
}

/** The port after the host, which ends at `at`: 0 without one, -1 when malformed. Spaces around the colon as in Via. */
export function parsePort(text: string, at: number, end: number): number {
  const colon = spaceEnd(text, at);
  if (colon >= end) return 0;
  if (text.charCodeAt(colon) !== 0x3a) return -1;
  const start = spaceEnd(text, colon + 1);
  let port = 0;
  let index = start;
  for (; index < end && port <= MAX_PORT; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) break;
    port = port * 10 + digit;
  }
  return index === start || spaceEnd(text, index) < end || port > MAX_PORT ? -1 : port;
}

function nameEnd(text: string, at: number, end: number): number {
  let index = at;
  while (index < end) {
    const code = text.charCodeAt(index);
    const letter = code | 0x20;
    const taken =
      (letter >= 0x61 && letter <= 0x7a) ||
      (code >= 0x30 && code <= 0x39) ||
      code === 0x2e ||
      code === 0x2d ||
      code === 0x5f;
    if (!taken) break;
    index++;
  }
  return index;
}

function addressEnd(text: string, at: number, end: number): number {
  let index = at;
  while (index < end) {
    const code = text.charCodeAt(index);
    const letter = code | 0x20;
    const taken = (letter >= 0x61 && letter <= 0x66) || (code >= 0x30 && code <= 0x3a) || code === 0x2e;
    if (!taken) break;
    index++;
  }
  return index;
}
