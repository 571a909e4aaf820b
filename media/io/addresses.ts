import { ipv6Groups } from '../sdp/address.ts';

/**
 * Addresses as numbers. An IPv4 address is itself, unsigned 32 bits. An IPv6 address has no number of its own: it is given
 * one from 2^32 up while a leg has to do with it (`address-book.ts`). An address with a port is packed as
 * `address * 65536 + port`: of IPv4 below 2^48, of IPv6 above, exact as both are below 2^53.
 */

/** Any IPv6 address that no leg has to do with. */
export const STRANGER_IPV6 = 2 ** 32;
/** From here on packed addresses are IPv6. */
export const FIRST_PACKED_IPV6 = 2 ** 48;

/** IPv4 addresses that share their first `prefixBits` bits with `address`. With 32 of them, that address of either family. */
export interface Network {
  readonly address: number;
  readonly prefixBits: number;
}

export function pack(address: number, port: number): number {
  return address * 65536 + port;
}

export function addressOf(packed: number): number {
  return Math.floor(packed / 65536);
}

export function portOf(packed: number): number {
  return packed % 65536;
}

/** The address in dotted decimal without leading zeros, or undefined when the text is anything else. */
export function parseIpv4(text: string): number | undefined {
  let address = 0;
  let start = 0;
  for (let count = 1; count <= 4; count++) {
    const end = count < 4 ? text.indexOf('.', start) : text.length;
    const octet = octetOf(text, start, end);
    if (octet < 0) return undefined;
    address = address * 256 + octet;
    start = end + 1;
  }
  return address;
}

/** 0 to 255 in one to three digits without a leading zero, else -1. */
function octetOf(text: string, start: number, end: number): number {
  const length = end - start;
  if (length < 1 || length > 3 || (length > 1 && text.charCodeAt(start) === 0x30)) return -1;
  let octet = 0;
  for (let index = start; index < end; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    octet = octet * 10 + digit;
  }
  return octet > 255 ? -1 : octet;
}

export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** `a.b.c.d/n`, or `a.b.c.d` for a single address; undefined when the text is anything else. */
export function parseNetwork(text: string): Network | undefined {
  const [first, prefix, ...rest] = text.split('/', 3);
  const address = parseIpv4(first!);
  if (address === undefined || rest.length > 0) return undefined;
  if (prefix === undefined) return { address, prefixBits: 32 };
  if (!/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) return undefined;
  return { address, prefixBits: Number(prefix) };
}

export function contains(network: Network, address: number): boolean {
  if (network.prefixBits === 32) return network.address === address;
  if (address >= STRANGER_IPV6) return false;
  return network.prefixBits === 0 || (network.address ^ address) >>> (32 - network.prefixBits) === 0;
}

/** The eight groups of a literal IPv6 address, without its zone; undefined for any other text. */
export function parseIpv6(text: string): readonly number[] | undefined {
  if (!text.includes(':')) return undefined;
  const zone = text.indexOf('%');
  return ipv6Groups(zone < 0 ? text : text.slice(0, zone));
}

/** An IPv6 address in one form, whatever its text: eight groups in full. */
export function keyOfIpv6(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

/** The IPv4 address behind `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2), undefined when it is none. */
export function mappedIpv4(groups: readonly number[]): number | undefined {
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return isMapped ? groups[6]! * 65536 + groups[7]! : undefined;
}
