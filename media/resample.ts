import { atOnce, type Decoding } from './decoding.ts';
import { blackman, greatestCommonDivisor, sinc } from './resampling-filter.ts';
import { SamplePieces } from './sample-pieces.ts';

/** Zero crossings of the sinc on each side at the lower of the two rates: stop band below -60 dB with the Blackman window. */
const CROSSINGS = 16;
/** Share of the lower rate's band that is kept; the rest is the filter's slope. */
const PASS_BAND = 0.92;
/** A second or two of input, some tens of milliseconds of work. */
const SAMPLES_PER_PIECE = 65_536;

/**
 * Resamples a whole recording by a windowed sinc of linear phase, one filter per phase of the ratio. Output sample i
 * lies at the same time as input sample i × fromHz / toHz: there is no delay. For files, not for the hot path.
 */
export function resample(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  return atOnce(resampling(samples, fromHz, toHz));
}

/** The same, piece by piece. */
export function* resampling(samples: Int16Array, fromHz: number, toHz: number): Decoding<Int16Array> {
  if (fromHz === toHz) return samples;
  const resampler = new PieceResampler(fromHz, toHz);
  const output = new SamplePieces();
  for (let at = 0; at < samples.length; at += SAMPLES_PER_PIECE) {
    output.add(resampler.push(samples.subarray(at, at + SAMPLES_PER_PIECE)));
    yield 'going on';
  }
  output.add(resampler.end());
  return output.joined().subarray(0, Math.floor((samples.length * toHz) / fromHz));
}

/** Resamples a recording as its pieces come, of any length; keeps no more than the filter reaches. */
export class PieceResampler {
  readonly #phaseCount: number;
  readonly #step: number;
  readonly #filters: readonly Float64Array[];
  readonly #half: number;
  /** What the next output samples need, and how far behind the begin of it the next one lies. */
  #window: Int16Array;
  #position: number;
  #phase = 0;

  constructor(fromHz: number, toHz: number) {
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#phaseCount = toHz / divisor;
    this.#step = fromHz / divisor;
    this.#filters = designFilters(this.#phaseCount, fromHz, toHz);
    this.#half = this.#filters[0]!.length >> 1;
    // Before the begin there is silence.
    this.#window = new Int16Array(this.#half - 1);
    this.#position = this.#half - 1;
  }

  /** The output samples that no later input can change. */
  push(samples: Int16Array): Int16Array {
    const window = new Int16Array(this.#window.length + samples.length);
    window.set(this.#window);
    window.set(samples, this.#window.length);
    const output = this.#produce(window, window.length - this.#half);
    const first = Math.max(0, this.#position - this.#half + 1);
    this.#window = window.slice(first);
    this.#position -= first;
    return output;
  }

  /** The rest: behind the end there is silence. */
  end(): Int16Array {
    const window = new Int16Array(this.#window.length + this.#half);
    window.set(this.#window);
    return this.#produce(window, this.#window.length);
  }

  /** All that lies before `end` of the window. */
  #produce(window: Int16Array, end: number): Int16Array {
    const countMax = Math.max(0, Math.ceil(((end - this.#position) * this.#phaseCount - this.#phase) / this.#step));
    const output = new Int16Array(countMax);
    for (let i = 0; i < countMax; i++) {
      output[i] = convolve(window, this.#position - this.#half + 1, this.#filters[this.#phase]!);
      this.#phase += this.#step;
      this.#position += Math.floor(this.#phase / this.#phaseCount);
      this.#phase %= this.#phaseCount;
    }
    return output;
  }
}

/** Filter `phase` interpolates at `phase / phaseCount` behind an input sample; each has unit gain at 0 Hz. */
function designFilters(phaseCount: number, fromHz: number, toHz: number): Float64Array[] {
  const cutOff = (PASS_BAND * Math.min(fromHz, toHz)) / fromHz;
  const half = Math.ceil(CROSSINGS / cutOff);
  return Array.from({ length: phaseCount }, (_, phase) => {
    const filter = new Float64Array(2 * half);
    let sum = 0;
    for (let tap = 0; tap < filter.length; tap++) {
      const distance = tap - half + 1 - phase / phaseCount;
      filter[tap] = sinc(distance * cutOff) * blackman(distance / half);
      sum += filter[tap]!;
    }
    return filter.map((weight) => weight / sum);
  });
}

function convolve(samples: Int16Array, first: number, filter: Float64Array): number {
  let sum = 0;
  for (let tap = 0; tap < filter.length; tap++) sum += filter[tap]! * samples[first + tap]!;
  return Math.max(-32768, Math.min(32767, Math.round(sum)));
}
