const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** A literal IPv4 address: four numbers, without leading zeros. */
export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

/** A literal IPv6 address (RFC 4291 §2.2) without brackets and zone. */
export function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const groups = [...head!, ...(tail ?? [])];
  const last = groups.at(-1);
  const endsInIpv4 = last?.includes('.') === true;
  if (endsInIpv4 && !isIpv4(last)) return false;
  const hexadecimal = endsInIpv4 ? groups.slice(0, -1) : groups;
  if (!hexadecimal.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  const size = hexadecimal.length + (endsInIpv4 ? 2 : 0);
  return halves.length === 2 ? size <= 7 : size === 8;
}

export function isAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}
