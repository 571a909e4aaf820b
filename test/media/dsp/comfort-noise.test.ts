import { expect, test } from 'vitest';
import { ComfortNoise } from '../../../media/dsp/comfort-noise.ts';
import { level } from '../../audio/measures.ts';

const FRAME = 160;

/** So many frames of what these bytes describe, once the level is reached. */
function made(description: readonly number[], frames = 100, noise = new ComfortNoise(8000)): Int16Array {
  noise.describe(Uint8Array.from(description), 0, description.length);
  noise.add(new Int16Array(8 * FRAME), 0, 8 * FRAME);
  const samples = new Int16Array(frames * FRAME);
  noise.add(samples, 0, samples.length);
  return samples;
}

/** Correlation of neighbours: above zero where low frequencies prevail, below where high ones do. */
function tilt(samples: Int16Array): number {
  let [products, squares] = [0, 0];
  for (let i = 1; i < samples.length; i++) {
    products += samples[i]! * samples[i - 1]!;
    squares += samples[i]! ** 2;
  }
  return products / squares;
}

const largestStep = (samples: Int16Array): number =>
  samples.reduce((most, sample, i) => (i === 0 ? most : Math.max(most, Math.abs(sample - samples[i - 1]!))), 0);

test('RFC 3389 §3.1: noise has the level that its first byte tells in -dBov, whatever its colour', () => {
  for (const levelDb of [20, 40, 60, 75]) {
    expect(level(made([levelDb]))).toBeCloseTo(-levelDb, 0);
    expect(level(made([levelDb, 20, 180, 127]))).toBeCloseTo(-levelDb, 0);
  }
  expect(made([127]).every((sample) => sample === 0)).toBe(true);
});

test('RFC 3389 §3.2: reflection coefficients colour it, from 254 of their bytes on none is unstable', () => {
  expect(Math.abs(tilt(made([40])))).toBeLessThan(0.05);
  // k = 258 (N - 127) / 32768: the first is the negative correlation of neighbours.
  expect(tilt(made([40, 63]))).toBeCloseTo(0.5, 1);
  expect(tilt(made([40, 191]))).toBeCloseTo(-0.5, 1);
  for (const byte of [0, 254, 255]) {
    const samples = made([40, ...Array.from({ length: 40 }, () => byte)], 500);
    expect(samples.every(Number.isFinite)).toBe(true);
  }
});

test('it rises from nothing, changes and ends without a step', () => {
  const noise = new ComfortNoise(8000);
  const samples = new Int16Array(12 * FRAME);
  noise.describe(Uint8Array.of(30), 0, 1);
  noise.add(samples, 0, 4 * FRAME);
  noise.describe(Uint8Array.of(50), 0, 1);
  noise.add(samples, 4 * FRAME, 4 * FRAME);
  noise.end(samples, 8 * FRAME, 4 * FRAME);
  expect(noise.isOn).toBe(false);
  // Loud at its loudest, and small where it begins, where the change is over, and at its end.
  const peak = (from: number, to: number): number => Math.max(...samples.subarray(from, to).map(Math.abs));
  expect(peak(0, 8)).toBeLessThan(0.1 * peak(2 * FRAME, 4 * FRAME));
  expect(level(samples.subarray(7 * FRAME, 8 * FRAME))).toBeLessThan(-47);
  expect(peak(8 * FRAME + 38, 12 * FRAME)).toBeLessThan(20);
  expect(largestStep(samples)).toBeLessThan(2.2 * peak(2 * FRAME, 4 * FRAME));
  noise.describe(new Uint8Array(0), 0, 0);
  expect(noise.isOn).toBe(false);
});
