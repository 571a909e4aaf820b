import type { Instant } from '../../core/kernel/time.ts';

const BIN_MS = 5;

/** How much of the past each packet leaves: half of the weight is on the last 140 packets. */
const MEMORY = 0.995;

/** Share of packets that should be in time. */
const IN_TIME = 0.97;

/** The fastest path drifts up by this share of the time, so that a slower clock at the source is followed. */
const DRIFT = 500e-6;

/** A step of the transit time beyond this is a jump of the source's clock. */
const JUMP_MS = 2000;

const TIMESTAMP_RANGE = 4294967296;

/** Weights grow instead of all bins shrinking; at this one they are brought down together. */
const WEIGHT_MAX = 1e6;

/** Beside the bins: the weight of the next packet, of all of them, and of those below the bin that the target is in. */
const WEIGHT = 0;
const TOTAL = 1;
const BELOW = 2;
/** Arrival less timestamp of the fastest path, in ticks, NaN before the first packet; and when it was seen last. */
const FASTEST = 3;
const OBSERVED_AT = 4;
/** Of the packet that has just arrived. */
const TIMESTAMP = 5;
const NOW = 6;
const BINS = 7;

/**
 * How long packets must be held so that nearly all come in time: each packet's delay beyond the fastest one, in a
 * histogram that forgets. All numbers lie side by side, where changing them makes no garbage.
 */
export class DelayEstimator {
  readonly #msToTicks: number;
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #numbers: Float64Array;
  /** The bin up to which nearly all packets are in time. */
  #bin = BINS;

  constructor(clockRateHz: number, minMs: number, maxMs: number) {
    this.#msToTicks = clockRateHz / 1000;
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    const numbers = new Float64Array(BINS + Math.ceil(maxMs / BIN_MS) + 1);
    // As though a past without jitter lay behind us.
    numbers[WEIGHT] = 1;
    numbers[TOTAL] = 1 / (1 - MEMORY);
    numbers[BINS] = 1 / (1 - MEMORY);
    numbers[FASTEST] = Number.NaN;
    this.#numbers = numbers;
  }

  /** Delay beyond the fastest path that lets nearly all packets be in time, in milliseconds. */
  get targetMs(): number {
    return Math.max(this.#minMs, Math.min(this.#maxMs, (this.#bin - BINS + 1) * BIN_MS));
  }

  /** See `prefetch.ts`. */
  prefetch(): number {
    return (this.#numbers[WEIGHT]! + this.#numbers[BINS + 1]!) | 0;
  }

  /** Another source: its clock begins elsewhere; the network stays what it was. */
  forgetClock(): void {
    this.#numbers[FASTEST] = Number.NaN;
  }

  /** A packet with this timestamp arrived at `now`. */
  observe(timestamp: number, now: Instant): void {
    // A double that crosses a call which is not inlined would be boxed.
    this.#numbers[TIMESTAMP] = timestamp;
    this.#numbers[NOW] = now;
    this.#observe();
  }

  #observe(): void {
    const numbers = this.#numbers;
    const now = numbers[NOW]!;
    const timestamp = numbers[TIMESTAMP]!;
    const delayMs = this.delayMs(timestamp, now);
    if (Number.isNaN(numbers[FASTEST]) || delayMs < 0 || delayMs > JUMP_MS) {
      numbers[FASTEST] = now * this.#msToTicks - timestamp;
      this.#count(BINS);
    } else {
      numbers[FASTEST]! += (now - numbers[OBSERVED_AT]!) * DRIFT * this.#msToTicks;
      this.#count(Math.min(numbers.length - 1, BINS + Math.floor(delayMs / BIN_MS)));
    }
    numbers[OBSERVED_AT] = now;
  }

  /** How much later than on the fastest path `now` is for that timestamp; 0 before the first packet. */
  delayMs(timestamp: number, now: Instant): number {
    const fastest = this.#numbers[FASTEST]!;
    if (Number.isNaN(fastest)) return 0;
    const ticks = now * this.#msToTicks - timestamp - fastest;
    return (ticks - Math.round(ticks / TIMESTAMP_RANGE) * TIMESTAMP_RANGE) / this.#msToTicks;
  }

  #count(bin: number): void {
    const numbers = this.#numbers;
    const weight = numbers[WEIGHT]!;
    numbers[bin]! += weight;
    numbers[TOTAL]! += weight;
    if (bin < this.#bin) numbers[BELOW]! += weight;
    const inTime = IN_TIME * numbers[TOTAL]!;
    while (this.#bin < numbers.length - 1 && numbers[BELOW]! + numbers[this.#bin]! < inTime) {
      numbers[BELOW]! += numbers[this.#bin++]!;
    }
    while (this.#bin > BINS && numbers[BELOW]! >= inTime) numbers[BELOW]! -= numbers[--this.#bin]!;
    numbers[WEIGHT] = weight / MEMORY;
    if (weight > WEIGHT_MAX) this.#lighten(weight);
  }

  #lighten(weight: number): void {
    const numbers = this.#numbers;
    numbers[WEIGHT] = 1;
    numbers[TOTAL] = 0;
    numbers[BELOW] = 0;
    for (let bin = BINS; bin < numbers.length; bin++) {
      numbers[bin]! /= weight;
      numbers[TOTAL] += numbers[bin]!;
      if (bin < this.#bin) numbers[BELOW] += numbers[bin]!;
    }
  }
}
