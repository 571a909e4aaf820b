import { expect, test } from 'vitest';
import { hexToken, timeOrderedUuid, uuid } from '../../../core/kernel/ids.ts';
import { type Random, secure, seeded } from '../../../core/kernel/random.ts';

function counting(): Random {
  const fill = (into: Uint8Array, count: number): void => {
    for (let i = 0; i < count; i++) into[i] = i * 17;
  };
  return { next: () => 0, bytes: (count) => new Uint8Array(count), fill };
}

test('an id has the form, version and variant of RFC 9562, and its random bytes in order', () => {
  expect(uuid(counting())).toBe('00112233-4455-4677-8899-aabbccddeeff');
  expect(timeOrderedUuid(counting(), 0x0193_8a4b_cdef)).toBe('01938a4b-cdef-7677-8899-aabbccddeeff');
  expect(hexToken(counting(), 5)).toBe('0011223344');
});

test('ids that begin with their time are ordered by it', () => {
  const random = seeded(1);
  const ids = Array.from({ length: 1_000 }, (_, i) => timeOrderedUuid(random, 1_800_000_000_000 + i * 1_000));
  expect([...ids].sort()).toEqual(ids);
});

test('no token comes twice, whatever the size of those before it', () => {
  const random = secure();
  const tokens = Array.from({ length: 5_000 }, (_, i) => hexToken(random, 16 + (i % 17)));
  expect(new Set(tokens).size).toBe(5_000);
  expect(new Set(random.bytes(10_000)).size).toBe(256);
});

test('a token longer than there is room for is a fault of ours', () => {
  expect(() => hexToken(seeded(1), 65)).toThrow('at most 64 bytes');
});
