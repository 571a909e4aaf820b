import { Resampler } from './resampler.ts';

const NOTHING = new Int16Array(0);

/**
 * Frames of one stream at the rate that somebody needs. As long as one frame follows the other nothing breaks between
 * them; behind a pause there was silence.
 */
export class RateConverter {
  #fromHz = 0;
  #toHz = 0;
  #resampler: Resampler | undefined;
  #frame = NOTHING;
  #tick = Number.NaN;

  /** The frame of this tick; the same memory again where the rates are the same, else ours until the next call. */
  convert(samples: Int16Array, fromHz: number, toHz: number, tick: number): Int16Array {
    if (fromHz === toHz) return samples;
    if (tick === this.#tick && fromHz === this.#fromHz && toHz === this.#toHz) return this.#frame;
    if (fromHz !== this.#fromHz || toHz !== this.#toHz) this.#become(fromHz, toHz);
    else if (tick !== this.#tick + 1) this.#resampler!.prime(NOTHING);
    this.#tick = tick;
    this.#resampler!.resample(samples, 0, samples.length, this.#frame, 0);
    return this.#frame;
  }

  #become(fromHz: number, toHz: number): void {
    this.#fromHz = fromHz;
    this.#toHz = toHz;
    this.#resampler = new Resampler(fromHz, toHz);
    this.#frame = new Int16Array(toHz / 50);
  }
}
