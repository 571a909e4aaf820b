import type { Instant } from '../../core/kernel/time.ts';

const BIN_MS = 5;

/** How much of the past each packet leaves: half of the weight is on the last 140 packets. */
const MEMORY = 0.995;

/** Share of packets that should be in time. */
const IN_TIME = 0.97;

/** The fastest path drifts up by this much per packet, so that a slower clock at the source is followed: 500 millionths. */
const DRIFT_MS = 0.01;

/** A step of the transit time beyond this is a jump of the source's clock. */
const JUMP_MS = 2000;

const TIMESTAMP_RANGE = 4294967296;

/**
 * How long packets must be held so that nearly all come in time: each packet's delay beyond the fastest one, in a
 * histogram that forgets.
 */
export class DelayEstimator {
  readonly #msToTicks: number;
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #bins: Float64Array;
  /** Arrival less timestamp of the fastest path, in ticks; NaN before the first packet. */
  #fastest = Number.NaN;
  #targetMs: number;

  constructor(clockRateHz: number, minMs: number, maxMs: number) {
    this.#msToTicks = clockRateHz / 1000;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#bins = new Float64Array(Math.ceil(maxMs / BIN_MS) + 1);
    this.#bins[0] = 1;
    this.#targetMs = minMs;
  }

  /** Delay beyond the fastest path that lets nearly all packets be in time, in milliseconds. */
  get targetMs(): number {
    return this.#targetMs;
  }

  /** Another source: its clock begins elsewhere; the network stays what it was. */
  forgetClock(): void {
    this.#fastest = Number.NaN;
  }

  /** A packet with this timestamp arrived at `now`. */
  observe(timestamp: number, now: Instant): void {
    const delayMs = this.delayMs(timestamp, now);
    if (Number.isNaN(this.#fastest) || delayMs < 0 || delayMs > JUMP_MS) {
      this.#fastest = now * this.#msToTicks - timestamp;
      this.#count(0);
      return;
    }
    this.#fastest += DRIFT_MS * this.#msToTicks;
    this.#count(delayMs);
  }

  /** How much later than on the fastest path `now` is for that timestamp; 0 before the first packet. */
  delayMs(timestamp: number, now: Instant): number {
    if (Number.isNaN(this.#fastest)) return 0;
    const ticks = now * this.#msToTicks - timestamp - this.#fastest;
    return (ticks - Math.round(ticks / TIMESTAMP_RANGE) * TIMESTAMP_RANGE) / this.#msToTicks;
  }

  #count(delayMs: number): void {
    const bins = this.#bins;
    for (let i = 0; i < bins.length; i++) bins[i]! *= MEMORY;
    bins[Math.min(bins.length - 1, Math.floor(delayMs / BIN_MS))]! += 1 - MEMORY;
    let share = 0;
    let bin = 0;
    while (bin < bins.length - 1 && share + bins[bin]! < IN_TIME) share += bins[bin++]!;
    this.#targetMs = Math.max(this.#minMs, Math.min(this.#maxMs, (bin + 1) * BIN_MS));
  }
}
