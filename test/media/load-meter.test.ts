import { expect, test } from 'vitest';
import { COUNTER, COUNTER_COUNT } from '../../media/counters.ts';
import { LoadMeter } from '../../media/load-meter.ts';

/** A thread that takes these shares of its core, and of whose ticks these are late, for so many half seconds each. */
function judged(
  spans: readonly (readonly [windows: number, busyShare: number, lateShare?: number, ticks?: number])[],
): boolean[] {
  const counters = new Float64Array(COUNTER_COUNT);
  let now = 1000;
  const meter = new LoadMeter(counters, now);
  const seen: boolean[] = [];
  for (const [windows, busyShare, lateShare = 0, ticks = 25] of spans) {
    for (let window = 0; window < windows; window++) {
      for (let step = 0; step < 5; step++) {
        now += 100;
        counters[COUNTER.cpuUs]! += 100_000 * busyShare;
        counters[COUNTER.ticks]! += ticks / 5;
        counters[COUNTER.ticksLate]! += (ticks / 5) * lateShare;
        expect(meter.measure(now)).toBe(step === 4);
      }
      expect(counters[COUNTER.busyShareMax]).toBeCloseTo(busyShare, 9);
      seen.push(meter.isOverloaded);
    }
  }
  return seen;
}

test('a thread that takes nine tenths of its core for a second and a half is overloaded, until it is calm', () => {
  expect(judged([[5, 0.85]])).toEqual([false, false, false, false, false]);
  expect(judged([[4, 0.92]])).toEqual([false, false, true, true]);
  expect(
    judged([
      [3, 0.92],
      [2, 0.8],
      [1, 0.7],
      [2, 0.92],
    ]),
  ).toEqual([false, false, true, true, true, false, false, false]);
});

test('a thread whose ticks come late is overloaded however little it takes: others have the core', () => {
  expect(
    judged([
      [3, 0.3, 0.4],
      [1, 0.3, 0.1],
      [1, 0.3, 0],
    ]),
  ).toEqual([false, false, true, true, false]);
  expect(judged([[4, 0.3, 0.2]])).toEqual([false, false, false, false]);
});

test('one long pause is no overload, and a few ticks tell nothing', () => {
  expect(
    judged([
      [1, 1, 1],
      [1, 0.5],
      [2, 1, 1],
      [1, 0.5],
    ]),
  ).toEqual([false, false, false, false, false]);
  expect(judged([[6, 0.1, 1, 5]])).toEqual([false, false, false, false, false, false]);
});
