import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { wavHeader } from '../../media/audio-file.ts';
import { type AudioLibraries, decodeAudio } from '../../media/decode-audio.ts';
import type { DecodedFile } from '../../media/decoding.ts';
import { Mpg123 } from '../../media/io/mp3-library.ts';
import { openOpus, openWasmOpus } from '../../media/io/opus-library.ts';
import { oggChecksum } from '../../media/ogg-page.ts';
import { testTone } from '../audio/measures.ts';
import { OPUS_TAGS, oggFile, oggOpusOf, opusHead } from '../media/ogg-files.ts';
import { mutate } from './accidents.ts';
import { COUNT } from './counts.ts';
import { HEAP_GROWTH_MAX_BYTES, heapBytes } from './heap.ts';

const opus = openOpus() ?? openWasmOpus()!;
const libraries: AudioLibraries = { opus: () => opus, mp3: new Mpg123() };
/** Decoding costs more than parsing: a few of the files are enough for everyday. */
const FILES = Math.ceil(COUNT / 50);
const tone = testTone(800, -20, 4000);

async function decode(bytes: Uint8Array): Promise<DecodedFile> {
  const decoding = decodeAudio(bytes, libraries);
  for (;;) {
    const step = decoding.next();
    if (step.done === true) return step.value;
    if (step.value === 'waiting') await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Puts the checksums of damaged pages right, so that what they hold is looked at. */
function signed(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 27 <= bytes.length; at++) {
    if (view.getUint32(at) !== 0x4f67_6753) continue;
    let end = at + 27 + bytes[at + 26]!;
    for (let i = at + 27; i < at + 27 + bytes[at + 26]!; i++) end += bytes[i] ?? 0;
    if (end <= bytes.length) view.setUint32(at + 22, oggChecksum(bytes, at, end), true);
  }
  return bytes;
}

const files: readonly (readonly [name: string, file: Uint8Array, repair: (bytes: Uint8Array) => Uint8Array])[] = [
  ['WAV', Buffer.concat([wavHeader(8000, 16_000), new Uint8Array(tone.buffer)]), (bytes) => bytes],
  ['Ogg', oggOpusOf(opus, tone), (bytes) => bytes],
  ['Ogg of right checksums', oggOpusOf(opus, tone), signed],
  ['MP3', readFileSync(new URL('../audio/tone-16k-mono.mp3', import.meta.url)), (bytes) => bytes],
];

describe.each(files)('%s with accidents', (_, file, repair) => {
  test('never throws, becomes no more than it could hold, leaves nothing behind', async () => {
    const random = seeded(7845);
    let played = 0;
    let before = 0;
    for (let i = 0; i < FILES; i++) {
      if (i === Math.ceil(FILES / 10)) before = heapBytes();
      const decoded = await decode(repair(mutate(file, random)));
      if (decoded.kind === 'refused') continue;
      played += 1;
      // Opus has at most 120 ms in two bytes.
      expect(decoded.samples.length).toBeLessThanOrEqual(480 * file.length + 960);
    }
    expect(played).toBeGreaterThan(FILES / 20);
    expect(heapBytes() - before).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
  }, 600_000);
});

test('what looks like a page at each byte, but is none, does not take for ever', async () => {
  const head = oggFile([[opusHead(0)], [OPUS_TAGS]], 0);
  const page = Buffer.alloc(282, 0xff);
  page.write('OggS\0');
  const bytes = Buffer.concat([head, ...Array.from({ length: 20_000 }, () => page)]);
  const begin = performance.now();
  expect(await decode(bytes)).toMatchObject({ kind: 'decoded', samples: { length: 0 } });
  expect(performance.now() - begin).toBeLessThan(5000);
});
