import { addSum } from './mixer.ts';
import { NARROW_SAMPLES } from './narrow-band.ts';

/** Frames of each thread that lie open: readers are at most two behind. */
const FRAMES = 8;
/** More than this behind, a reader goes on with newer ones. */
const BEHIND_MAX = 2;
/** Words of a thread's part: how many frames it has published, then for each whether somebody spoke, then the sums. */
const VOICED_AT = 1;
const SUMS_AT = VOICED_AT + FRAMES;
const PART_WORDS = SUMS_AT + FRAMES * NARROW_SAMPLES;

/**
 * One mix on several threads: each publishes the sum of its own members once a tick, and adds those of the others. The
 * threads tick at times of their own; a frame of another thread is heard up to two ticks later. Nobody waits: what is
 * not there is silence, what came too often is left out, and both are counted.
 */
export class MixExchange {
  readonly #words: Int32Array;
  readonly #own: number;
  readonly #others: Int32Array;
  /** Frames of each other thread taken so far, and whether it has begun to publish. */
  readonly #taken: Int32Array;
  readonly #hasBegun: Uint8Array;
  /** Frames of others that were not there in time, and those left out. */
  missing = 0;
  skipped = 0;

  /** `own` and `others` are places in memory from `allocate`. */
  constructor(buffer: SharedArrayBuffer, own: number, others: readonly number[]) {
    this.#words = new Int32Array(buffer);
    this.#own = own * PART_WORDS;
    this.#others = Int32Array.from(others, (other) => other * PART_WORDS);
    // What lies there from before is old.
    this.#taken = this.#others.map((part) => Atomics.load(this.#words, part));
    this.#hasBegun = new Uint8Array(others.length);
  }

  /** Memory for this many threads. */
  static allocate(threads: number): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * PART_WORDS * threads);
  }

  /** Tells the others what this thread's members say; `isVoiced` false when that is nothing. */
  publish(sum: Int32Array, isVoiced: boolean): void {
    const words = this.#words;
    const count = words[this.#own]!;
    const frame = count & (FRAMES - 1);
    if (isVoiced) words.set(sum, this.#own + SUMS_AT + frame * NARROW_SAMPLES);
    words[this.#own + VOICED_AT + frame] = isVoiced ? 1 : 0;
    Atomics.store(words, this.#own, (count + 1) | 0);
  }

  /** Adds the next frame of every other thread; returns of how many there was something to hear. */
  addOthers(sum: Int32Array): number {
    const words = this.#words;
    let voiced = 0;
    for (let i = 0; i < this.#others.length; i++) {
      const part = this.#others[i]!;
      const count = Atomics.load(words, part);
      const taken = this.#next(i, count);
      if (taken === -1) continue;
      const frame = taken & (FRAMES - 1);
      if (words[part + VOICED_AT + frame] === 0) continue;
      addSum(sum, words, part + SUMS_AT + frame * NARROW_SAMPLES);
      voiced++;
    }
    return voiced;
  }

  /** The number of the frame to hear now, or -1. */
  #next(i: number, count: number): number {
    const taken = this.#taken[i]!;
    const waiting = (count - taken) | 0;
    if (waiting <= 0) {
      this.missing += this.#hasBegun[i]!;
      return -1;
    }
    this.#hasBegun[i] = 1;
    const skipped = Math.max(0, waiting - BEHIND_MAX);
    this.skipped += skipped;
    const next = (taken + skipped) | 0;
    this.#taken[i] = (next + 1) | 0;
    return next;
  }
}
