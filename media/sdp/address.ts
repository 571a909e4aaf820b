import type { Connection } from './session-description.ts';

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** The 32 bits of a dotted quad, undefined when it is none. */
export function ipv4ToNumber(address: string): number | undefined {
  if (!IPV4.test(address)) return undefined;
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The eight 16-bit groups of a literal IPv6 address (RFC 4291 §2.2, without zone), undefined when it is none. */
export function ipv6Groups(address: string): readonly number[] | undefined {
  if (address.length > 45) return undefined;
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function groupsOf(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    const quad = mayEndInIpv4 && i === parts.length - 1 ? ipv4ToNumber(part) : undefined;
    if (quad !== undefined) groups.push(quad >>> 16, quad & 0xffff);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/**
 * What can be sent to an address: `unicast`, `unspecified` (0.0.0.0 and ::, the hold of RFC 3264 §8.4), or `unusable`:
 * multicast, broadcast, a host name, or not an address of its stated family.
 */
export function reachOf(connection: Connection): 'unicast' | 'unspecified' | 'unusable' {
  if (connection.family === 'IP4') {
    const number = ipv4ToNumber(connection.address);
    if (number === undefined || number >= 0xe0000000) return 'unusable';
    return number === 0 ? 'unspecified' : 'unicast';
  }
  const groups = ipv6Groups(connection.address);
  if (groups === undefined || groups[0]! >= 0xff00) return 'unusable';
  return groups.every((group) => group === 0) ? 'unspecified' : 'unicast';
}

/** The `c=` line for a literal address of either family. */
export function connectionOf(address: string): Connection {
  return { family: address.includes(':') ? 'IP6' : 'IP4', address };
}
