/** The level of digital silence, and the floor of all levels (RFC 6465 §3). */
export const SILENCE_DBOV = -127;

const FULL_SCALE = 32768;

/**
 * Level of samples in dBov, 0 … -127: their root mean square against the loudest possible square wave (RFC 6465 §3). A
 * sine at full scale has -3.01.
 */
export function levelDbov(samples: Int16Array, offset: number, count: number): number {
  if (count === 0) return SILENCE_DBOV;
  let energy = 0;
  for (let i = offset; i < offset + count; i++) energy += samples[i]! * samples[i]!;
  return energyDbov(energy / count);
}

/** A sine of 0 dBm0 has -6.15 dBov: 3.14 dB below the loudest sine of A-law (ITU-T G.711). */
export function dbm0ToDbov(levelDbm0: number): number {
  return levelDbm0 - 6.15;
}

/** Level of a mean square of samples. */
export function energyDbov(meanSquare: number): number {
  if (meanSquare <= 0) return SILENCE_DBOV;
  return Math.max(SILENCE_DBOV, 10 * Math.log10(meanSquare / (FULL_SCALE * FULL_SCALE)));
}

/** Peak value of a sine of that level. */
export function sineAmplitude(level: number): number {
  return FULL_SCALE * Math.SQRT2 * 10 ** (level / 20);
}

/** Multiplies samples in place by `factor`, clipping. */
export function applyGain(samples: Int16Array, offset: number, count: number, factor: number): void {
  for (let i = offset; i < offset + count; i++) {
    samples[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i]! * factor)));
  }
}

/** The factor of a gain in decibels. */
export function gainFactor(decibels: number): number {
  return 10 ** (decibels / 20);
}
