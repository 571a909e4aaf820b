import { expect, test } from 'vitest';
import { calendarOf } from '../../../core/kernel/clock.ts';

test('a calendar stamps whole milliseconds, however fine the clock is', () => {
  const calendar = calendarOf({ now: () => 1_000.75, wallTime: () => 1_800_000_000_000 });
  expect(calendar(1_000.75)).toBe(1_800_000_000_000);
  expect(calendar(1_000.5)).toBe(1_799_999_999_999);
  expect(calendar(2_000.9)).toBe(1_800_000_001_000);
});
