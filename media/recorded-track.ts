import type { RecordedTrack } from './protocol.ts';
import { PcmRing } from './ring.ts';

const SAMPLES = 4096;

/** What goes into one file: the samples of a ring, or of two, beside each other or mixed, sample for sample. */
export interface TrackSource {
  readonly channelCount: 1 | 2;
  readonly isClosed: boolean;
  /** Why it was closed; 0 while it is open. */
  readonly reason: number;
  readonly lostSamples: number;
  /** Fills `into` with what is there, of two channels in turns; 0 when there is nothing, and not before. `isClosed`: no more will come. */
  read(into: Int16Array, isClosed: boolean): number;
}

export function trackSourceOf({ ring, other }: RecordedTrack): TrackSource {
  return other === undefined ? new OneRing(ring) : new TwoRings(ring, other.ring, other.join);
}

class OneRing implements TrackSource {
  readonly channelCount = 1;
  readonly #ring: PcmRing;

  constructor(ring: SharedArrayBuffer) {
    this.#ring = new PcmRing(ring);
  }

  get isClosed(): boolean {
    return this.#ring.closed;
  }

  get reason(): number {
    return this.#ring.reason;
  }

  get lostSamples(): number {
    return this.#ring.lostSamples;
  }

  read(into: Int16Array): number {
    return this.#ring.read(into);
  }
}

/** Samples of one of two rings that the other has not caught up with yet. */
class Lead {
  readonly ring: PcmRing;
  readonly samples = new Int16Array(SAMPLES);
  count = 0;

  constructor(ring: SharedArrayBuffer) {
    this.ring = new PcmRing(ring);
  }

  fill(): void {
    for (let read = -1; read !== 0; this.count += read) read = this.ring.read(this.samples.subarray(this.count));
  }

  /** Silence up to there: its ring was closed before the other. */
  pad(count: number): void {
    this.samples.fill(0, this.count, count);
    this.count = Math.max(this.count, count);
  }

  drop(count: number): void {
    this.samples.copyWithin(0, count, this.count);
    this.count -= count;
  }
}

class TwoRings implements TrackSource {
  readonly channelCount: 1 | 2;
  readonly #left: Lead;
  readonly #right: Lead;

  constructor(left: SharedArrayBuffer, right: SharedArrayBuffer, join: 'stereo' | 'mixed') {
    this.#left = new Lead(left);
    this.#right = new Lead(right);
    this.channelCount = join === 'stereo' ? 2 : 1;
  }

  get isClosed(): boolean {
    return this.#left.ring.closed && this.#right.ring.closed;
  }

  get reason(): number {
    return this.#left.ring.reason;
  }

  get lostSamples(): number {
    return this.#left.ring.lostSamples + this.#right.ring.lostSamples;
  }

  read(into: Int16Array, isClosed: boolean): number {
    const [left, right] = [this.#left, this.#right];
    left.fill();
    right.fill();
    if (isClosed) {
      left.pad(right.count);
      right.pad(left.count);
    }
    const count = Math.min(left.count, right.count, Math.floor(into.length / this.channelCount));
    if (this.channelCount === 2) interleave(left.samples, right.samples, into, count);
    else add(left.samples, right.samples, into, count);
    left.drop(count);
    right.drop(count);
    return count * this.channelCount;
  }
}

function interleave(left: Int16Array, right: Int16Array, into: Int16Array, count: number): void {
  for (let i = 0; i < count; i++) {
    into[2 * i] = left[i]!;
    into[2 * i + 1] = right[i]!;
  }
}

function add(left: Int16Array, right: Int16Array, into: Int16Array, count: number): void {
  for (let i = 0; i < count; i++) into[i] = Math.max(-32768, Math.min(32767, left[i]! + right[i]!));
}
