import type { Instant } from '../core/kernel/time.ts';
import { COUNTER } from './counters.ts';

/** How long one look at the load lasts. */
const WINDOW_MS = 500;
/** A thread is busy from the first on, and calm below the second: shares of the time that its core has. */
const BUSY = 0.9;
const CALM = 0.75;
/** Shares of its ticks that were a whole one late, or did not come at all. */
const LATE = 0.25;
const IN_TIME = 0.05;
/** With fewer ticks in a window their lateness says nothing. */
const TICKS_MIN = 10;
/** Windows in a row that something must be wrong: a collection of garbage is no overload. */
const PATIENCE = 3;

/**
 * Whether a media thread has more to do than it can: by the processor time that it takes and the ticks that come late,
 * which tell as well that others have the core. Says so before the sound of the calls that it has suffers.
 */
export class LoadMeter {
  readonly #counters: Float64Array;
  #windowAt: Instant;
  #cpuUs: number;
  #ticks: number;
  #lateTicks: number;
  #badWindows = 0;
  isOverloaded = false;

  constructor(counters: Float64Array, now: Instant) {
    this.#counters = counters;
    this.#windowAt = now;
    this.#cpuUs = counters[COUNTER.cpuUs]!;
    this.#ticks = counters[COUNTER.ticks]!;
    this.#lateTicks = lateTicks(counters);
  }

  /** After the counters were brought up to date; true when a look was taken. */
  measure(now: Instant): boolean {
    const elapsedMs = now - this.#windowAt;
    if (elapsedMs < WINDOW_MS) return false;
    const counters = this.#counters;
    const busyShare = (counters[COUNTER.cpuUs]! - this.#cpuUs) / (1000 * elapsedMs);
    const ticks = counters[COUNTER.ticks]! - this.#ticks;
    const lateShare = ticks < TICKS_MIN ? 0 : (lateTicks(counters) - this.#lateTicks) / ticks;
    this.#windowAt = now;
    this.#cpuUs = counters[COUNTER.cpuUs]!;
    this.#ticks = counters[COUNTER.ticks]!;
    this.#lateTicks = lateTicks(counters);
    counters[COUNTER.busyShareMax] = busyShare;
    this.#judge(busyShare, lateShare);
    return true;
  }

  #judge(busyShare: number, lateShare: number): void {
    this.#badWindows = busyShare >= BUSY || lateShare >= LATE ? this.#badWindows + 1 : 0;
    if (this.#badWindows >= PATIENCE) this.isOverloaded = true;
    else if (busyShare < CALM && lateShare <= IN_TIME) this.isOverloaded = false;
  }
}

function lateTicks(counters: Float64Array): number {
  return counters[COUNTER.ticksLate]! + counters[COUNTER.ticksSkipped]!;
}
