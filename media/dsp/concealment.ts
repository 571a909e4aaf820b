import { findPitch, longestPeriod, pitchReach } from './pitch.ts';

/** Periods that a long loss takes turns with, so that it does not sound like a machine (G.711 Appendix I §I.2.6). */
const PERIODS_MAX = 3;
/** Another period is taken in after each 10 ms; the sound stands for the first 10 ms and is gone after 100. */
const STEP_MS = 10;
const FADED_MS = 100;
/** What was made goes over into what was said in a quarter of a period, and in this time at the least. */
const RETURN_MS = 1.25;

/**
 * What is heard in the place of packets that did not come, for codecs that know nothing of it themselves: the last
 * pitch periods again, softer and softer, joined without a step at both ends. After ITU-T G.711 Appendix I, but
 * without its delay of 3.75 ms: what is repeated is bent to begin where the sound broke off. It fades more slowly, and
 * goes back to what was said more quickly, which both measure better.
 *
 * At a loss: `begin`, `remember` what was played last, then `fill` as much as is missing and `resume` with what comes
 * behind it. Nothing is allocated after construction.
 */
export class Concealment {
  readonly #rateHz: number;
  /** What was said last, oldest first: its end is what is repeated. */
  readonly #past: Float32Array;
  #period = 0;
  /** Periods in turn, and the place in them. */
  #periods = 1;
  #next = 0;
  #overlap = 0;
  /** What the sound broke off beside the period that goes on for it. */
  #step = 0;
  /** Samples made since the loss began. */
  #made = 0;
  /** Where the turn before the last change would have gone on, and how much of it is still heard. */
  #previousNext = 0;
  #previousPeriods = 1;
  #previousLeft = 0;
  isRunning = false;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
    const longest = longestPeriod(rateHz);
    this.#past = new Float32Array(Math.max(pitchReach(rateHz), PERIODS_MAX * longest + (longest >> 2)));
  }

  /** All that was made is silence by now. */
  get isFaded(): boolean {
    return this.#made >= this.#samples(FADED_MS);
  }

  begin(): void {
    this.isRunning = true;
    this.#made = 0;
    this.#past.fill(0);
  }

  /** What was played last, in its order; what is older than it can use is forgotten. */
  remember(samples: Int16Array, start: number, end: number): void {
    const past = this.#past;
    const count = Math.min(end - start, past.length);
    past.copyWithin(0, count);
    for (let i = 0; i < count; i++) past[past.length - count + i] = samples[end - count + i]!;
  }

  /** Writes `count` samples that might have been said, from `offset` on. */
  fill(samples: Int16Array, offset: number, count: number): void {
    if (this.#made === 0) this.#analyse();
    const stepSamples = this.#samples(STEP_MS);
    for (let i = 0; i < count; i++) {
      const made = this.#made;
      if (made === stepSamples || made === 2 * stepSamples) this.#takeAnotherPeriod();
      samples[offset + i] = Math.round(this.#nextSample() * this.#gain());
      this.#made = made + 1;
    }
  }

  /** Goes over from what was made to what came: changes the first of these samples. */
  resume(samples: Int16Array, offset: number, count: number): void {
    const length = Math.min(count, Math.max(this.#overlap, this.#samples(RETURN_MS)));
    const gain = this.#gain();
    for (let i = 0; i < length; i++) {
      const share = (i + 1) / (length + 1);
      samples[offset + i] = Math.round(samples[offset + i]! * share + this.#nextSample() * gain * (1 - share));
    }
    this.isRunning = false;
  }

  #samples(ms: number): number {
    return (ms * this.#rateHz) / 1000;
  }

  #gain(): number {
    const step = this.#samples(STEP_MS);
    if (this.#made <= step) return 1;
    return Math.max(0, 1 - (this.#made - step) / (this.#samples(FADED_MS) - step));
  }

  #analyse(): void {
    const past = this.#past;
    const end = past.length;
    const { period } = findPitch(past, end, this.#rateHz);
    this.#period = period;
    this.#overlap = period >> 2;
    this.#step = past[end - 1]! - past[end - period - 1]!;
    this.#periods = 1;
    this.#next = end - period;
    this.#previousLeft = 0;
  }

  #takeAnotherPeriod(): void {
    if (this.#periods === PERIODS_MAX) return;
    this.#previousNext = this.#next;
    this.#previousPeriods = this.#periods;
    this.#previousLeft = this.#overlap;
    this.#periods += 1;
    const start = this.#past.length - this.#periods * this.#period;
    // From the same phase, one period earlier.
    this.#next = Math.max(start, this.#next - this.#period);
  }

  #nextSample(): number {
    let sample = this.#at(this.#next, this.#periods);
    this.#next = this.#after(this.#next);
    if (this.#made < this.#overlap) sample += this.#step * (1 - (this.#made + 1) / (this.#overlap + 1));
    if (this.#previousLeft > 0) {
      const share = this.#previousLeft / (this.#overlap + 1);
      sample = this.#at(this.#previousNext, this.#previousPeriods) * share + sample * (1 - share);
      this.#previousNext = this.#after(this.#previousNext);
      this.#previousLeft -= 1;
    }
    return sample;
  }

  #after(next: number): number {
    return next + 1 === this.#past.length ? next + 1 - this.#periods * this.#period : next + 1;
  }

  /** A sample of the periods in turn; in the last quarter period it goes over into what came before the first. */
  #at(index: number, periods: number): number {
    const past = this.#past;
    const intoEnd = index - (past.length - this.#overlap);
    if (intoEnd < 0) return past[index]!;
    const share = (intoEnd + 1) / (this.#overlap + 1);
    return past[index]! * (1 - share) + past[index - periods * this.#period]! * share;
  }
}
