import { blackman, greatestCommonDivisor, sinc } from './resampling-filter.ts';

/** Zero crossings of the sinc on each side at the lower of the two rates: stop band below -60 dB with the Blackman window. */
const CROSSINGS = 16;
/** Share of the lower rate's band that is kept; the rest is the filter's slope. */
const PASS_BAND = 0.92;

/**
 * Resamples a whole recording by a windowed sinc of linear phase, one filter per phase of the ratio. Output sample i
 * lies at the same time as input sample i × fromHz / toHz: there is no delay. For files, not for the hot path.
 */
export function resample(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return samples;
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const phaseCount = toHz / divisor;
  const step = fromHz / divisor;
  const filters = designFilters(phaseCount, fromHz, toHz);
  const half = filters[0]!.length >> 1;
  const output = new Int16Array(Math.floor((samples.length * toHz) / fromHz));
  for (let i = 0, position = 0, phase = 0; i < output.length; i++) {
    output[i] = convolve(samples, position - half + 1, filters[phase]!);
    phase += step;
    while (phase >= phaseCount) {
      phase -= phaseCount;
      position++;
    }
  }
  return output;
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
  const from = Math.max(0, -first);
  const to = Math.min(filter.length, samples.length - first);
  let sum = 0;
  for (let tap = from; tap < to; tap++) sum += filter[tap]! * samples[first + tap]!;
  return Math.max(-32768, Math.min(32767, Math.round(sum)));
}
