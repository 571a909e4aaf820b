import { assert } from '../../core/kernel/assert.ts';
import { dbm0ToDbov, sineAmplitude } from './level.ts';

/** Tones that differ from country to country, see `country-tones`. */
export type ToneName = 'ringback' | 'busy' | 'dial' | 'congestion';

/** One stretch of sound and the silence behind it. */
export interface Burst {
  /** Sounded together, each at its level. */
  readonly frequenciesHz: readonly number[];
  readonly levelsDbov: readonly number[];
  /** Infinity for a continuous tone. */
  readonly onMs: number;
  readonly offMs: number;
}

/** Bursts one after the other, again and again. */
export type Tone = readonly Burst[];

/** ITU-T E.180 §3 and §5: tones are sounded at -10 ± 5 dBm0, those of two frequencies a little less each. */
const LEVEL_DBOV = dbm0ToDbov(-13);

/** Frequencies sounded together in a cadence of milliseconds on, off, on, off …; continuous without one. */
export function tone(frequenciesHz: readonly number[], ...cadenceMs: readonly number[]): Tone {
  assert(cadenceMs.length % 2 === 0, 'a cadence is pairs of on and off');
  const levelsDbov = frequenciesHz.map(() => LEVEL_DBOV);
  if (cadenceMs.length === 0) return [{ frequenciesHz, levelsDbov, onMs: Number.POSITIVE_INFINITY, offMs: 0 }];
  return Array.from({ length: cadenceMs.length / 2 }, (_, i) => {
    return { frequenciesHz, levelsDbov, onMs: cadenceMs[2 * i]!, offMs: cadenceMs[2 * i + 1]! };
  });
}

/** Special information tone (ITU-T E.180 §8): something is wrong with the number; an announcement tells what. */
export const SPECIAL_INFORMATION: Tone = [...tone([950], 330, 0), ...tone([1400], 330, 0), ...tone([1800], 330, 1000)];

/** A fax machine that calls (ITU-T T.30 §4.1.2: CNG). */
export const FAX_CALLING: Tone = tone([1100], 500, 3000);

/** A fax machine that answers (ITU-T T.30 §4.1.1: CED), once. */
export const FAX_ANSWER_MS = 3000;
export const FAX_ANSWER: Tone = tone([2100], FAX_ANSWER_MS, FAX_ANSWER_MS);

/** What is heard before a message is taken. The silence of its cadence makes the end of the one burst soft. */
export const BEEP_MS = 500;
export const BEEP: Tone = tone([1000], BEEP_MS, BEEP_MS);

/** Somebody comes: two notes that rise; goes: two that fall. */
export const CONFERENCE_TONE_MS = 240;
export const CONFERENCE_ENTRY: Tone = [...tone([660], 120, 120), ...tone([880], 120, 120)];
export const CONFERENCE_EXIT: Tone = [...tone([880], 120, 120), ...tone([660], 120, 120)];

/** A continuous sine. */
export function sine(frequencyHz: number, levelDbov: number): Tone {
  return [{ frequenciesHz: [frequencyHz], levelsDbov: [levelDbov], onMs: Number.POSITIVE_INFINITY, offMs: 0 }];
}

/** Edges of a burst rise and fall in this time, so that they do not click. */
const RAMP_MS = 4;

/** One burst as a generator sees it. */
interface Sounding {
  readonly onSamples: number;
  readonly samples: number;
  readonly steps: Float64Array;
  readonly coefficients: Float64Array;
  readonly amplitudes: Float64Array;
}

/** Makes a tone, sample by sample, for as long as it is asked. Nothing is allocated after construction. */
export class ToneGenerator {
  readonly #rampSamples: number;
  readonly #bursts: readonly Sounding[];
  /** The last two values of each oscillator. */
  readonly #last: Float64Array;
  readonly #before: Float64Array;
  #burst: Sounding;
  #index = 0;
  #position = 0;

  constructor(tone: Tone, clockRateHz: number) {
    assert(tone.length > 0 && tone.every(({ onMs }) => onMs > 0), 'a tone has bursts, and they last');
    this.#rampSamples = Math.round((RAMP_MS * clockRateHz) / 1000);
    this.#bursts = tone.map((burst) => soundingOf(burst, clockRateHz));
    const frequencies = Math.max(...tone.map(({ frequenciesHz }) => frequenciesHz.length));
    this.#last = new Float64Array(frequencies);
    this.#before = new Float64Array(frequencies);
    this.#burst = this.#bursts[0]!;
    this.#beginBurst();
  }

  /** Writes the next `count` samples from `offset` on. */
  fill(samples: Int16Array, offset: number, count: number): void {
    for (let done = 0; done < count; ) {
      const { onSamples, samples: length } = this.#burst;
      const isOn = this.#position < onSamples;
      const run = Math.min(count - done, (isOn ? onSamples : length) - this.#position);
      if (isOn) this.#sound(samples, offset + done, run);
      else samples.fill(0, offset + done, offset + done + run);
      done += run;
      this.#position += run;
      if (this.#position < length) continue;
      this.#index = (this.#index + 1) % this.#bursts.length;
      this.#burst = this.#bursts[this.#index]!;
      this.#beginBurst();
    }
  }

  /** Each burst begins at phase zero. */
  #beginBurst(): void {
    const { steps, amplitudes } = this.#burst;
    this.#position = 0;
    for (let f = 0; f < steps.length; f++) {
      this.#last[f] = -amplitudes[f]! * Math.sin(steps[f]!);
      this.#before[f] = -amplitudes[f]! * Math.sin(2 * steps[f]!);
    }
  }

  #sound(samples: Int16Array, offset: number, count: number): void {
    const ramp = this.#rampSamples;
    const { onSamples } = this.#burst;
    for (let i = 0; i < count; i++) {
      const position = this.#position + i;
      const edge = Math.min(position, onSamples - 1 - position);
      const value = this.#oscillate() * (edge < ramp ? edge / ramp : 1);
      samples[offset + i] = value > 32767 ? 32767 : value < -32768 ? -32768 : Math.round(value);
    }
  }

  /** sin((n+1)w) = 2 cos(w) sin(nw) - sin((n-1)w): one multiplication a sample and frequency. */
  #oscillate(): number {
    const { coefficients } = this.#burst;
    const last = this.#last;
    const before = this.#before;
    let sum = 0;
    for (let f = 0; f < coefficients.length; f++) {
      const next = coefficients[f]! * last[f]! - before[f]!;
      before[f] = last[f]!;
      last[f] = next;
      sum += next;
    }
    return sum;
  }
}

function soundingOf({ frequenciesHz, levelsDbov, onMs, offMs }: Burst, clockRateHz: number): Sounding {
  const onSamples = Math.round((onMs * clockRateHz) / 1000);
  const steps = Float64Array.from(frequenciesHz, (hz) => (2 * Math.PI * hz) / clockRateHz);
  return {
    onSamples,
    samples: onSamples + Math.round((offMs * clockRateHz) / 1000),
    steps,
    coefficients: steps.map((step) => 2 * Math.cos(step)),
    amplitudes: Float64Array.from(levelsDbov, sineAmplitude),
  };
}
