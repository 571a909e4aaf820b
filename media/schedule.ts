import { type Instant, NEVER } from '../core/kernel/time.ts';

/**
 * Absolute ticks: tick n is due at start + n × period, however late the ones before it were, so that a stream never
 * drifts from its clock. Late ticks are made up, at most `catchUpLimit` at a time; what is beyond is skipped and
 * counted. A stopped schedule has no deadline and costs nothing.
 */
export class TickSchedule {
  readonly #periodMs: number;
  readonly #catchUpLimit: number;
  #startedAt: Instant = 0;
  #next = 0;
  #running = false;
  /** Ticks that began a whole period or more after their time, and ticks that never happened. */
  late = 0;
  skipped = 0;

  constructor(periodMs: number, catchUpLimit: number) {
    this.#periodMs = periodMs;
    this.#catchUpLimit = catchUpLimit;
  }

  /** Tick 0 is due at once. No effect while running. */
  start(now: Instant): void {
    if (this.#running) return;
    this.#running = true;
    this.#startedAt = now;
    this.#next = 0;
  }

  stop(): void {
    this.#running = false;
  }

  deadline(): Instant {
    return this.#running ? this.#startedAt + this.#next * this.#periodMs : NEVER;
  }

  /** How many ticks to do now; they count as done. */
  take(now: Instant): number {
    if (!this.#running) return 0;
    const reached = Math.floor((now - this.#startedAt) / this.#periodMs + 1e-6) + 1;
    let due = reached - this.#next;
    if (due <= 0) return 0;
    this.late += due - 1;
    if (due > this.#catchUpLimit) {
      this.skipped += due - this.#catchUpLimit;
      due = this.#catchUpLimit;
    }
    this.#next = reached;
    return due;
  }
}
