import { expect, test } from 'vitest';
import { NEVER } from '../../core/kernel/time.ts';
import { TickSchedule } from '../../media/schedule.ts';

test('ticks keep to the start however late each one is', () => {
  const schedule = new TickSchedule(20, 5);
  schedule.start(100);
  expect(schedule.deadline()).toBe(100);
  expect(schedule.take(100)).toBe(1);
  expect(schedule.deadline()).toBe(120);
  expect(schedule.take(137)).toBe(1);
  expect(schedule.deadline()).toBe(140);
  expect(schedule.take(139.9)).toBe(0);
});

test('late ticks are made up to the limit, and the rest is skipped and counted', () => {
  const schedule = new TickSchedule(20, 5);
  schedule.start(0);
  schedule.take(0);
  expect(schedule.take(65)).toBe(3);
  expect(schedule.late).toBe(2);
  expect(schedule.take(1000)).toBe(5);
  expect(schedule.skipped).toBe(42);
  expect(schedule.deadline()).toBe(1020);
});

test('a stopped schedule has no deadline', () => {
  const schedule = new TickSchedule(20, 5);
  expect(schedule.deadline()).toBe(NEVER);
  schedule.start(7);
  schedule.stop();
  expect(schedule.deadline()).toBe(NEVER);
  expect(schedule.take(1000)).toBe(0);
});

test('ten hours of ticks do not drift', () => {
  const schedule = new TickSchedule(20, 5);
  schedule.start(0.3);
  let done = 0;
  for (let now = 0.3; done < 1_800_000; now = schedule.deadline()) done += schedule.take(now);
  expect(schedule.deadline()).toBeCloseTo(0.3 + 1_800_000 * 20, 3);
  expect(schedule.skipped).toBe(0);
});
