import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LiveMap } from '../../../core/kernel/live-map.ts';

type Step = readonly ['set' | 'delete' | 'clear', number, number];

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.oneof(
    { weight: 9, arbitrary: fc.constant('set' as const) },
    { weight: 8, arbitrary: fc.constant('delete' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  ),
  fc.nat(20),
  fc.nat(),
);

test('it holds what a Map would hold after the same steps, in the same order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const live = new LiveMap<number, number>();
      const map = new Map<number, number>();
      for (const [kind, key, value] of steps) {
        if (kind === 'set') expect(live.set(key, value)).toBe(live);
        else if (kind === 'delete') expect(live.delete(key)).toBe(map.delete(key));
        else live.clear();
        if (kind === 'set') map.set(key, value);
        if (kind === 'clear') map.clear();
        expect(live.get(key)).toBe(map.get(key));
        expect(live.has(key)).toBe(map.has(key));
      }
      expect([live.size, [...live], [...live.keys()], [...live.values()]]).toEqual([
        map.size,
        [...map],
        [...map.keys()],
        [...map.values()],
      ]);
      const seen: [number, number][] = [];
      live.forEach((value, key) => {
        seen.push([key, value]);
      });
      expect(seen).toEqual([...map]);
    }),
  );
});

test('what is deleted while it is walked through is left out', () => {
  const live = new LiveMap<number, string>().set(1, 'a').set(2, 'b').set(3, 'c');
  const seen: string[] = [];
  for (const [key, value] of live) {
    seen.push(value);
    live.delete(key + 1);
  }
  expect(seen).toEqual(['a', 'c']);
});

test('next to nothing of what was deleted reaches the old generation, where a Map brings most of it', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const text = JSON.stringify(new Array(100).fill(7));
  const oldBytes = (): number =>
    getHeapSpaceStatistics()
      .filter(({ space_name }) => /^(old|large_object)_space$/.test(space_name))
      .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
  const agedBytes = (table: Map<number, unknown> | LiveMap<number, unknown>): number => {
    for (let i = 0; i < 30; i++) table.set(i, JSON.parse(text));
    collect();
    collect();
    const before = oldBytes();
    for (let i = 30; i < 120_000; i++) {
      table.set(i, JSON.parse(text));
      table.delete(i - 30);
    }
    return oldBytes() - before;
  };
  // A collection of the old generation that happens to come hides what a Map did.
  expect(Math.max(...[1, 2, 3].map(() => agedBytes(new Map())))).toBeGreaterThan(30_000_000);
  expect(Math.max(...[1, 2, 3].map(() => agedBytes(new LiveMap())))).toBeLessThan(10_000_000);
});
