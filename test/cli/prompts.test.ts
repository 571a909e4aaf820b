import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Speaker } from '../../cli/build/speak.ts';
import { PROMPT_TEXTS } from '../../cli/prompt-texts.ts';
import { promptsFolder } from '../../cli/prompts.ts';
import { AUDIO_RATE_HZ, decodeWav } from '../../media/audio-file.ts';

const folder = promptsFolder('unused');
const SIZE_MAX_BYTES = 300_000;

function read(name: string): Uint8Array {
  return readFileSync(join(folder, `${name}.wav`));
}

test('there is a prompt for each text and no other, small enough to be kept with the sources', () => {
  const names = Object.keys(PROMPT_TEXTS);
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
