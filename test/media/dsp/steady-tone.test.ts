import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type SteadyTone, SteadyToneDetector } from '../../../media/dsp/steady-tone.ts';
import { FAX_ANSWER, FAX_CALLING, SPECIAL_INFORMATION, type Tone, ToneGenerator } from '../../../media/dsp/tone.ts';
import { hasProgram } from '../../interop/program.ts';
import { clipped, joined, noisy, peakOf, presses, through } from './dtmf-signals.ts';

/** A sine between two silences. */
function sine(hz: number, ms: number, dbm0 = -12, leadMs = 303): Float64Array {
  const on = Float64Array.from({ length: ms * 8 }, (_, i) => peakOf(dbm0) * Math.sin((2 * Math.PI * hz * i) / 8000));
  return joined([new Float64Array(leadMs * 8), on, new Float64Array(1600)]);
}

function heard(samples: Int16Array): SteadyTone[] {
  const detector = new SteadyToneDetector();
  const tones: SteadyTone[] = [];
  for (let at = 0; at < samples.length; at += 160) {
    detector.receive(samples, at, Math.min(160, samples.length - at));
    for (let tone = detector.poll(); tone !== undefined; tone = detector.poll()) tones.push(tone);
  }
  return tones;
}

function played(tone: Tone, ms: number): Int16Array {
  const samples = new Int16Array(ms * 8);
  new ToneGenerator(tone, 8000).fill(samples, 0, samples.length);
  return samples;
}

test.each([
  [1000, 500, -12],
  [1400, 200, -3],
  [850, 1000, -25],
  [2000, 150, -20],
])(
  'a beep of %d Hz, %d ms and %d dBm0 is heard behind its end, through both laws and noise 24 dB below',
  (hz, ms, dbm0) => {
    for (const law of ['PCMU', 'PCMA'] as const) {
      for (let leadMs = 300; leadMs < 320; leadMs += 3) {
        const [beep, ...others] = heard(through(law, clipped(noisy(sine(hz, ms, dbm0, leadMs), dbm0 - 24, leadMs))));
        expect(others).toEqual([]);
        expect(beep?.tone).toBe('beep');
        expect(Math.abs(beep!.frequencyHz - hz)).toBeLessThan(12);
        expect(Math.abs(beep!.durationMs - ms)).toBeLessThanOrEqual(40);
      }
    }
  },
);

test('tones of exchanges, short clicks, hum and melodies are no beeps', () => {
  expect(heard(clipped(joined([sine(425, 500), sine(440, 1000), sine(50, 2000)])))).toEqual([]);
  expect(heard(clipped(sine(1000, 60)))).toEqual([]);
  expect(heard(played(SPECIAL_INFORMATION, 4000))).toEqual([]);
  expect(heard(clipped(sine(1000, 4000)))).toEqual([]);
  expect(heard(clipped(presses([...'123A456B'].map((key) => ({ key, onMs: 300 })))))).toEqual([]);
  expect(heard(clipped(noisy(new Float64Array(80_000), -15, 2)))).toEqual([]);
});

test('ITU-T T.30 §4.1.2: CNG is heard with each of its bursts, 38 Hz off as well', () => {
  expect(heard(played(FAX_CALLING, 8000)).map(({ tone }) => tone)).toEqual(
    ['fax-calling', 'fax-calling', 'fax-calling'].slice(0, 3),
  );
  for (const hz of [1064, 1136]) expect(heard(clipped(sine(hz, 500))).map(({ tone }) => tone)).toEqual(['fax-calling']);
  expect(heard(clipped(sine(1160, 500))).map(({ tone }) => tone)).toEqual(['beep']);
  expect(heard(clipped(sine(1100, 800))).map(({ tone }) => tone)).toEqual(['beep']);
});

test('ITU-T T.30 §4.1.1: CED is heard once while it lasts, and when its phase is reversed every 450 ms', () => {
  const [answer, ...others] = heard(played(FAX_ANSWER, 3000));
  expect(others).toEqual([]);
  expect(answer).toMatchObject({ tone: 'fax-answer', durationMs: 600 });
  const reversed = sine(2100, 3000).map((value, i) => (Math.floor(i / 3600) % 2 === 0 ? value : -value));
  expect(heard(through('PCMA', clipped(reversed))).map(({ tone }) => tone)).toEqual(['fax-answer']);
  expect(heard(clipped(sine(2160, 3000)))).toEqual([]);
});

test('what nobody takes is bounded and counted', () => {
  const detector = new SteadyToneDetector();
  const samples = clipped(joined(Array.from({ length: 10 }, () => sine(1000, 200))));
  detector.receive(samples, 0, samples.length);
  expect(detector.dropped).toBe(2);
});

describe.skipIf(!hasProgram('espeak-ng') || !hasProgram('sox'))('with a speech synthesizer', () => {
  test('minutes of speech hold no beep and no fax machine', () => {
    const text = readFileSync(new URL('../../../flows/README.md', import.meta.url), 'utf8').slice(0, 3000);
    for (const voice of ['es']) {
      const wav = execFileSync('espeak-ng', ['-v', voice, '--stdout'], { input: text, maxBuffer: 1e8 });
      const to = ['-r', '8000', '-b', '16', '-e', 'signed', '-c', '1', '-t', 'raw', '-'];
      const raw = execFileSync('sox', ['-V1', '-v', '0.9', '-t', 'wav', '-', ...to], { input: wav, maxBuffer: 1e8 });
      const samples = new Int16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + (raw.length & ~1)));
      expect(heard(through('PCMU', samples))).toEqual([]);
    }
  });
});
