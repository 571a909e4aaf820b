import { isIpv4, isIpv6 } from './address-text.ts';

/** Addresses that share their first bits (RFC 4632, RFC 4291 §2.3). `key` is the same for all of them, and for no others. */
export interface Network {
  readonly family: 4 | 6;
  readonly prefixLength: number;
  readonly key: string;
}

/** RFC 1918, loopback and link-local, and their IPv6 counterparts (RFC 4193, RFC 4291). */
export const LOCAL_NETS: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
];

/**
 * The network that the text names: a literal address alone, or one with a prefix length. Undefined when it is neither.
 * Bits behind the prefix do not matter.
 */
export function networkOf(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const value = bitsOf(address);
  if (value === undefined) return undefined;
  const size = SIZE[value.family];
  if (slash === -1) return { family: value.family, prefixLength: size, key: keyOf(value, size) };
  const length = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length)) return undefined;
  // Written as IPv6, meant as IPv4: the 96 bits of the mapping are not part of the prefix (RFC 4291 §2.5.5.2).
  const prefixLength = Number(length) - (value.family === 4 && address.includes(':') ? 96 : 0);
  if (prefixLength < 0 || prefixLength > size) return undefined;
  return { family: value.family, prefixLength, key: keyOf(value, prefixLength) };
}

/** An address whose networks can be asked for, one prefix length after another. */
export interface AddressBits {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** Undefined when the text is no literal address. An IPv4 address mapped into IPv6 is the IPv4 address. */
export function bitsOf(text: string): AddressBits | undefined {
  if (isIpv4(text)) return { family: 4, bits: ipv4Bits(text) };
  if (!isIpv6(text)) return undefined;
  const bits = ipv6Bits(text);
  return bits >> 32n === MAPPED ? { family: 4, bits: bits & 0xffff_ffffn } : { family: 6, bits };
}

/** `key` of the network with this prefix length in which the address lies. */
export function keyOf({ family, bits }: AddressBits, prefixLength: number): string {
  return `${family}/${prefixLength}/${(bits >> BigInt(SIZE[family] - prefixLength)).toString(16)}`;
}

const SIZE = { 4: 32, 6: 128 } as const;
const MAPPED = 0xffffn;

function ipv4Bits(text: string): bigint {
  return text.split('.').reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

function ipv6Bits(text: string): bigint {
  const [head, tail] = text.split('::').map(groupsOf);
  const groups = [...head!, ...new Array<bigint>(tail === undefined ? 0 : 8 - head!.length - tail.length).fill(0n)];
  return [...groups, ...(tail ?? [])].reduce((bits, group) => (bits << 16n) | group, 0n);
}

function groupsOf(half: string): bigint[] {
  if (half === '') return [];
  return half.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const bits = ipv4Bits(group);
    return [bits >> 16n, bits & 0xffffn];
  });
}
