import { describe, expect, test } from 'vitest';
import { Goertzel } from '../../../media/dsp/goertzel.ts';
import { applyGain, gainFactor, levelDbov, SILENCE_DBOV } from '../../../media/dsp/level.ts';
import { sine, TONES, type Tone, ToneGenerator, tonesOf } from '../../../media/dsp/tone.ts';
import { clicks, gaps, level, levelAt, strongestTone, testTone } from '../../audio/measures.ts';

const RATE = 8000;

/** Made frame by frame, as a player does. */
function sound(tone: Tone, milliseconds: number): Int16Array {
  const samples = new Int16Array((milliseconds * RATE) / 1000);
  const generator = new ToneGenerator(tone, RATE);
  for (let at = 0; at < samples.length; at += 160) generator.fill(samples, at, Math.min(160, samples.length - at));
  return samples;
}

const all = Object.entries(TONES).flatMap(([country, tones]) =>
  Object.entries(tones).map(([name, tone]: [string, Tone]) => ({ country, name, tone })),
);

describe.each(all)('$country $name', ({ tone }) => {
  test('has its frequencies at their level and nothing between them', () => {
    const on = sound(tone, 200);
    for (const frequencyHz of tone.frequenciesHz) expect(levelAt(on, frequencyHz)).toBeCloseTo(tone.levelDbov, 0);
    expect(levelAt(on, 1000)).toBeLessThan(tone.levelDbov - 40);
  });

  test('keeps its cadence to the sample', () => {
    const [on, off] = tone.cadenceMs;
    if (on === undefined || off === undefined) {
      expect(gaps(sound(tone, 3000), 40)).toEqual([]);
      return;
    }
    const found = gaps(sound(tone, on + off + on), 1000);
    expect(found).toHaveLength(1);
    expect(Math.abs(found[0]!.start - on * 8)).toBeLessThan(8);
    expect(Math.abs(found[0]!.samples - off * 8)).toBeLessThan(16);
  });
});

test('a burst rises and falls gently: its edges do not click', () => {
  const { busy } = TONES.us;
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
  expect(tonesOf('us')).toBe(TONES.us);
  expect(tonesOf('DE')).toBe(TONES.eu);
  expect(tonesOf('')).toBe(TONES.eu);
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
