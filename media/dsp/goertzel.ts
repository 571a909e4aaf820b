import { energyDbov } from './level.ts';

/**
 * Mean square that a sine of one frequency contributes to samples: one bin of a discrete Fourier transform by
 * Goertzel's recursion. `coefficient` is `goertzelCoefficient` of the frequency.
 */
export function goertzelPower(samples: Int16Array, offset: number, count: number, coefficient: number): number {
  let last = 0;
  let before = 0;
  for (let i = offset; i < offset + count; i++) {
    const next = samples[i]! + coefficient * last - before;
    before = last;
    last = next;
  }
  const power = last * last + before * before - coefficient * last * before;
  return (2 * power) / (count * count);
}

export function goertzelCoefficient(frequencyHz: number, clockRateHz: number): number {
  return 2 * Math.cos((2 * Math.PI * frequencyHz) / clockRateHz);
}

/** Detector for one frequency. Its bandwidth is about clock rate / count. */
export class Goertzel {
  readonly #coefficient: number;

  constructor(frequencyHz: number, clockRateHz: number) {
    this.#coefficient = goertzelCoefficient(frequencyHz, clockRateHz);
  }

  /** Level in dBov of that frequency alone. */
  levelDbov(samples: Int16Array, offset: number, count: number): number {
    return energyDbov(goertzelPower(samples, offset, count, this.#coefficient));
  }
}
