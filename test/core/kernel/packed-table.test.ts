import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PackedTable } from '../../../core/kernel/packed-table.ts';

const PLAIN = { encode: (text: string) => text, decode: (text: string) => text };
const RUNS = { numRuns: 200, seed: 7 };

/** Few keys, so that each is set, replaced and deleted often; texts of every size class, some larger than a page shares. */
const changes = fc.array(
  fc.record({
    key: fc.integer({ min: 0, max: 60 }).map((number) => `key ${number}`),
    text: fc.option(
      fc
        .tuple(fc.string({ unit: 'binary', maxLength: 5 }), fc.constantFrom(0, 1, 30, 300, 70_000))
        .map(([text, more]) => text.padEnd(text.length + more, 'ü')),
    ),
  }),
  { maxLength: 300 },
);

test('a packed table holds what a map would, whatever is set, replaced and deleted', () => {
  fc.assert(
    fc.property(changes, (all) => {
      const [table, map] = [new PackedTable(PLAIN), new Map<string, string>()];
      for (const { key, text } of all) {
        if (text === null) expect(table.delete(key)).toBe(map.delete(key));
        else {
          table.set(key, text.toWellFormed());
          map.set(key, text.toWellFormed());
        }
      }
      expect(table.size).toBe(map.size);
      expect([...table.keys()].sort()).toEqual([...map.keys()].sort());
      expect([...table.values()].sort()).toEqual([...map.values()].sort());
      for (let number = 0; number <= 60; number++) expect(table.get(`key ${number}`)).toBe(map.get(`key ${number}`));
    }),
    RUNS,
  );
});

test('what is no longer in use is read from its text, and a key keeps its slot until it is deleted', () => {
  const table = new PackedTable<{ readonly number: number }>({
    encode: ({ number }) => String(number),
    decode: (text) => ({ number: Number(text) }),
  });
  const first = { number: 0 };
  const slot = table.set('0', first);
  expect(table.get('0')).toBe(first);
  const slots = new Set([slot]);
  for (let number = 1; number < 20_000; number++) slots.add(table.set(String(number), { number }));
  expect(slots.size).toBe(20_000);
  expect(table.get('0')).not.toBe(first);
  for (let number = 0; number < 20_000; number++) expect(table.get(String(number))).toEqual({ number });
  expect([table.slotOf('0'), table.keyAt(slot), table.slotOf('nobody')]).toEqual([slot, '0', -1]);
  table.delete('0');
  expect(table.set('another', first)).toBe(slot);
});

test('the room of what was deleted is used again', () => {
  const table = new PackedTable(PLAIN);
  const fill = (round: number) => {
    for (let number = 0; number < 5_000; number++) table.set(`${number}`, `${round} `.padEnd(100 + (number % 50)));
  };
  const externalAfter = (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      fill(round);
      for (let number = 0; number < 5_000; number += 2) table.delete(`${number}`);
    }
    return process.memoryUsage().arrayBuffers;
  };
  const once = externalAfter(2);
  expect(externalAfter(40) - once).toBeLessThan(1 << 20);
});
