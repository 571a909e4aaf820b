import type { Instant, WallTime } from './time.ts';

/** The two clocks. The only door to real time; machines get `now` as an argument. */
export interface Clock {
  now(): Instant;
  wallTime(): WallTime;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
};

/** Wall time that corresponds to an instant: how machines stamp records without reading a clock. */
export type Calendar = (now: Instant) => WallTime;

/** A calendar that follows the system's clock: exact for the present instant. */
export function calendarOf(clock: Clock): Calendar {
  return (now) => clock.wallTime() + (now - clock.now());
}
