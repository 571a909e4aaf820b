/** Bits of the IPv6 network that one host may use as it likes (RFC 4291 §2.5.4, RFC 8981). */
const HOST_NETWORK_GROUPS = 4;

/**
 * Who counts as one source, as text: an IPv4 address, or an IPv6 /64 such as `2001:db8:0:1::/64`, in which a host takes
 * as many addresses as it likes. Link-local addresses, whose network is everybody's (RFC 4291 §2.5.6), and those of the
 * network of the loopback count each by themselves. Takes an address, or what came back.
 */
export function sourceNetworkOf(address: string): string {
  if (!address.includes(':') || address.endsWith('::/64')) return address;
  const groups = leadingGroups(address);
  const isShared = groups.every((group) => group === '0') || /^fe[89ab].$/.test(groups[0]!);
  return isShared ? address : `${groups.join(':')}::/64`;
}

/** The first 64 bits of an IPv6 address, each group without leading zeros. */
export function leadingGroups(address: string): readonly string[] {
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  while (groups.length + after.length < 8) groups.push('0');
  return [...groups, ...after].slice(0, HOST_NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
}
