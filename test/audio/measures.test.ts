import { expect, test } from 'vitest';
import { clicks, gaps, lag, level, signalToNoise, strongestTone, testTone } from './measures.ts';

test('the measures find what was put in: tone, level, lag', () => {
  const tone = testTone(440, -20, 4000);
  const { frequencyHz, levelDbov } = strongestTone(tone);
  expect(Math.abs(frequencyHz - 440)).toBeLessThan(1);
  expect(levelDbov).toBeCloseTo(-20, 1);
  expect(level(tone)).toBeCloseTo(-20, 1);
  const noise = Int16Array.from({ length: 2000 }, (_, i) => ((i * 7919) % 2003) - 1001);
  expect(lag(noise, Int16Array.from([...new Int16Array(37), ...noise]), 100)).toBe(37);
});

test('noise at a tenth of the amplitude is 20 dB below', () => {
  const sent = testTone(1000, -20, 8000);
  const noise = testTone(1830, -40, 8000);
  expect(
    signalToNoise(
      sent,
      sent.map((sample, i) => sample + noise[i]!),
    ),
  ).toBeCloseTo(20, 0);
});

test('a hole and a break are found where they are, and a clean tone has none', () => {
  const clean = testTone(440, -20, 4000);
  expect(gaps(clean)).toEqual([]);
  expect(clicks(clean, 440)).toEqual([]);
  const holed = clean.slice().fill(0, 1000, 1160);
  expect(gaps(holed)).toHaveLength(1);
  expect(gaps(holed)[0]!.samples).toBeGreaterThanOrEqual(160);
  const broken = Int16Array.from([...clean.subarray(0, 1010), ...clean.subarray(1057)]);
  const [first, ...others] = clicks(broken, 440);
  expect(Math.abs(first! - 1010)).toBeLessThan(4);
  expect(others).toEqual([]);
});
