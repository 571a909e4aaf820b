import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeWav } from '../../../media/audio-file.ts';
import { DtmfDetector } from '../../../media/dsp/dtmf-detector.ts';
import { hasProgram } from '../../interop/program.ts';
import {
  clipped,
  heardIn,
  KEYS,
  type KeyPress,
  type Law,
  noisy,
  peakOf,
  presses,
  textIn,
  through,
} from './dtmf-signals.ts';

/** Criteria of the Mitel CM7291 tape, side 1, and of ITU-T Q.24; each begins anywhere in a block of the detector. */
const RUNS = Number(process.env['TANDEM_SEEDS'] ?? 100);
/** The tape has a thousand. */
const NOISY_KEYS = RUNS > 100 ? 1000 : 200;
const LAWS: readonly Law[] = ['PCMU', 'PCMA'];
const SIDES = ['rowFactor', 'columnFactor'] as const;

const keys = (text: string, press: Omit<KeyPress, 'key'> = {}): KeyPress[] =>
  [...text].map((key) => ({ key, ...press }));

/** Whether one press is heard as itself when it begins so late. */
function isHeard(law: Law, press: KeyPress, leadMs: number): boolean {
  return textIn(through(law, clipped(presses([press], leadMs)))) === press.key;
}

describe.each(LAWS)('through %s', (law) => {
  test('all sixteen keys are heard, ten times each, once a burst of 50 ms at -4 dBm0 a tone', () => {
    const text = [...KEYS].map((key) => key.repeat(10)).join('');
    const heard = heardIn(through(law, clipped(presses(keys(text, { rowDbm0: -4, columnDbm0: -4 }), 3.3))));
    expect(heard.map(({ digit }) => digit).join('')).toBe(text);
    for (const { durationMs } of heard) expect(Math.abs(durationMs - 50)).toBeLessThan(6);
  });

  test.each(SIDES)('recognition bandwidth: a %s off by 1.5 % is heard, one off by 3.5 % is not', (side) => {
    for (const key of '159D') {
      const press = { key, rowDbm0: -17, columnDbm0: -17 };
      const counts = [1, -1].map((sign) => {
        const steps = Array.from({ length: 60 }, (_, i) => i + 1);
        return steps.filter((n) => isHeard(law, { ...press, [side]: 1 + (sign * n) / 1000 }, n * 0.7)).length;
      });
      for (const count of counts) {
        expect(count).toBeGreaterThanOrEqual(15);
        expect(count).toBeLessThan(35);
      }
    }
  });

  test('twist: a column 8 dB below its row is heard, and one 4 dB above it', () => {
    for (const key of '159D') {
      for (let lead = 0; lead < 12; lead += 1.5) {
        expect(isHeard(law, { key, rowDbm0: -3, columnDbm0: -11 }, lead)).toBe(true);
        expect(isHeard(law, { key, rowDbm0: -7, columnDbm0: -3 }, lead)).toBe(true);
        expect(isHeard(law, { key, rowDbm0: -3, columnDbm0: -15 }, lead)).toBe(false);
        expect(isHeard(law, { key, rowDbm0: -11, columnDbm0: -3 }, lead)).toBe(false);
      }
    }
  });

  test('dynamic range: from +3 to -38 dBm0 a tone every level is heard, at -55 nothing', () => {
    for (let level = 3; level >= -38; level--) {
      expect(isHeard(law, { key: '1', rowDbm0: level, columnDbm0: level }, level + 40)).toBe(true);
    }
    expect(isHeard(law, { key: '1', rowDbm0: -55, columnDbm0: -55 }, 0)).toBe(false);
  });

  test('noise: every key is heard 15 dB above white noise, and nothing in noise alone', () => {
    const level = { rowDbm0: -4, columnDbm0: -4 };
    const signal = presses(keys('1'.repeat(NOISY_KEYS), level), 1.7);
    expect(textIn(through(law, clipped(noisy(signal, -19, 5))))).toBe('1'.repeat(NOISY_KEYS));
    expect(textIn(through(law, clipped(noisy(new Float64Array(NOISY_KEYS * 800), -20, 6))))).toBe('');
  });

  test('dial tone 10 dB below the keys hides none of them', () => {
    const signal = presses(keys(KEYS.repeat(10), { rowDbm0: -15, columnDbm0: -15 }), 1.7);
    const dial = (i: number): number =>
      Math.sin((2 * Math.PI * 350 * i) / 8000) + Math.sin((2 * Math.PI * 440 * i) / 8000);
    const both = signal.map((value, i) => value + peakOf(-25) * dial(i));
    expect(textIn(through(law, clipped(both)))).toBe(KEYS.repeat(10));
  });
});

/** Places in a block where a key may begin, in milliseconds. */
const LEADS_MS = Array.from({ length: 26 }, (_, i) => i / 2);

test('a key of 40 ms is heard and one of 23 ms is not, wherever in a block it begins', () => {
  for (const leadMs of LEADS_MS) {
    for (const key of KEYS) {
      expect(isHeard('linear', { key, onMs: 40 }, leadMs)).toBe(true);
      expect(textIn(clipped(presses([{ key, onMs: 23 }], leadMs)))).toBe('');
    }
  }
});

