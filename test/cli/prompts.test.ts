import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { musicOnHold } from '../../cli/build/music.ts';
import { Speaker } from '../../cli/build/speak.ts';
import { PROMPT_TEXTS } from '../../cli/prompt-texts.ts';
import { MUSIC, PROMPT_NAMES, promptsFolder } from '../../cli/prompts.ts';
import { AUDIO_RATE_HZ, decodeWav } from '../../media/audio-file.ts';

const folder = promptsFolder('unused');
const SIZE_MAX_BYTES = 600_000;

function read(name: string): Uint8Array {
  return readFileSync(join(folder, `${name}.wav`));
}

test('there is a prompt for each text, the music, and no other, small enough to be kept with the sources', () => {
  const names = PROMPT_NAMES;
  expect(readdirSync(folder).sort()).toEqual(names.map((name) => `${name}.wav`).sort());
  const sizeBytes = names.reduce((sum, name) => sum + read(name).length, 0);
  expect(sizeBytes).toBeLessThan(SIZE_MAX_BYTES);
});

test.each(Object.entries(PROMPT_TEXTS))('%s says "%s" as long as people take, and as loud', (name, text) => {
  const decoded = decodeWav(read(name));
  if (decoded.kind === 'refused') throw new Error(decoded.detail);
  const seconds = decoded.samples.length / AUDIO_RATE_HZ;
  expect(decoded.sourceRateHz).toBe(AUDIO_RATE_HZ);
  // People speak 10 to 20 letters a second.
  expect(seconds).toBeGreaterThan(text.length / 25);
  expect(seconds).toBeLessThan(0.5 + text.length / 8);
  expect(decoded.samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBe(16_384);
});

test('spoken again, the prompts are the same to the byte', { timeout: 60_000 }, () => {
  const speaker = new Speaker();
  for (const [name, text] of Object.entries(PROMPT_TEXTS)) {
    expect(Buffer.compare(speaker.speak(text), read(name)), name).toBe(0);
  }
});

test('the music is what its notes are, never louder than speech, and can be repeated without a seam', () => {
  const decoded = decodeWav(read(MUSIC));
  if (decoded.kind === 'refused') throw new Error(decoded.detail);
  const { samples } = decoded;
  const again = musicOnHold();
  expect(samples.length).toBe(16 * AUDIO_RATE_HZ);
  // Sines may differ in their last bit between machines.
  expect(samples.every((sample, index) => Math.abs(sample - again[index]!) <= 1)).toBe(true);
  const step = (index: number): number => Math.abs(samples[(index + 1) % samples.length]! - samples[index]!);
  const steepest = samples.reduce(
    (steep, _, index) => Math.max(steep, index + 1 < samples.length ? step(index) : 0),
    0,
  );
  expect(step(samples.length - 1)).toBeLessThan(steepest);
  expect(samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBe(8_192);
});
