import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { Concealment } from '../../../media/dsp/concealment.ts';
import { findPitch, pitchReach } from '../../../media/dsp/pitch.ts';
import { Resampler } from '../../../media/resampler.ts';
import {
  clicks,
  level,
  logSpectralDistance,
  segmentalSignalToNoise,
  signalToNoise,
  testTone,
} from '../../audio/measures.ts';
import { outsideCases } from '../../messages/cases.ts';

const VECTORS = outsideCases('codec/g711-plc');

type Way = 'zero' | 'repeat' | 'conceal';

/** What is heard of speech when some of its frames never come. */
function hear(
  sent: Int16Array,
  frame: number,
  rateHz: number,
  way: Way,
  isLost: (frame: number) => boolean,
): Int16Array {
  const heard = sent.slice();
  const concealment = new Concealment(rateHz);
  for (let at = 0; at + frame <= sent.length; at += frame) {
    if (!isLost(at / frame)) {
      if (concealment.isRunning) concealment.resume(heard, at, frame);
    } else if (way === 'zero') heard.fill(0, at, at + frame);
    else if (way === 'repeat') heard.copyWithin(at, Math.max(0, at - frame), at);
    else {
      if (!concealment.isRunning) {
        concealment.begin();
        concealment.remember(heard, Math.max(0, at - 400), at);
      }
      concealment.fill(heard, at, frame);
    }
  }
  return heard;
}

/** The prompts, as a synthetic voice speaks them. */
function speech(rateHz: number): Int16Array {
  const names = ['welcome', 'goodbye', 'you-pressed', 'menu', 'again'];
  const samples = names.flatMap((name) => {
    const file = readFileSync(join(import.meta.dirname, `../../../cli/prompts/${name}.wav`));
    return Array.from({ length: (file.length - 44) >> 1 }, (_, i) => file.readInt16LE(44 + 2 * i));
  });
  if (rateHz === 8000) return Int16Array.from(samples);
  const narrow = Int16Array.from(samples.slice(0, samples.length - (samples.length % 160)));
  const wide = new Int16Array((narrow.length * rateHz) / 8000);
  const resampler = new Resampler(8000, rateHz);
  for (let at = 0; at < narrow.length; at += 160) resampler.resample(narrow, at, 160, wide, (at * rateHz) / 8000);
  return wide;
}

/** Five frames in a hundred, each for itself, or two and a half in a row (Gilbert). */
function losses(kind: 'random' | 'burst'): (frame: number) => boolean {
  const random = seeded(711);
  let isBad = false;
  const lost = Array.from({ length: 4000 }, () => {
    isBad = random.next() < (kind === 'random' ? 0.05 : isBad ? 0.6 : 0.021);
    return isBad;
  });
  return (frame) => lost[frame]!;
}

test.each([
  ['random', 8000],
  ['burst', 8000],
  ['random', 16_000],
  ['burst', 16_000],
] as const)(
  'speech with 5 in 100 packets lost (%s) at %i Hz is nearer to what was said than with silence or repeated frames',
  (kind, rateHz) => {
    const sent = speech(rateHz);
    const frame = rateHz / 50;
    const isLost = losses(kind);
    const [zero, repeat, concealed] = (['zero', 'repeat', 'conceal'] as const).map((way) => {
      const heard = hear(sent, frame, rateHz, way, isLost);
      return { distance: logSpectralDistance(sent, heard), ratio: segmentalSignalToNoise(sent, heard, frame, isLost) };
    });
    expect(concealed!.distance).toBeLessThan(0.75 * zero!.distance);
    expect(concealed!.distance).toBeLessThan(0.75 * repeat!.distance);
    expect(concealed!.ratio).toBeGreaterThan(zero!.ratio + 0.5);
    expect(concealed!.ratio).toBeGreaterThan(repeat!.ratio + 2);
  },
);

test.skipIf(VECTORS === undefined)(
  'G.711 Appendix I: the voice of its vectors, every tenth frame or two frames of twenty lost, is as near as the reference leaves it, within 0.2 dB',
  () => {
    const read = (name: string): Int16Array => {
      const file = readFileSync(join(VECTORS!, name));
      return Int16Array.from({ length: file.length >> 1 }, (_, i) => file.readInt16LE(2 * i));
    };
    const sent = read('f2.le');
    for (const [reference, period, lost] of [
      ['f2_10.raw', 10, 1],
      ['f2_10_2.raw', 20, 2],
    ] as const) {
      const ours = hear(sent, 80, 8000, 'conceal', (frame) => frame % period >= period - lost);
      const theirs = read(reference);
      expect(segmentalSignalToNoise(sent, ours)).toBeGreaterThan(segmentalSignalToNoise(sent, theirs) + 0.3);
      expect(logSpectralDistance(sent, ours)).toBeLessThan(logSpectralDistance(sent, theirs) + 0.2);
    }
  },
);

test.each([8000, 16_000])('a tone at %i Hz goes on through a lost frame, without a click at either end', (rateHz) => {
  const sent = testTone(440, -16, rateHz, rateHz);
  const heard = hear(sent, rateHz / 50, rateHz, 'conceal', (frame) => frame % 10 === 9);
  expect(signalToNoise(sent, heard)).toBeGreaterThan(20);
  expect(clicks(heard, 440, rateHz, 0.03)).toEqual([]);
});

test('a voice that never comes back is soft after 50 ms and silent after 100', () => {
  const heard = hear(testTone(200, -16, 8000), 160, 8000, 'conceal', (frame) => frame >= 10);
  expect(level(heard.subarray(1600, 1680))).toBeGreaterThan(-17);
  expect(level(heard.subarray(2000, 2080))).toBeLessThan(-20);
  expect(heard.subarray(2400).every((sample) => sample === 0)).toBe(true);
  expect(clicks(heard, 200, 8000, 0.01)).toEqual([]);
});

test('what comes back after silence begins softly', () => {
  const heard = hear(testTone(440, -16, 8000), 160, 8000, 'conceal', (frame) => frame >= 10 && frame < 20);
  expect(Math.abs(heard[3200]!)).toBeLessThan(600);
  expect(clicks(heard, 440, 8000, 0.05)).toEqual([]);
});

test('of silence nothing is made, and of too short a past no more than it was', () => {
  expect(hear(new Int16Array(1600), 160, 8000, 'conceal', (frame) => frame > 2).every((sample) => sample === 0)).toBe(
    true,
  );
  const loudest = Math.max(
    ...hear(testTone(300, -10, 1600), 160, 8000, 'conceal', (frame) => frame === 1).map(Math.abs),
  );
  expect(loudest).toBeLessThan(2 * 32768 * Math.SQRT2 * 10 ** (-10 / 20));
});

test.each([8000, 16_000])('the period of a voice at %i Hz is found to a sample', (rateHz) => {
  for (const frequencyHz of [70, 100, 160, 250, 400]) {
    const reach = pitchReach(rateHz);
    const voice = testTone(frequencyHz, -20, reach, rateHz).map(
      (sample, i) => sample + 3000 * Math.sin((4 * Math.PI * frequencyHz * i) / rateHz),
    );
    const { period, likeness } = findPitch(voice, reach, rateHz);
    const periods = (period * frequencyHz) / rateHz;
    expect(Math.abs(periods - Math.round(periods)) * (rateHz / frequencyHz)).toBeLessThanOrEqual(1.01);
    expect(likeness).toBeGreaterThan(0.9);
  }
});
