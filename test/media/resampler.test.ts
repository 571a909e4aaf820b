import { expect, test } from 'vitest';
import { Resampler } from '../../media/resampler.ts';
import { level, levelAt, signalToNoise, testTone } from '../audio/measures.ts';

const RATES_HZ = [8000, 16_000, 24_000, 48_000];
const PAIRS = RATES_HZ.flatMap((fromHz) => RATES_HZ.filter((toHz) => toHz !== fromHz).map((toHz) => [fromHz, toHz]));

/** A tone of 400 ms, resampled in frames of 20 ms. */
function through(resampler: Resampler, sent: Int16Array, fromHz: number, toHz: number): Int16Array {
  const heard = new Int16Array((sent.length * toHz) / fromHz);
  for (let at = 0, to = 0; at < sent.length; at += fromHz / 50) {
    to += resampler.resample(sent, at, fromHz / 50, heard, to);
  }
  return heard;
}

/** Signal to noise of the best sine of that frequency. */
function purity(samples: Int16Array, frequencyHz: number, rateHz: number): number {
  const [sine, cosine] = [0, Math.PI / 2].map((phase) =>
    Int16Array.from(samples, (_, i) => Math.round(30_000 * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz + phase))),
  );
  const project = (basis: Int16Array) =>
    basis.reduce((sum, value, i) => sum + value * samples[i]!, 0) /
    basis.reduce((sum, value) => sum + value * value, 0);
  const [a, b] = [project(sine!), project(cosine!)];
  const ideal = Int16Array.from(samples, (_, i) => Math.round(a * sine![i]! + b * cosine![i]!));
  return signalToNoise(ideal, samples);
}

test.each(PAIRS)('from %i to %i Hz a tone of the pass band keeps its level, 60 dB above all else', (fromHz, toHz) => {
  for (const share of [0.1, 0.4, 0.85]) {
    const frequencyHz = Math.round((share * Math.min(fromHz!, toHz!)) / 2 / 50) * 50;
    const heard = through(
      new Resampler(fromHz!, toHz!),
      testTone(frequencyHz, -9, fromHz! * 0.4, fromHz),
      fromHz!,
      toHz!,
    );
    const settled = heard.subarray(toHz! / 50, heard.length);
    expect(levelAt(settled, frequencyHz, toHz)).toBeCloseTo(-9, 1);
    expect(purity(settled, frequencyHz, toHz!)).toBeGreaterThan(60);
  }
});

test.each([
  [16_000, 8000, 4600],
  [48_000, 8000, 5000],
  [48_000, 16_000, 9200],
])('from %i to %i Hz what lies at %i is not folded down', (fromHz, toHz, frequencyHz) => {
  const heard = through(new Resampler(fromHz, toHz), testTone(frequencyHz, -9, fromHz * 0.4, fromHz), fromHz, toHz);
  expect(level(heard.subarray(toHz / 50))).toBeLessThan(-65);
});

test('after priming, a stream goes on as if its past had been resampled too', () => {
  const tone = testTone(700, -9, 1600, 8000);
  const whole = through(new Resampler(8000, 16_000), tone, 8000, 16_000);
  const late = new Resampler(8000, 16_000);
  late.prime(tone.subarray(640, 800));
  const rest = through(late, tone.subarray(800), 8000, 16_000);
  expect(rest).toEqual(whole.subarray(1600));
  late.prime(new Int16Array(0));
  expect(through(late, tone, 8000, 16_000)).toEqual(whole);
});

test('what is too loud between two samples is clipped, not torn', () => {
  const square = Int16Array.from({ length: 800 }, (_, i) => (i % 8 < 4 ? 32_767 : -32_768));
  const heard = through(new Resampler(8000, 16_000), square, 8000, 16_000).subarray(320);
  for (let i = 1; i < heard.length; i++) expect(Math.abs(heard[i]! - heard[i - 1]!)).toBeLessThan(60_000);
});
