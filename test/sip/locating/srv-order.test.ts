import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import type { SrvRecord } from '../../../sip/locating/records.ts';
import { inSrvOrder } from '../../../sip/locating/srv-order.ts';

const record = fc.record({
  priority: fc.integer({ min: 0, max: 3 }),
  weight: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65_535 })),
  port: fc.integer({ min: 1, max: 65_535 }),
  target: fc.constantFrom('a.example', 'b.example', 'c.example'),
});

test('RFC 2782: every server is tried once, those of a lower priority first', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), fc.integer(), (records, seed) => {
      const order = inSrvOrder(records, seeded(seed));
      expect(new Set(order)).toEqual(new Set(records));
      expect(order).toHaveLength(records.length);
      const priorities = order.map(({ priority }) => priority);
      expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
    }),
    { seed: 7, numRuns: 500 },
  );
});

/** How often each of these weights comes first in so many draws. */
function firsts(weights: readonly number[], draws: number): readonly number[] {
  const random = seeded(11);
  const records = weights.map((weight, index): SrvRecord => ({ priority: 0, weight, port: 5060, target: `${index}` }));
  const counts = weights.map(() => 0);
  for (let draw = 0; draw < draws; draw++) counts[Number(inSrvOrder(records, random)[0]!.target)]!++;
  return counts;
}

test('a server comes first as often as its weight says', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 50, max: 500 }), { minLength: 2, maxLength: 5 }), (weights) => {
      const draws = 4_000;
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [index, count] of firsts(weights, draws).entries()) {
        const share = weights[index]! / total;
        // Four standard deviations, and the one value in `total` that the rule gives to the first record.
        const bound = 4 * Math.sqrt((share * (1 - share)) / draws) + 1 / total;
        expect(Math.abs(count / draws - share)).toBeLessThan(bound);
      }
    }),
    { seed: 7, numRuns: 40 },
  );
});

test('a server without weight hardly ever comes first beside one that has some, and servers without any share the first place', () => {
  const [none, some] = firsts([0, 99], 10_000) as [number, number];
  expect(none).toBeGreaterThan(0);
  expect(none).toBeLessThan(200);
  expect(some + none).toBe(10_000);
  const order = inSrvOrder(
    [0, 0, 0].map((weight, index) => ({ priority: 0, weight, port: 5060, target: `${index}` })),
    seeded(1),
  );
  expect(order.map(({ target }) => target)).toEqual(['0', '1', '2']);
});

test('the second place is drawn among those that are left', () => {
  const records = [1, 10_000, 10_000].map((weight, index) => ({ priority: 0, weight, port: 1, target: `${index}` }));
  const lasts = new Set<string>();
  const random = seeded(3);
  for (let draw = 0; draw < 50; draw++) lasts.add(inSrvOrder(records, random)[2]!.target);
  expect(lasts).toEqual(new Set(['0']));
});
