import { expect, test } from 'vitest';
import { calendarOf } from '../../../core/kernel/clock.ts';

test('a calendar stamps whole milliseconds, however fine the clock is', () => {
  const calendar = calendarOf({ now: () => 1_000.75, wallTime: () => 1_800_000_000_000 });
  expect(calendar(1_000.75)).toBe(1_800_000_000_000);
  expect(calendar(1_000.5)).toBe(1_799_999_999_999);
  expect(calendar(2_000.9)).toBe(1_800_000_001_000);
});

test('what is later is never told as earlier, though the clocks tick apart; a clock that is set is followed', () => {
  let now = 0;
  let setBackMs = 0;
  const calendar = calendarOf({ now: () => now, wallTime: () => Math.floor(1_800_000_000_000.4 + now) - setBackMs });
  let last = 0;
  for (let step = 0; step < 1_000; step++) {
    now += 0.37;
    const at = calendar(now);
    expect(at).toBeGreaterThanOrEqual(last);
    last = at;
  }
  setBackMs = 3_600_000;
  now += 0.37;
  expect(Math.abs(calendar(now) - (last - 3_600_000))).toBeLessThan(2);
});
