import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeWav } from '../../../media/audio-file.ts';
import { VOICE_BLOCK_MS, VoiceActivity } from '../../../media/dsp/voice-activity.ts';
import { clipped, joined, noisy, peakOf } from './dtmf-signals.ts';

function prompt(name: string): Float64Array {
  const file = decodeWav(readFileSync(new URL(`../../../cli/prompts/${name}.wav`, import.meta.url)));
  if (!('samples' in file)) throw new Error(`${name} cannot be read`);
  return Float64Array.from(file.samples);
}

const silence = (ms: number): Float64Array => new Float64Array(ms * 8);

/** Milliseconds of voice in each stretch of so many milliseconds. */
function voicedMs(signal: Float64Array, stretchMs: number, voice = new VoiceActivity()): number[] {
  const samples = clipped(signal);
  const voiced: number[] = [];
  let blocks = 0;
  for (let at = 0; at < samples.length; ) {
    at += voice.receive(samples, at, Math.min(160, samples.length - at));
    if (!voice.isComplete) continue;
    const stretch = Math.floor((blocks++ * VOICE_BLOCK_MS) / stretchMs);
    voiced[stretch] = (voiced[stretch] ?? 0) + (voice.isVoiced ? VOICE_BLOCK_MS : 0);
  }
  return voiced;
}

test('a voice is heard and silence is not', () => {
  const speech = prompt('recorder');
  const [before, ...rest] = voicedMs(joined([silence(1000), speech, silence(2000)]), 1000);
  expect(before).toBe(0);
  expect(rest[0]).toBeGreaterThan(500);
  expect(rest.at(-1)).toBe(0);
});

test.each([-50, -40, -30])(
  'in steady noise of %d dBm0 nobody talks after two seconds, and a voice above it is heard',
  (dbm0) => {
    const voice = new VoiceActivity();
    const noise = voicedMs(noisy(silence(6000), dbm0, 3), 3000, voice);
    expect(noise[1]).toBe(0);
    expect(Math.abs(voice.noiseDbov - (dbm0 - 6.15))).toBeLessThan(3);
    const speech = prompt('recorder');
    const [heard] = voicedMs(noisy(speech, dbm0, 4), 10_000, voice);
    expect(heard).toBeGreaterThan((speech.length / 8) * 0.3);
    // And the noise behind the voice is noise at once.
    expect(voicedMs(noisy(silence(500), dbm0, 5), 500, voice)[0]).toBeLessThan(30);
  },
);

test('a tone that goes on is noise after two seconds', () => {
  const tone = Float64Array.from({ length: 48_000 }, (_, i) => peakOf(-15) * Math.sin((2 * Math.PI * 425 * i) / 8000));
  expect(voicedMs(tone, 3000)[1]).toBe(0);
});

test('levels are told in dBov, block by block', () => {
  const voice = new VoiceActivity();
  const samples = clipped(
    Float64Array.from({ length: 80 }, (_, i) => peakOf(-10) * Math.sin((2 * Math.PI * 1000 * i) / 8000)),
  );
  expect(voice.receive(samples, 0, 30)).toBe(30);
  expect(voice.isComplete).toBe(false);
  expect(voice.receive(samples, 30, 50)).toBe(50);
  expect(voice.isComplete).toBe(true);
  expect(voice.levelDbov).toBeCloseTo(-16.15, 1);
});
