import { spaceEnd } from './token.ts';

/**
 * ```abnf
 * hostport      = host [":" port]                            ; RFC 3261 §25.1
 * host          = hostname / IPv4address / IPv6reference
 * IPv6reference = "[" IPv6address "]"                        ; RFC 5954, and the ":::" of RFC 5118 §4.10
 * ```
 * Names with an underscore are in use and taken.
 */
export interface HostPort {
  /** Lower case, IPv6 without brackets. */
  readonly host: string;
  /** 0 when absent. */
  readonly port: number;
}

const MAX_PORT = 65_535;

/** The text from `start` to `end` as host and port, spaces around the colon allowed as in Via; else undefined. */
export function parseHostPort(text: string, start: number, end: number): HostPort | undefined {
  let hostStart = start;
  let hostEnd: number;
  let index: number;
  if (text.charCodeAt(start) === 0x5b) {
    hostStart = start + 1;
    hostEnd = addressEnd(text, hostStart, end);
    if (hostEnd >= end || text.charCodeAt(hostEnd) !== 0x5d) return undefined;
    index = hostEnd + 1;
  } else {
    hostEnd = nameEnd(text, hostStart, end);
    index = hostEnd;
  }
  if (hostEnd === hostStart) return undefined;
  const port = parsePort(text, index, end);
  return port < 0 ? undefined : { host: text.slice(hostStart, hostEnd).toLowerCase(), port };
}

/** A host as it is written: IPv6 in brackets. Port 0 is left out. */
export function formatHostPort(host: string, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === 0 ? name : `${name}:${port}`;
}

/** The port after the host, which ends at `at`: 0 without one, -1 when malformed. */
function parsePort(text: string, at: number, end: number): number {
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
