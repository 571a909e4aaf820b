import { expect, test } from 'vitest';
import { PayloadCopy } from '../../../media/rtp/payload-copy.ts';

function filled(length: number, byteOffset = 0): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(length + byteOffset + 8), byteOffset, length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 37 + 11) & 0xff;
  return bytes;
}

test('a payload arrives byte for byte, wherever it begins and ends, and nothing beside it is touched', () => {
  for (const byteOffset of [0, 1, 4]) {
    const from = filled(64, byteOffset);
    for (let start = 0; start < 9; start++) {
      for (let end = start; end < 32; end++) {
        for (let at = 0; at < 6; at++) {
          const to = new Uint8Array(61).fill(0xee);
          new PayloadCopy(to).copy(from, start, end, at);
          const expected = new Uint8Array(61).fill(0xee);
          expected.set(from.subarray(start, end), at);
          expect(to).toEqual(expected);
        }
      }
    }
  }
});

test('packets of several arrays can be copied in turns', () => {
  const to = new Uint8Array(32);
  const copy = new PayloadCopy(to);
  const [a, b] = [filled(16), filled(16, 3).map((byte) => byte ^ 0xff)];
  copy.copy(a, 4, 12, 0);
  copy.copy(b, 4, 12, 8);
  copy.copy(a, 4, 12, 16);
  expect([...to.subarray(0, 24)]).toEqual([...a.subarray(4, 12), ...b.subarray(4, 12), ...a.subarray(4, 12)]);
});
