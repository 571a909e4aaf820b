import { assert } from '../../core/kernel/assert.ts';
import { sineAmplitude } from './level.ts';

export type ToneName = 'ringback' | 'busy' | 'dial' | 'congestion';

export interface Tone {
  /** Sounded together, each at `levelDbov`. */
  readonly frequenciesHz: readonly number[];
  /** Milliseconds on, off, on, off …, repeated; empty for a continuous tone. */
  readonly cadenceMs: readonly number[];
  readonly levelDbov: number;
}

/** 0 dBm0 is -6.15 dBov (ITU-T G.711 §5); tones are heard well at -13 dBm0 for each frequency. */
const LEVEL_DBOV = -19;

const tone = (frequenciesHz: readonly number[], ...cadenceMs: number[]): Tone => ({
  frequenciesHz,
  cadenceMs,
  levelDbov: LEVEL_DBOV,
});

/** ITU-T E.180 Supplement 2: what callers of a country expect to hear. */
export const TONES = {
  us: {
    ringback: tone([440, 480], 2000, 4000),
    busy: tone([480, 620], 500, 500),
    dial: tone([350, 440]),
    congestion: tone([480, 620], 250, 250),
  },
  eu: {
    ringback: tone([425], 1000, 4000),
    busy: tone([425], 500, 500),
    dial: tone([425]),
    congestion: tone([425], 250, 250),
  },
} as const satisfies Record<string, Record<ToneName, Tone>>;

const NORTH_AMERICAN: readonly string[] = ['US', 'CA', 'PR', 'DO', 'JM'];

/** The tones of a country by its ISO 3166 code; European ones where nothing else is known. */
export function tonesOf(country: string): Readonly<Record<ToneName, Tone>> {
  return NORTH_AMERICAN.includes(country.toUpperCase()) ? TONES.us : TONES.eu;
}

/** What is heard before a message is taken. The silence of its cadence makes the end of the one burst soft. */
export const BEEP_MS = 500;
export const BEEP: Tone = tone([1000], BEEP_MS, BEEP_MS);

/** A continuous sine. */
export function sine(frequencyHz: number, levelDbov: number): Tone {
  return { frequenciesHz: [frequencyHz], cadenceMs: [], levelDbov };
}

/** Edges of a burst rise and fall in this time, so that they do not click. */
const RAMP_MS = 4;

/** Makes a tone, sample by sample, for as long as it is asked. Nothing is allocated after construction. */
export class ToneGenerator {
  readonly #amplitude: number;
  readonly #rampSamples: number;
  /** Lengths of the periods on and off in samples. */
  readonly #periods: Float64Array;
  readonly #coefficients: Float64Array;
  readonly #steps: Float64Array;
  /** The last two values of each oscillator. */
  readonly #last: Float64Array;
  readonly #before: Float64Array;
  #period = 0;
  #position = 0;

  constructor(tone: Tone, clockRateHz: number) {
    assert(tone.cadenceMs.length % 2 === 0, 'a cadence is pairs of on and off');
    assert(
      tone.cadenceMs.every((ms) => ms > 0),
      'periods of a cadence last',
    );
    this.#amplitude = sineAmplitude(tone.levelDbov);
    this.#rampSamples = Math.round((RAMP_MS * clockRateHz) / 1000);
    this.#periods = Float64Array.from(tone.cadenceMs, (ms) => Math.round((ms * clockRateHz) / 1000));
    this.#steps = Float64Array.from(tone.frequenciesHz, (hz) => (2 * Math.PI * hz) / clockRateHz);
    this.#coefficients = this.#steps.map((step) => 2 * Math.cos(step));
    this.#last = new Float64Array(tone.frequenciesHz.length);
    this.#before = new Float64Array(tone.frequenciesHz.length);
    this.#beginBurst();
  }

  /** Writes the next `count` samples from `offset` on. */
  fill(samples: Int16Array, offset: number, count: number): void {
    const periods = this.#periods;
    for (let done = 0; done < count; ) {
      const length = periods.length === 0 ? Number.POSITIVE_INFINITY : periods[this.#period]!;
      const run = Math.min(count - done, length - this.#position);
      if ((this.#period & 1) === 1) samples.fill(0, offset + done, offset + done + run);
      else this.#sound(samples, offset + done, run, length);
      done += run;
      this.#position += run;
      if (this.#position < length) continue;
      this.#position = 0;
      this.#period = (this.#period + 1) % periods.length;
      if ((this.#period & 1) === 0) this.#beginBurst();
    }
  }

  /** Each burst begins at phase zero. */
  #beginBurst(): void {
    for (let f = 0; f < this.#steps.length; f++) {
      this.#last[f] = -Math.sin(this.#steps[f]!);
      this.#before[f] = -Math.sin(2 * this.#steps[f]!);
    }
  }

  #sound(samples: Int16Array, offset: number, count: number, length: number): void {
    const ramp = this.#rampSamples;
    for (let i = 0; i < count; i++) {
      const position = this.#position + i;
      const edge = Math.min(position, length - 1 - position);
      const value = this.#oscillate() * (edge < ramp ? edge / ramp : 1);
      samples[offset + i] = value > 32767 ? 32767 : value < -32768 ? -32768 : Math.round(value);
    }
  }

  /** sin((n+1)w) = 2 cos(w) sin(nw) - sin((n-1)w): one multiplication a sample and frequency. */
  #oscillate(): number {
    let sum = 0;
    for (let f = 0; f < this.#steps.length; f++) {
      const next = this.#coefficients[f]! * this.#last[f]! - this.#before[f]!;
      this.#before[f] = this.#last[f]!;
      this.#last[f] = next;
      sum += next;
    }
    return sum * this.#amplitude;
  }
}
