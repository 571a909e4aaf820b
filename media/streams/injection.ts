import type { Instant } from '../../core/kernel/time.ts';
import type { PcmRing } from '../ring.ts';

/** What waits to be heard at most; what comes beyond is dropped, and counted. */
export const SAID_MAX_S = 30;
const MARKS_MAX = 1_000;
/** Over so long is judged whether what is said comes as fast as it is heard, and waits all the same. */
const WATCHED_MS = 1_000;
/** Somebody who speaks live waits no longer than this; what waits longer is brought down to the other. */
const DELAY_MAX_MS = 80;
const DELAY_WANTED_MS = 40;
/** As fast as it is heard, give or take. */
const LIVE_MIN = 0.8;
const LIVE_MAX = 1.2;

/** A mark that was reached or cleared. */
export interface Reached {
  readonly name: string;
  /** Heard of all that was said, up to there. */
  readonly playedMs: number;
}

interface Mark {
  readonly name: string;
  /** Samples taken before it. */
  readonly at: number;
}

/**
 * What one program says, on its way to the media thread: a bounded queue before a ring, marks that tell how much was
 * heard, and an end to all that waits. A program that says a long text at once has its queue; one that speaks live and was
 * held up by the network would be late for ever, so the media thread is told to hurry.
 */
export class Injection {
  readonly #ring: PcmRing;
  readonly #rateHz: number;
  readonly #queue: Int16Array[] = [];
  #queued = 0;
  /** Samples taken to be heard, since the beginning, without those that were cleared; and in the ring since it was flushed. */
  #taken = 0;
  #inRing = 0;
  readonly #marks: Mark[] = [];
  readonly #reached: Reached[] = [];
  #watchedFrom: Instant;
  #takenBefore = 0;
  #leastWaiting = 0;
  #hurries = false;
  droppedSamples = 0;

  constructor(ring: PcmRing, rateHz: number, now: Instant) {
    this.#ring = ring;
    this.#rateHz = rateHz;
    this.#watchedFrom = now;
  }

  /** Samples heard so far. */
  get played(): number {
    return this.#taken - this.#waiting;
  }

  say(samples: Int16Array): void {
    const room = SAID_MAX_S * this.#rateHz - this.#waiting;
    const taken = samples.length <= room ? samples : samples.subarray(0, Math.max(0, Math.floor(room)));
    this.droppedSamples += samples.length - taken.length;
    if (taken.length === 0) return;
    this.#taken += taken.length;
    this.#queue.push(taken);
    this.#queued += taken.length;
    this.#feed();
  }

  mark(name: string): void {
    if (this.#marks.length >= MARKS_MAX) return;
    this.#marks.push({ name, at: this.#taken });
    this.#reach();
  }

  /** Nothing that waits is heard any more; marks among it are told as reached. */
  clear(): void {
    const { played } = this;
    this.#queue.length = 0;
    this.#queued = 0;
    this.#ring.flush();
    this.#inRing = 0;
    this.#taken = played;
    for (const { name } of this.#marks.splice(0)) this.#reached.push({ name, playedMs: this.#msOf(played) });
    this.#takenBefore = Math.min(this.#takenBefore, played);
  }

  /** Every frame: moves on what waits, and sees what was heard. */
  expire(now: Instant): void {
    this.#feed();
    this.#reach();
    this.#watch(now);
  }

  /** The next mark that was reached. */
  poll(): Reached | undefined {
    return this.#reached.shift();
  }

  get #waiting(): number {
    return this.#queued + Math.min(this.#inRing, this.#ring.waiting);
  }

  #feed(): void {
    this.#inRing = Math.min(this.#inRing, this.#ring.waiting);
    for (let samples = this.#queue[0]; samples !== undefined; samples = this.#queue[0]) {
      const count = Math.min(samples.length, this.#ring.room);
      if (count === 0) return;
      this.#ring.write(samples, count);
      this.#inRing += count;
      this.#queued -= count;
      if (count === samples.length) this.#queue.shift();
      else this.#queue[0] = samples.subarray(count);
    }
  }

  #reach(): void {
    const { played } = this;
    for (let mark = this.#marks[0]; mark !== undefined && mark.at <= played; mark = this.#marks[0]) {
      this.#marks.shift();
      this.#reached.push({ name: mark.name, playedMs: this.#msOf(mark.at) });
    }
  }

  /** Whether what waits has waited all the time, though it came as somebody speaks. */
  #watch(now: Instant): void {
    const waiting = this.#waiting;
    this.#leastWaiting = Math.min(this.#leastWaiting, waiting);
    if (this.#hurries && this.#msOf(waiting) <= DELAY_WANTED_MS) this.#hurry(false);
    const watchedMs = now - this.#watchedFrom;
    if (watchedMs < WATCHED_MS) return;
    const pace = this.#msOf(this.#taken - this.#takenBefore) / watchedMs;
    const isLate = this.#msOf(this.#leastWaiting) > DELAY_MAX_MS && pace >= LIVE_MIN && pace <= LIVE_MAX;
    if (isLate) this.#hurry(true);
    this.#watchedFrom = now;
    this.#takenBefore = this.#taken;
    this.#leastWaiting = waiting;
  }

  #hurry(hurries: boolean): void {
    this.#hurries = hurries;
    this.#ring.hurries = hurries;
  }

  #msOf(samples: number): number {
    return Math.round((samples * 1000) / this.#rateHz);
  }
}
