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

/**
 * A calendar that follows the system's clock: exact for the present instant. In whole milliseconds, as stamps are stored
 * and shown: rows are paged by them, and a part that the text of a stamp leaves out would lose rows between two pages.
 */
export function calendarOf(clock: Clock): Calendar {
  return (now) => Math.floor(clock.wallTime() + (now - clock.now()));
}
