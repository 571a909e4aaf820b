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