test('a pause of 40 ms makes two keys of one, an interruption of 10 ms does not', () => {
  for (const leadMs of LEADS_MS) {
    const twice = presses(
      [
        { key: '7', onMs: 40, offMs: 40 },
        { key: '7', onMs: 40 },
      ],
      leadMs,
    );
    expect(textIn(clipped(twice))).toBe('77');
    const once = presses([{ key: '7', onMs: 120 }], leadMs);
    once.fill(0, leadMs * 8 + 400, leadMs * 8 + 480);
    const heard = heardIn(clipped(once));
    expect(heard.map(({ digit }) => digit)).toEqual(['7']);
    expect(Math.abs(heard[0]!.durationMs - 120)).toBeLessThan(12);
  }
});

test('a key is told at the latest 50 ms after its end, with its length to 10 ms', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...KEYS),
      fc.integer({ min: 40, max: 400 }),
      fc.double({ min: 0, max: 30, noNaN: true }),
      // Louder ones with the twist added are clipped.
      fc.integer({ min: -25, max: -4 }),
      fc.integer({ min: -8, max: 4 }),
      fc.constantFrom<Law>('linear', 'PCMU', 'PCMA'),
      (key, onMs, leadMs, rowDbm0, twistDb, law) => {
        const press = { key, onMs, rowDbm0, columnDbm0: rowDbm0 + twistDb };
        const heard = heardIn(through(law, clipped(presses([press], leadMs))));
        expect(heard.map(({ digit }) => digit)).toEqual([key]);
        expect(Math.abs(heard[0]!.durationMs - onMs)).toBeLessThan(10);
        // And the frame of 20 ms with which it comes.
        expect(heard[0]!.atMs - (Math.round(leadMs * 8) / 8 + onMs)).toBeLessThan(50 + 20);
      },
    ),
    { numRuns: RUNS, seed: 1 },
  );
});

test('before a key is certain it is suspected, in less time than any receiver takes for a key (Q.24: 23 ms)', () => {
  for (const leadMs of LEADS_MS) {
    for (const key of KEYS) {
      const samples = clipped(presses([{ key, onMs: 60 }], leadMs));
      const detector = new DtmfDetector();
      let at = 0;
      for (; !detector.isSuspicious; at++) detector.receive(samples, at, 1);
      expect(at / 8 - Math.round(leadMs * 8) / 8).toBeLessThan(23);
    }
  }
});

test('a key that is held when nothing comes any more is over', () => {
  const detector = new DtmfDetector();
  const samples = clipped(presses([{ key: '#', onMs: 100, offMs: 0 }]));
  detector.receive(samples, 0, samples.length);
  expect(detector.poll()).toBeUndefined();
  expect(detector.isHeld).toBe(true);
  detector.finish();
  expect(detector.poll()?.digit).toBe('#');
  expect(detector.isSuspicious).toBe(false);
});

test('what nobody takes is bounded and counted', () => {
  const detector = new DtmfDetector();
  const samples = clipped(presses(keys('1'.repeat(40)), 0));
  detector.receive(samples, 0, samples.length);
  let count = 0;
  while (detector.poll() !== undefined) count++;
  expect(count).toBe(32);
  expect(detector.dropped).toBeGreaterThanOrEqual(7);
});

const prompts = new URL('../../../cli/prompts/', import.meta.url);

test('talk-off: spoken prompts, at every level, are no keys', () => {
  const detector = new DtmfDetector();
  for (const gain of [0.3, 2]) {
    for (const name of readdirSync(prompts)) {
      const file = decodeWav(readFileSync(new URL(name, prompts)));
      if (!('samples' in file)) throw new Error(`${name} cannot be read`);
      const samples = through('PCMU', clipped(Float64Array.from(file.samples, (sample) => sample * gain)));
      expect(heardIn(samples, detector)).toEqual([]);
    }
  }
});

describe.skipIf(!hasProgram('espeak-ng') || !hasProgram('sox'))('with a speech synthesizer', () => {
  test('talk-off: minutes of speech hold no key', () => {
    const text = readFileSync(new URL('../../../media/README.md', import.meta.url), 'utf8').slice(0, 3000);
    for (const voice of RUNS > 100 ? ['en', 'en+f3', 'en+m7', 'de', 'fr+f2', 'it+f4', 'es'] : ['en+f3']) {
      const wav = execFileSync('espeak-ng', ['-v', voice, '--stdout'], { input: text, maxBuffer: 1e8 });
      const to = ['-r', '8000', '-b', '16', '-e', 'signed', '-c', '1', '-t', 'raw', '-'];
      const raw = execFileSync('sox', ['-V1', '-v', '0.9', '-t', 'wav', '-', ...to], { input: wav, maxBuffer: 1e8 });
      const samples = new Int16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + (raw.length & ~1)));
      expect(samples.length).toBeGreaterThan(2 * 60 * 8000);
      for (const law of LAWS) expect(heardIn(through(law, samples))).toEqual([]);
    }
  });
});
