import { RATES_HZ } from './mix-rate.ts';
import { add, addSum, clip, clipMoreWords, isSilent } from './mixer.ts';
import { RateConverter } from './rate-converter.ts';

/** Frames of each thread that lie open: readers are at most two behind, and one is being written. */
const FRAMES = 4;
/** More than this behind, a reader goes on with newer ones. */
const BEHIND_MAX = 2;
/** Voices of each thread that one leg alone hears; further ones are not heard on other threads, and counted. */
const WHISPERS = 2;
/**
 * A reader that was never less than two frames behind for so many ticks leaves out a silent one, and hears the other
 * thread 20 ms sooner; one that found none in time waits longer before it tries that again.
 */
const SURE_TICKS = 250;
const SURE_AGAIN_TICKS = 3000;

/** Ticks without a word on any thread, before which none of them rests. */
const AWAKE_TICKS = 50;

/** Words of a frame of any rate. */
const SAMPLES_MAX = RATES_HZ.at(-1)! / 50;
/** Of each frame: its rate, whether somebody spoke, for which legs its whispers are. */
const VOICED = 1;
const LEGS = 2;
const HEAD_WORDS = LEGS + WHISPERS;
/** Words of a thread's part: how many frames it has published, whether it rests, its members by rate, what the frames are, sums, whispers. */
const RESTING_AT = 1;
const MEMBERS_AT = 2;
const HEADS_AT = MEMBERS_AT + RATES_HZ.length;
const SUMS_AT = HEADS_AT + FRAMES * HEAD_WORDS;
const WHISPERS_AT = SUMS_AT + FRAMES * SAMPLES_MAX;
const PART_WORDS = WHISPERS_AT + FRAMES * WHISPERS * SAMPLES_MAX;

/** Another thread as this one hears it. */
interface Other {
  /** Where its part begins. */
  readonly part: number;
  /** Frames of it taken so far, and whether it has begun to publish. */
  taken: number;
  hasBegun: boolean;
  /** Ticks until a frame may be left out. */
  unsureTicks: number;
  readonly converter: RateConverter;
}

/**
 * One mix on several threads: each publishes the sum of its own members once a tick, and adds those of the others. The
 * threads tick at times of their own: a frame of another thread is heard within a tick on the whole, within two at most.
 * Nobody waits: what is not there is silence, what came too often is left out, and both are counted.
 */
export class MixExchange {
  readonly #words: Int32Array;
  readonly #own: number;
  #others: readonly Other[] = [];
  /** Whispers of this tick from other threads: where, and for which leg. */
  readonly #whispersAt: number[] = [];
  readonly #whispersFor: number[] = [];
  #samples = new Int16Array(0);
  #quietTicks = 0;
  #isResting = false;
  /** Frames of others that were not there in time, those left out while somebody spoke, and whispers too many. */
  missing = 0;
  skipped = 0;

