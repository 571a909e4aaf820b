import type { Instant, WallTime } from './time.ts';

/** The two clocks. The only door to real time; machines get `now` as an argument. */
export interface Clock {
  now(): Instant;
  wallTime(): WallTime;
}

/** Asked for by its name, it is looked up anew each time. */
const { performance: monotonic } = globalThis;

export const systemClock: Clock = {
  now: () => monotonic.now(),
  wallTime: () => Date.now(),
};

/** The system's clock was set, or has drifted: from here on the calendar follows it. */
const CLOCK_STEP_MS = 5;

/** Wall time that corresponds to an instant: how machines stamp records without reading a clock. */
export type Calendar = (now: Instant) => WallTime;

/**
 * A calendar that follows the system's clock: exact for the present instant. In whole milliseconds, as stamps are stored
 * and shown: rows are paged by them, and a part that the text of a stamp leaves out would lose rows between two pages.
 */
export function calendarOf(clock: Clock): Calendar {
  let offsetMs = clock.wallTime() - clock.now();
  let lastNow: Instant = Number.NaN;
  let lastAt: WallTime = 0;
  return (now) => {
    // Everything that follows from one input happens at one instant.
    if (now === lastNow) return lastAt;
    // The two clocks tick apart by up to a millisecond: what is later shall not be told as earlier for that.
    const presentMs = clock.wallTime() - clock.now();
    if (Math.abs(presentMs - offsetMs) > CLOCK_STEP_MS) offsetMs = presentMs;
    lastNow = now;
    lastAt = Math.floor(now + offsetMs);
    return lastAt;
  };
}
