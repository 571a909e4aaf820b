import { expect, test } from 'vitest';
import { COUNTRY_TONES, tonesOf } from '../../../media/dsp/country-tones.ts';
import { Goertzel } from '../../../media/dsp/goertzel.ts';
import { applyGain, gainFactor, levelDbov, SILENCE_DBOV } from '../../../media/dsp/level.ts';
import {
  BEEP,
  FAX_ANSWER,
  FAX_CALLING,
  SPECIAL_INFORMATION,
  sine,
  type Tone,
  ToneGenerator,
} from '../../../media/dsp/tone.ts';
import { clicks, level, levelAt, strongestTone, testTone } from '../../audio/measures.ts';

const RATE = 8000;

/** Made frame by frame, as a player does. */
function sound(tone: Tone, milliseconds: number): Int16Array {
  const samples = new Int16Array((milliseconds * RATE) / 1000);
  const generator = new ToneGenerator(tone, RATE);
  for (let at = 0; at < samples.length; at += 160) generator.fill(samples, at, Math.min(160, samples.length - at));
  return samples;
}

/** Every tone there is, once. */
const tones = [...COUNTRY_TONES.values()].flatMap((ofCountry) => Object.values(ofCountry));
const all = [...tones, SPECIAL_INFORMATION, FAX_CALLING, FAX_ANSWER, BEEP];
const different = [...new Map(all.map((tone) => [JSON.stringify(tone), tone])).values()];

test('every tone has its frequencies at their levels in its bursts, and silence to the sample between them', () => {
  expect(different.length).toBeGreaterThan(50);
  for (const tone of different) {
    const isContinuous = tone[0]!.onMs === Number.POSITIVE_INFINITY;
    const cycleMs = isContinuous ? 400 : tone.reduce((sum, { onMs, offMs }) => sum + onMs + offMs, 0);
    const samples = sound(tone, cycleMs + 200);
    let at = 0;
    for (const { frequenciesHz, levelsDbov, onMs, offMs } of tone) {
      const on = isContinuous ? 3200 : onMs * 8;
      const middle = samples.subarray(at + 40, at + Math.min(on - 40, 1640));
      for (const [i, hz] of frequenciesHz.entries()) {
        expect(Math.abs(levelAt(middle, hz) - levelsDbov[i]!)).toBeLessThan(1.5);
      }
      expect(levelAt(middle, 2800)).toBeLessThan(levelsDbov[0]! - 40);
      expect(samples[at + 1]).not.toBe(0);
      at += on;
      expect(samples.subarray(at, at + offMs * 8).every((sample) => sample === 0)).toBe(true);
      at += offMs * 8;
    }
    // And again from the beginning.
    const again = levelDbov(samples, at, 1600) - levelDbov(samples, 0, 1600);
    expect(Math.abs(again)).toBeLessThan(isContinuous ? 3 : 0.01);
  }
});

test.each([
  ['US', 'ringback', [440, 480], [2000, 4000]],
  ['us', 'congestion', [480, 620], [250, 250]],
  ['GB', 'ringback', [400, 450], [400, 200, 400, 2000]],
  ['GB', 'busy', [400], [375, 375]],
  ['FR', 'ringback', [440], [1500, 3500]],
  ['DE', 'busy', [425], [480, 480]],
  ['JP', 'busy', [400], [500, 500]],
  ['', 'ringback', [425], [1000, 4000]],
] as const)('ITU-T E.180 Supplement 2: %s %s is %j Hz, %j ms', (country, name, frequenciesHz, cadenceMs) => {
  const tone = tonesOf(country)[name];
  expect(tone.flatMap(({ onMs, offMs }) => [onMs, offMs])).toEqual(cadenceMs);
  for (const burst of tone) expect(burst.frequenciesHz).toEqual(frequenciesHz);
});

test('a burst rises and falls gently: its edges do not click', () => {
  const { busy } = tonesOf('US');
  const samples = sound(busy, 1200);
  const loudest = Math.max(...samples.map(Math.abs));
  for (const at of [0, 4000 - 8, 8000]) {
    expect(Math.max(...samples.subarray(at, at + 8).map(Math.abs))).toBeLessThan(loudest / 3);
  }
});

test('a sine has the frequency and level asked for, after minutes as at first', () => {
  const samples = sound(sine(1004, -10), 120_000);
  for (const part of [samples.subarray(0, 1600), samples.subarray(-1600)]) {
    const { frequencyHz, levelDbov } = strongestTone(part);
    expect(Math.abs(frequencyHz - 1004)).toBeLessThan(1);
    expect(levelDbov).toBeCloseTo(-10, 0);
  }
  expect(clicks(samples, 1004)).toEqual([]);
});

test('a sine at full scale clips nothing, and above it clips without wrapping', () => {
  expect(sound(sine(1000, -3.02), 100).every((sample) => Math.abs(sample) <= 32767)).toBe(true);
  expect(levelAt(sound(sine(1000, 3), 200), 1000)).toBeGreaterThan(-2);
});

test('countries have their tones, unknown ones the European', () => {
  expect(tonesOf('us')).toBe(tonesOf('US'));
  expect(tonesOf('CA')).toEqual(tonesOf('US'));
  expect(tonesOf('LU')).toBe(tonesOf(''));
});

test('levels agree with the definition: a sine at full scale is -3.01 dBov, silence the floor', () => {
  const samples = testTone(1000, -3.0103, RATE);
  expect(levelDbov(samples, 0, samples.length)).toBeCloseTo(-3.01, 2);
  expect(levelDbov(samples, 0, samples.length)).toBeCloseTo(level(samples), 6);
  expect(levelDbov(new Int16Array(160), 0, 160)).toBe(SILENCE_DBOV);
  expect(levelDbov(samples, 0, 0)).toBe(SILENCE_DBOV);
});

test('gain changes the level by its decibels and clips at the ends', () => {
  const samples = testTone(1000, -30, 1600);
  applyGain(samples, 0, samples.length, gainFactor(12));
  expect(level(samples)).toBeCloseTo(-18, 1);
  const loud = Int16Array.of(20_000, -20_000);
  applyGain(loud, 0, 2, 4);
  expect([...loud]).toEqual([32767, -32768]);
});

test('a detector hears its frequency at its level and little of others', () => {
  const detector = new Goertzel(697, RATE);
  expect(detector.levelDbov(testTone(697, -20, 800), 0, 800)).toBeCloseTo(-20, 0);
  expect(detector.levelDbov(testTone(1209, -20, 800), 0, 800)).toBeLessThan(-45);
  expect(detector.levelDbov(new Int16Array(800), 0, 800)).toBe(SILENCE_DBOV);
});
