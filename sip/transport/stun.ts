import { isIP } from 'node:net';

/**
 * STUN Binding on the SIP port, with which phones that support outbound keep a UDP flow alive (RFC 5626 §4.4.2, RFC
 * 8489). Nothing else of STUN is needed there: no credentials, no other method.
 */
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const MAGIC_COOKIE = 0x2112a442;
const HEADER_BYTES = 20;

/** The answer to a Binding request: the source as we see it (RFC 8489 §14.2). Undefined when the bytes are no such request. */
export function answerStun(bytes: Uint8Array, address: string, port: number): Uint8Array | undefined {
  if (bytes.length < HEADER_BYTES || bytes.length % 4 !== 0) return undefined;
  const request = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isBinding = request.getUint16(0) === BINDING_REQUEST && request.getUint32(4) === MAGIC_COOKIE;
  if (!isBinding || request.getUint16(2) !== bytes.length - HEADER_BYTES) return undefined;
  const numbers = addressBytes(address);
  const answer = new Uint8Array(HEADER_BYTES + 8 + numbers.length);
  const view = new DataView(answer.buffer);
  answer.set(bytes.subarray(0, HEADER_BYTES));
  view.setUint16(0, BINDING_SUCCESS);
  view.setUint16(2, 8 + numbers.length);
  view.setUint16(20, XOR_MAPPED_ADDRESS);
  view.setUint16(22, 4 + numbers.length);
  view.setUint16(24, numbers.length === 4 ? 1 : 2);
  view.setUint16(26, port ^ (MAGIC_COOKIE >>> 16));
  for (let i = 0; i < numbers.length; i++) answer[28 + i] = numbers[i]! ^ bytes[4 + i]!;
  return answer;
}

/** 4 or 16 bytes in network order. */
function addressBytes(address: string): readonly number[] {
  if (isIP(address) === 4) return address.split('.').map(Number);
  const [head = '', tail = ''] = address.replace(/%.*/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
}