  /** `own` is a place in memory from `allocate`. */
  constructor(buffer: SharedArrayBuffer, own: number) {
    this.#words = new Int32Array(buffer);
    this.#own = own * PART_WORDS;
    Atomics.store(this.#words, this.#own + RESTING_AT, 0);
  }

  /** Memory for this many threads. */
  static allocate(threads: number): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * PART_WORDS * threads);
  }

  /** Which other threads carry the mix by now. Of one that is new, what it said before is not heard. */
  span(others: readonly number[]): void {
    this.#others = others.map((other) => {
      const part = other * PART_WORDS;
      const known = this.#others.find((before) => before.part === part);
      if (known !== undefined) return known;
      const taken = Atomics.load(this.#words, part);
      return { part, taken, hasBegun: false, unsureTicks: SURE_TICKS, converter: new RateConverter() };
    });
  }

  /** Somebody has said something here or elsewhere, not long ago. */
  get isAwake(): boolean {
    return this.#quietTicks < AWAKE_TICKS;
  }

  /** Somebody elsewhere is about to say something. */
  stir(): void {
    this.#quietTicks = 0;
  }

  /** Nothing is published from now on, and nobody shall miss it. */
  rest(): void {
    this.#isResting = true;
    Atomics.store(this.#words, this.#own + RESTING_AT, 1);
  }

  /** To be said in each tick: after a rest, the others are heard from their newest frames on. */
  resume(): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    this.#quietTicks = 0;
    Atomics.store(this.#words, this.#own + RESTING_AT, 0);
    for (const other of this.#others) {
      const count = Atomics.load(this.#words, other.part);
      if (((count - other.taken) | 0) > BEHIND_MAX) other.taken = (count - BEHIND_MAX) | 0;
      other.hasBegun = false;
    }
  }

  /** Whether another thread has rested meanwhile, and hears nothing until it is told to. */
  get isAnyResting(): boolean {
    for (let i = 0; i < this.#others.length; i++) {
      if (Atomics.load(this.#words, this.#others[i]!.part + RESTING_AT) === 1) return true;
    }
    return false;
  }

  /** Tells the others how many of this thread's members there are of each of `RATES_HZ`. */
  tellMembers(counts: Int32Array): void {
    for (let i = 0; i < counts.length; i++) Atomics.store(this.#words, this.#own + MEMBERS_AT + i, counts[i]!);
  }

  /** How many of the others' members have this of `RATES_HZ`. */
  membersElsewhere(rate: number): number {
    let count = 0;
    for (let i = 0; i < this.#others.length; i++) {
      count += Atomics.load(this.#words, this.#others[i]!.part + MEMBERS_AT + rate);
    }
    return count;
  }

  /**
   * Tells the others what this thread's members say; `isVoiced` false when that is nothing. The whispers of the tick
   * come before.
   */
  publish(sum: Int32Array, isVoiced: boolean, rateHz: number): void {
    const words = this.#words;
    const count = words[this.#own]!;
    const head = headOf(this.#own, count);
    if (isVoiced) words.set(sum, sumOf(this.#own, count));
    words[head] = rateHz;
    words[head + VOICED] = isVoiced ? 1 : 0;
    Atomics.store(words, this.#own, (count + 1) | 0);
  }

  /** What one member says to one leg alone; `number` counts from 0 in each tick. */
  publishWhisper(number: number, leg: number, said: Int16Array): void {
    if (number >= WHISPERS) {
      this.skipped++;
      return;
    }
    const count = this.#words[this.#own]!;
    this.#words[headOf(this.#own, count) + LEGS + number] = leg;
    this.#words.set(said, whisperOf(this.#own, count, number));
  }

  /** After the last whisper of a tick. */
  endWhispers(count: number): void {
    const legs = headOf(this.#own, this.#words[this.#own]!) + LEGS;
    for (let number = count; number < WHISPERS; number++) this.#words[legs + number] = 0;
  }

  /** Adds the next frame of every other thread; returns of how many there was something to hear. */
  addOthers(sum: Int32Array, rateHz: number, tick: number): number {
    let voiced = 0;
    this.#quietTicks++;
    this.#whispersFor.length = 0;
    this.#whispersAt.length = 0;
    for (let i = 0; i < this.#others.length; i++) {
      const other = this.#others[i]!;
      const taken = this.#next(other, Atomics.load(this.#words, other.part));
      if (taken === -1) continue;
      const head = headOf(other.part, taken);
      const frameHz = this.#words[head]!;
      // The one or two frames that come at another rate while a mix changes its own are heard without whispers.
      if (frameHz === rateHz) this.#takeWhispers(other.part, taken);
      if (this.#words[head + VOICED] === 0) continue;
      voiced++;
      this.#quietTicks = 0;
      if (frameHz === rateHz) addSum(sum, this.#words, sumOf(other.part, taken));
      else this.#addConverted(other, taken, sum, rateHz, tick);
    }
    return voiced;
  }

  /** Whether somebody on another thread says something that this leg alone hears. */
  hasWhisperFor(leg: number): boolean {
    return this.#whispersFor.includes(leg);
  }

  /** Adds that to what the leg hears. */
  addWhispersFor(leg: number, samples: Int16Array): void {
    for (let i = 0; i < this.#whispersFor.length; i++) {
      if (this.#whispersFor[i] === leg) clipMoreWords(samples, this.#words, this.#whispersAt[i]!);
    }
  }

  #takeWhispers(part: number, taken: number): void {
    for (let number = 0; number < WHISPERS; number++) {
      const leg = this.#words[headOf(part, taken) + LEGS + number]!;
      if (leg === 0) continue;
      this.#quietTicks = 0;
      this.#whispersFor.push(leg);
      this.#whispersAt.push(whisperOf(part, taken, number));
    }
  }

  #addConverted(other: Other, taken: number, sum: Int32Array, rateHz: number, tick: number): void {
    const frameHz = this.#words[headOf(other.part, taken)]!;
    const at = sumOf(other.part, taken);
    if (this.#samples.length !== frameHz / 50) this.#samples = new Int16Array(frameHz / 50);
    clip(this.#words.subarray(at, at + frameHz / 50), this.#samples);
    add(sum, other.converter.convert(this.#samples, frameHz, rateHz, tick));
  }

  /** The number of the frame to hear now, or -1. */
  #next(other: Other, count: number): number {
    const waiting = (count - other.taken) | 0;
    if (waiting <= 0) {
      if (Atomics.load(this.#words, other.part + RESTING_AT) === 1) other.hasBegun = false;
      else if (other.hasBegun) {
        this.missing++;
        other.unsureTicks = SURE_AGAIN_TICKS;
      }
      return -1;
    }
    other.hasBegun = true;
    if (waiting < BEHIND_MAX) other.unsureTicks = Math.max(other.unsureTicks, SURE_TICKS);
    else if (other.unsureTicks > 0) other.unsureTicks--;
    const skipped = Math.max(0, waiting - BEHIND_MAX);
    this.skipped += skipped;
    let next = (other.taken + skipped) | 0;
    if (waiting >= BEHIND_MAX && other.unsureTicks === 0 && this.#isSilentAt(other.part, next)) {
      next = (next + 1) | 0;
      other.unsureTicks = SURE_TICKS;
    }
    other.taken = (next + 1) | 0;
    return next;
  }

  #isSilentAt(part: number, count: number): boolean {
    const head = headOf(part, count);
    if (this.#words[head + VOICED] === 0) return true;
    return isSilent(this.#words, sumOf(part, count), this.#words[head]! / 50);
  }
}

function headOf(part: number, count: number): number {
  return part + HEADS_AT + (count & (FRAMES - 1)) * HEAD_WORDS;
}

function sumOf(part: number, count: number): number {
  return part + SUMS_AT + (count & (FRAMES - 1)) * SAMPLES_MAX;
}

function whisperOf(part: number, count: number, number: number): number {
  return part + WHISPERS_AT + ((count & (FRAMES - 1)) * WHISPERS + number) * SAMPLES_MAX;
}
