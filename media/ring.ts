import { assert } from '../core/kernel/assert.ts';

/** Words of the header, each an Int32. Sample totals wrap at 2^32; only their differences are used. */
const WRITTEN = 0;
const READ = 1;
const CLOSED = 2;
const GAP_AT = 3;
const GAP_SAMPLES = 4;
const LOST = 5;
const FLUSHED_AT = 6;
const FLUSHES = 7;
const HURRIES = 8;
const HEADER_BYTES = 40;

/**
 * PCM from one thread to another: one writer, one reader, no waiting on either side.
 *
 * A full ring loses samples; the loss is remembered as a gap at its exact place, which the reader gets back as
 * silence, so that what is recorded keeps its length. One gap can be outstanding; until the reader has passed it,
 * a further overflow makes the writer wait with new samples by losing them too.
 */
export class PcmRing {
  readonly #words: Int32Array;
  readonly #samples: Int16Array;
  readonly #mask: number;
  /** Writer: samples lost since the last gap was published. */
  #pendingGap = 0;
  /** Reader: samples of the outstanding gap already handed out as silence. */
  #gapTaken = 0;
  /** Reader: flushes that it has followed. */
  #flushesFollowed: number;

  /** `buffer` comes from `allocate`. Writer and reader each make their own view. */
  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.#samples = new Int16Array(buffer, HEADER_BYTES);
    this.#mask = this.#samples.length - 1;
    this.#flushesFollowed = Atomics.load(this.#words, FLUSHES);
    assert((this.#samples.length & this.#mask) === 0, 'a ring holds a power of two samples');
  }

  /** Memory for a ring of at least `samples` samples, rounded up to a power of two. */
  static allocate(samples: number): SharedArrayBuffer {
    const size = 2 ** Math.ceil(Math.log2(samples));
    return new SharedArrayBuffer(HEADER_BYTES + 2 * size);
  }

  /** Samples that never fitted, so far. */
  get lostSamples(): number {
    return Atomics.load(this.#words, LOST);
  }

  /** Samples that were written and not yet read; of a gap nothing counts. */
  get waiting(): number {
    return (Atomics.load(this.#words, WRITTEN) - Atomics.load(this.#words, READ)) | 0;
  }

  /** Samples that a write may have at present. */
  get room(): number {
    return this.#samples.length - this.waiting;
  }

  /** Writer: nothing of what was written so far is read any more. The reader follows with its next `follow`. */
  flush(): void {
    Atomics.store(this.#words, FLUSHED_AT, Atomics.load(this.#words, WRITTEN));
    Atomics.add(this.#words, FLUSHES, 1);
  }

  /** Writer: what waits is to be heard sooner than it would be at its pace, or not any more. */
  set hurries(wanted: boolean) {
    Atomics.store(this.#words, HURRIES, wanted ? 1 : 0);
  }

  get hurries(): boolean {
    return Atomics.load(this.#words, HURRIES) !== 0;
  }

  /** Reader: drops what the writer has flushed; true when there was a flush. Only where gaps cannot be. */
  follow(): boolean {
    const flushes = Atomics.load(this.#words, FLUSHES);
    if (flushes === this.#flushesFollowed) return false;
    this.#flushesFollowed = flushes;
    const start = Atomics.load(this.#words, READ);
    const flushedAt = Atomics.load(this.#words, FLUSHED_AT);
    if (((flushedAt - start) | 0) > 0) Atomics.store(this.#words, READ, flushedAt);
    return true;
  }

  get closed(): boolean {
    return Atomics.load(this.#words, CLOSED) !== 0;
  }

  /** What was said at the close; 0 while the ring is open. */
  get reason(): number {
    return Atomics.load(this.#words, CLOSED);
  }

  /** No more will be written. What is inside can still be read. The reader is told the reason, which is not 0; the first counts. */
  close(reason = 1): void {
    this.#publishGap(Atomics.load(this.#words, WRITTEN));
    Atomics.compareExchange(this.#words, CLOSED, 0, reason);
  }

  /** Makes the memory as new. Only when neither side uses it any more. */
  static clear(buffer: SharedArrayBuffer): void {
    new Int32Array(buffer, 0, HEADER_BYTES / 4).fill(0);
  }

  /** Appends the first `count` samples; false when they did not fit (all of them became a gap). */
  write(samples: Int16Array, count: number): boolean {
    const written = Atomics.load(this.#words, WRITTEN);
    const used = (written - Atomics.load(this.#words, READ)) | 0;
    if (used + count > this.#samples.length || !this.#publishGap(written)) {
      this.#pendingGap += count;
      Atomics.add(this.#words, LOST, count);
      return false;
    }
    for (let i = 0; i < count; i++) this.#samples[(written + i) & this.#mask] = samples[i]!;
    Atomics.store(this.#words, WRITTEN, (written + count) | 0);
    return true;
  }

  /** Takes up to `into.length` samples, silence for gaps; 0 when there is nothing yet. */
  read(into: Int16Array): number {
    // The order matters: a gap is published before the samples that follow it.
    const written = Atomics.load(this.#words, WRITTEN);
    const gap = Atomics.load(this.#words, GAP_SAMPLES);
    const gapAt = Atomics.load(this.#words, GAP_AT);
    const start = Atomics.load(this.#words, READ);
    const readable = ((gap > 0 ? gapAt : written) - start) | 0;
    if (readable > 0) return this.#copy(start, Math.min(readable, into.length), into);
    if (gap === 0) return 0;
    const silent = Math.min(gap - this.#gapTaken, into.length);
    into.fill(0, 0, silent);
    this.#gapTaken += silent;
    if (this.#gapTaken === gap) {
      this.#gapTaken = 0;
      Atomics.store(this.#words, GAP_SAMPLES, 0);
    }
    return silent;
  }

  #copy(start: number, count: number, into: Int16Array): number {
    for (let i = 0; i < count; i++) into[i] = this.#samples[(start + i) & this.#mask]!;
    Atomics.store(this.#words, READ, (start + count) | 0);
    return count;
  }

  /** True when no gap waits to be published any more. */
  #publishGap(at: number): boolean {
    if (this.#pendingGap === 0) return true;
    if (Atomics.load(this.#words, GAP_SAMPLES) !== 0) return false;
    Atomics.store(this.#words, GAP_AT, at);
    Atomics.store(this.#words, GAP_SAMPLES, this.#pendingGap);
    this.#pendingGap = 0;
    return true;
  }
}
