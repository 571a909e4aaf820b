import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Driver } from '../../../core/kernel/driver.ts';
import { NEVER } from '../../../core/kernel/time.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A machine with a list of deadlines; each turn takes the due ones and notes when it ran. */
function machine(...deadlines: number[]) {
  const start = performance.now();
  const clock = { now: () => performance.now() - start, wallTime: () => 0 };
  const turns: number[] = [];
  const rig = {
    deadlines,
    turns,
    onTurn: () => {},
    driver: new Driver(
      clock,
      (now) => {
        turns.push(now);
        while (deadlines.length > 0 && deadlines[0]! <= now) deadlines.shift();
        rig.onTurn();
      },
      () => deadlines[0] ?? NEVER,
    ),
  };
  return rig;
}

test('a wake turns the machine at once, and each deadline turns it again', () => {
  const { driver, turns } = machine(100, 250.5);
  driver.wake();
  expect(turns).toEqual([0]);
  vi.advanceTimersByTime(1_000);
  expect(turns).toEqual([0, 100, 251]);
  expect(vi.getTimerCount()).toBe(0);
});

test('an earlier deadline arms the timer anew, a later one leaves it', () => {
  const rig = machine(500);
  rig.driver.wake();
  rig.deadlines.unshift(50);
  rig.driver.wake();
  vi.advanceTimersByTime(50);
  expect(rig.turns).toEqual([0, 0, 50]);
  rig.deadlines[0] = 700;
  rig.driver.wake();
  vi.advanceTimersByTime(1_000);
  expect(rig.turns).toEqual([0, 0, 50, 50, 700]);
});

test('wakes inside a turn are one more turn, in a macrotask of its own', () => {
  const rig = machine();
  let wakes = 3;
  rig.onTurn = () => {
    const before = rig.turns.length;
    for (; wakes > 0; wakes--) rig.driver.wake();
    expect(rig.turns).toHaveLength(before);
  };
  rig.driver.wake();
  expect(rig.turns).toHaveLength(1);
  vi.runAllTimers();
  expect(rig.turns).toHaveLength(2);
});

test('a turn that leaves something due is repeated until nothing is, and timers work after it', () => {
  const rig = machine(100, 200);
  rig.driver.wake();
  rig.onTurn = () => {
    if (rig.turns.length === 2) rig.deadlines.unshift(10);
  };
  vi.advanceTimersByTime(300);
  expect(rig.turns.slice(0, 2)).toEqual([0, 100]);
  expect(rig.turns[2]).toBeLessThanOrEqual(101);
  expect(rig.turns.at(-1)).toBe(200);
  expect(rig.deadlines).toEqual([]);
});

test('deadlines beyond the range of timers are waited for all the same', () => {
  const month = 30 * 24 * 3_600_000;
  const { driver, turns } = machine(month);
  driver.wake();
  vi.advanceTimersByTime(month);
  expect(turns).toEqual([0, month]);
});

test('after a stop no turn begins', () => {
  const rig = machine(100);
  rig.driver.wake();
  rig.onTurn = () => rig.driver.wake();
  rig.driver.wake();
  rig.driver.stop();
  rig.driver.wake();
  vi.runAllTimers();
  expect(rig.turns).toHaveLength(2);
});

test('a turn that throws does not wedge the driver', () => {
  const rig = machine();
  rig.onTurn = () => {
    throw new Error('a bug');
  };
  expect(() => rig.driver.wake()).toThrow('a bug');
  rig.onTurn = () => {};
  rig.driver.wake();
  expect(rig.turns).toHaveLength(2);
});
