import type { TransportProtocol } from '../ports.ts';
import { isAddress, isIpv4, isIpv6 } from './address-text.ts';
import { CODEC_NAMES } from './codec-names.ts';

/** Values of settings from their texts. Each reader gives undefined for a text that is no such value. */

/** `host` without brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface SipListener extends HostPort {
  readonly transport: TransportProtocol;
}

/** Both ends belong to it. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export function oneOf<Word extends string>(...words: readonly Word[]): (text: string) => Word | undefined {
  return (text) => words.find((word) => word === text);
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** About a hundred years: beyond it a wall time is no number of milliseconds that can be reckoned with. */
const DURATION_MAX_MS = 36_500 * 86_400_000;

/** Milliseconds of `1500ms`, `60s`, `5m`, `12h`, `90d`. */
export function durationMsOf(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  const ms = Number(count) * UNIT_MS[unit]!;
  return ms <= DURATION_MAX_MS ? ms : undefined;
}

/** Seconds, from the least that RFC 4028 §4 allows; 0 for `off`. */
export function sessionExpiresSOf(text: string): number | undefined {
  const ms = text === 'off' ? 0 : durationMsOf(text);
  if (ms === undefined || (ms !== 0 && ms < 90_000) || ms > 86_400_000) return undefined;
  return text !== 'off' && ms === 0 ? undefined : Math.floor(ms / 1_000);
}

/** `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080`. */
export function hostPortOf(text: string): HostPort | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^[\]:]+)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) return undefined;
  if (bracketed !== undefined) return isIpv6(bracketed) ? { host: bracketed, port: Number(port) } : undefined;
  return plain !== undefined && isHost(plain) ? { host: plain, port: Number(port) } : undefined;
}

/** A name, or an IPv4 address in full: `1.2.3` and `256.1.1.1` are neither. */
function isHost(text: string): boolean {
  return /^[\d.]+$/.test(text) ? isIpv4(text) : /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text);
}

/** `udp:0.0.0.0:5060`, `tcp:[::1]:0`. The host is an address: a socket is bound to one, not to a name. */
export function listenerOf(text: string): SipListener | undefined {
  const [, transport, rest] = /^(udp|tcp|tls|ws|wss):(.*)$/.exec(text) ?? [];
  const place = rest === undefined ? undefined : hostPortOf(rest);
  if (place === undefined || !isAddress(place.host)) return undefined;
  return { transport: transport as TransportProtocol, ...place };
}

/** `20000-29999`: unprivileged, and room for one stream with RTP and RTCP at least. */
export function portRangeOf(text: string): PortRange | undefined {
  const [, from, to] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
  const range = { from: Number(from), to: Number(to) };
  return range.from >= 1024 && range.to <= 65_535 && range.to > range.from ? range : undefined;
}

export function workerCountOf(text: string): number | undefined {
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= 64 ? count : undefined;
}

/** A literal address, without brackets. */
export function addressOf(text: string): string | undefined {
  return isAddress(text) ? text : undefined;
}

/** `10.0.0.0/8`, `fc00::/7`. */
export function networkOf(text: string): string | undefined {
  const [, address, length] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  if (address === undefined) return undefined;
  const bits = isIpv4(address) ? 32 : isIpv6(address) ? 128 : -1;
  return Number(length) <= bits ? text : undefined;
}

/** ISO 3166-1 alpha-2, in upper case. */
export function countryOf(text: string): string | undefined {
  return /^[a-z]{2}$/i.test(text) ? text.toUpperCase() : undefined;
}

/** Names of codecs with commas between, each once, however they are written; as `CODEC_NAMES` writes them. */
export function codecsOf(text: string): readonly string[] | undefined {
  const names = text
    .split(',')
    .map((part) => CODEC_NAMES.find((name) => name.toLowerCase() === part.trim().toLowerCase()));
  if (names.includes(undefined) || new Set(names).size !== names.length) return undefined;
  // Without one that everybody has, and that is decoded here, no flow could be heard.
  return names.some((name) => name !== 'G729') ? (names as string[]) : undefined;
}
