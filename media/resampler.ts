import { assert } from '../core/kernel/assert.ts';
import { greatestCommonDivisor, kaiser, sinc } from './resampling-filter.ts';

/** Samples that are resampled in one go: 20 ms at 48 kHz. */
const CHUNK_SAMPLES = 960;
/** Zero crossings of the sinc on each side at the lower of the two rates. */
const CROSSINGS = 16;
/** Stop band of -60 dB; with the crossings above it begins 11 % over half of the lower rate, and the pass band ends as far below. */
const KAISER_BETA = 5.65;

/** A sum that is part of an output sample: weights of the samples at `offset`, `offset + stride` … of the window. */
interface Branch {
  readonly offset: number;
  readonly stride: number;
  /** A multiple of four, so that four sums go side by side; or one. */
  readonly weights: Float64Array;
}

/**
 * Brings a stream of samples to another rate, frame by frame, by a polyphase filter of linear phase. The cut-off lies at
 * half of the lower rate, so that between rates of which one is a multiple of the other a share of the weights is zero
 * and left out. Nothing is allocated after construction.
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  /** For each output sample of a step its sums. */
  readonly #phases: readonly (readonly Branch[])[];
  readonly #window: Float64Array;
  readonly #sums = new Float64Array(CHUNK_SAMPLES);
  readonly #historySamples: number;

  constructor(fromHz: number, toHz: number) {
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    const longer = Math.max(this.#up, this.#down);
    const half = Math.ceil((CROSSINGS * longer) / this.#up);
    this.#historySamples = 2 * half - 1;
    this.#window = new Float64Array(this.#historySamples + CHUNK_SAMPLES + 4 * longer);
    this.#phases = phasesOf(this.#up, this.#down, half);
  }

  /**
   * Takes `samples[offset … offset + count)`, a whole number of milliseconds, and writes what they become to `into` from
   * `at` on; returns how many samples that is.
   */
  resample(samples: Int16Array, offset: number, count: number, into: Int16Array, at: number): number {
    const steps = count / this.#down;
    assert(Number.isInteger(steps) && count <= CHUNK_SAMPLES, 'a frame is whole steps and no longer than the window');
    const window = this.#window;
    const history = this.#historySamples;
    for (let i = 0; i < count; i++) window[history + i] = samples[offset + i]!;
    const sums = this.#sums;
    const produced = steps * this.#up;
    sums.fill(0, 0, produced);
    for (let phase = 0; phase < this.#up; phase++) {
      for (const branch of this.#phases[phase]!) weigh(window, branch, this.#down, sums, phase, this.#up, produced);
    }
    for (let i = 0; i < produced; i++) {
      into[at + i] = clipped(Math.round(sums[i]!));
    }
    window.copyWithin(0, count, count + history);
    return produced;
  }

  /** As if these samples had come before; none at all for silence. */
  prime(samples: Int16Array): void {
    const window = this.#window;
    const history = this.#historySamples;
    const known = Math.min(history, samples.length);
    window.fill(0, 0, history - known);
    for (let i = 0; i < known; i++) window[history - known + i] = samples[samples.length - known + i]!;
  }
}

function clipped(value: number): number {
  if (value > 32767) return 32767;
  if (value < -32768) return -32768;
  return value;
}

/** Designs by ratio: there are as many as pairs of rates, and each takes as long as some frames. */
const DESIGNS = new Map<string, readonly (readonly Branch[])[]>();

function phasesOf(up: number, down: number, half: number): readonly (readonly Branch[])[] {
  const ratio = `${up}/${down}`;
  const known = DESIGNS.get(ratio);
  if (known !== undefined) return known;
  const phases = Array.from({ length: up }, (_, phase) => {
    const position = phase * down;
    const weights = designFilter((position % up) / up, half, up / Math.max(up, down));
    return split(weights, Math.floor(position / up), up === 1 ? down : 1);
  });
  DESIGNS.set(ratio, phases);
  return phases;
}

/** The filter for an output sample that lies `fraction` behind an input sample, with unit gain at 0 Hz. */
function designFilter(fraction: number, half: number, cutOff: number): Float64Array {
  const filter = new Float64Array(2 * half);
  let sum = 0;
  for (let tap = 0; tap < filter.length; tap++) {
    const distance = tap - half + 1 - fraction;
    const weight = sinc(distance * cutOff) * kaiser(distance / half, KAISER_BETA);
    filter[tap] = Math.abs(weight) < 1e-12 ? 0 : weight;
    sum += filter[tap]!;
  }
  return filter.map((weight) => weight / sum);
}

/** The weights by their place in a step, without the zeros around them. */
function split(filter: Float64Array, start: number, stride: number): Branch[] {
  const branches: Branch[] = [];
  for (let first = 0; first < stride; first++) {
    const weights = filter.filter((_, tap) => tap % stride === first);
    const from = weights.findIndex((weight) => weight !== 0);
    const to = weights.findLastIndex((weight) => weight !== 0) + 1;
    if (from < 0) continue;
    const padded = new Float64Array(to - from === 1 ? 1 : 4 * Math.ceil((to - from) / 4));
    padded.set(weights.subarray(from, to));
    branches.push({ offset: start + first + from * stride, stride, weights: padded });
  }
  return branches;
}

/** Adds what a branch is worth to every `step`th sum, from `first` on. */
function weigh(
  window: Float64Array,
  { offset, stride, weights }: Branch,
  advance: number,
  sums: Float64Array,
  first: number,
  step: number,
  end: number,
): void {
  if (weights.length === 1) {
    for (let i = first, from = offset; i < end; i += step, from += advance) sums[i]! += weights[0]! * window[from]!;
    return;
  }
  for (let i = first, from = offset; i < end; i += step, from += advance) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let tap = 0, at = from; tap < weights.length; tap += 4, at += 4 * stride) {
      a += weights[tap]! * window[at]!;
      b += weights[tap + 1]! * window[at + stride]!;
      c += weights[tap + 2]! * window[at + 2 * stride]!;
      d += weights[tap + 3]! * window[at + 3 * stride]!;
    }
    sums[i]! += a + b + (c + d);
  }
}
