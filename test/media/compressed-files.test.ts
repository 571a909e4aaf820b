import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { wavHeader } from '../../media/audio-file.ts';
import { type AudioLibraries, decodeAudio } from '../../media/decode-audio.ts';
import { atOnce, type DecodedFile } from '../../media/decoding.ts';
import { Mpg123 } from '../../media/io/mp3-library.ts';
import { openSystemOpus, openWasmOpus } from '../../media/io/opus-library.ts';
import type { Mp3Library } from '../../media/mp3-file.ts';
import { lag, level, levelAt, signalToNoise, testTone } from '../audio/measures.ts';
import { hasProgram } from '../interop/program.ts';
import { OPUS_TAGS, oggFile, oggOpusOf, opusHead } from './ogg-files.ts';

const mpg123 = new Mpg123();

/** Decodes to the end, and waits where that is asked for. */
async function decode(bytes: Uint8Array, libraries: Partial<AudioLibraries>): Promise<DecodedFile> {
  const decoding = decodeAudio(bytes, { opus: () => undefined, mp3: undefined, ...libraries });
  for (;;) {
    const step = decoding.next();
    if (step.done === true) return step.value;
    if (step.value === 'waiting') await new Promise((resolve) => setImmediate(resolve));
  }
}

async function samplesOf(bytes: Uint8Array, libraries: Partial<AudioLibraries>): Promise<Int16Array> {
  const decoded = await decode(bytes, libraries);
  if (decoded.kind === 'refused') throw new Error(decoded.detail);
  return decoded.samples;
}

describe('MP3', () => {
  const read = (name: string): Uint8Array => readFileSync(new URL(`../audio/${name}.mp3`, import.meta.url));

  test.each([
    ['tone-16k-mono', 16_000],
    ['tone-44k-stereo', 44_100],
  ] as const)('%s becomes 8 kHz in one channel, at its level', async (name, rateHz) => {
    const decoded = await decode(read(name), { mp3: mpg123 });
    expect(decoded).toMatchObject({ kind: 'decoded', sourceRateHz: rateHz });
    if (decoded.kind === 'refused') return;
    // Half a second, and the frames with which an encoder begins and ends.
    expect(decoded.samples.length).toBeGreaterThanOrEqual(4000);
    expect(decoded.samples.length).toBeLessThan(5600);
    const middle = decoded.samples.subarray(1200, 3600);
    expect(levelAt(middle, 1000)).toBeCloseTo(-15.1, 0);
    expect(level(middle)).toBeCloseTo(-15.1, 0);
  });

  test('a file with tags in front, cut off in the middle, plays as far as it goes', async () => {
    const tag = Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\x0a', 'latin1'), Buffer.alloc(10)]);
    const file = read('tone-16k-mono');
    const cut = await samplesOf(Buffer.concat([tag, file.subarray(0, file.length / 2)]), { mp3: mpg123 });
    expect(cut.length).toBeGreaterThan(1200);
    expect(cut.length).toBeLessThan(3600);
    expect(levelAt(cut.subarray(700, 1200), 1000)).toBeCloseTo(-15.5, 0);
  });

  test('what only begins like MP3 is refused, and so is every MP3 where the package is not installed', async () => {
    const nothing = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0]), Buffer.alloc(300)]);
    expect(await decode(nothing, { mp3: mpg123 })).toEqual({
      kind: 'refused',
      detail: 'expected MPEG audio, got no frame of it',
    });
    const absent: Mp3Library = { take: () => 'absent' };
    expect(await decode(read('tone-16k-mono'), { mp3: absent })).toEqual({
      kind: 'refused',
      detail: 'the package mpg123-decoder, which reads MP3, is not installed',
    });
  });

  test('half an hour is the most that is taken', async () => {
    const file = read('tone-16k-mono');
    const decoder = {
      decode: () => ({
        channelData: [new Float32Array(8_000_000)],
        samplesDecoded: 8_000_000,
        sampleRate: 8000,
        errors: [],
      }),
      free() {},
    };
    const long = await decode(Buffer.concat(Array.from({ length: 20 }, () => file)), { mp3: { take: () => decoder } });
    expect(long).toEqual({ kind: 'refused', detail: 'expected at most 30 minutes of compressed audio, got more' });
  });
});

describe.each([
  { name: 'of this machine', library: openSystemOpus() },
  { name: 'as WebAssembly', library: openWasmOpus() },
])('Ogg with Opus, by libopus $name', ({ library }) => {
  const whenThere = test.skipIf(library === undefined);
  const tone = testTone(1000, -20, 8000, 8000);
  const opus = { opus: () => library };

  whenThere(
    'RFC 7845 §4.2, §4.4: what is skipped at the begin and at the end is not heard, the rest lies where it was',
    async () => {
      const heard = await samplesOf(oggOpusOf(library!, tone.subarray(0, 7000)), opus);
      expect(heard.length).toBe(7000);
      expect(lag(tone.subarray(0, 4000), heard.subarray(0, 4100), 7)).toBe(0);
      expect(signalToNoise(tone.subarray(1600, 6400), heard.subarray(1600, 6400))).toBeGreaterThan(15);
    },
  );

  whenThere('RFC 7845 §5.1: the output gain is heeded', async () => {
    const heard = await samplesOf(oggOpusOf(library!, tone, opusHead(312, { gain: -6 * 256 })), opus);
    expect(levelAt(heard.subarray(1600, 6400), 1000)).toBeCloseTo(-26, 0);
  });

  whenThere(
    'a damaged page is left out, what is cut off ends the file, another stream in between is not heard',
    async () => {
      const whole = Buffer.from(oggOpusOf(library!, tone));
      const damaged = Buffer.from(whole);
      damaged[damaged.length >> 1]! ^= 0x40;
      expect((await samplesOf(damaged, opus)).length).toBe(6508);
      const cut = await samplesOf(whole.subarray(0, whole.length >> 1), opus);
      expect(cut.length).toBeGreaterThan(3000);
      expect(cut.length).toBeLessThan(5000);
      const other = oggFile([[opusHead(0)], [Uint8Array.of(1, 2, 3)]], 960, 8);
      const headEnd = oggFile([[opusHead(312)]], 0).length;
      const mixed = Buffer.concat([whole.subarray(0, headEnd), other, whole.subarray(headEnd)]);
      expect((await samplesOf(mixed, opus)).length).toBe(8000);
    },
  );

  test.skipIf(library === undefined || !hasProgram('opusenc'))('what opusenc writes is heard', async () => {
    const music = testTone(700, -20, 48_000, 48_000);
    const wav = Buffer.concat([wavHeader(2 * music.length, 48_000), new Uint8Array(music.buffer)]);
    const file = execFileSync('opusenc', ['--quiet', '--bitrate', '32', '-', '-'], { input: wav });
    const heard = await samplesOf(file, opus);
    expect(heard.length).toBe(8000);
    expect(levelAt(heard.subarray(1600, 6400), 700)).toBeCloseTo(-20, 0);
  });
});

test.each([
  ['Vorbis', [Uint8Array.from(Buffer.from('\x01vorbis and so on and so forth'))], 'expected Opus in Ogg'],
  ['of version 16', [opusHead(0, { version: 16 })], 'expected Opus in Ogg of version 0 to 15, got 16'],
  [
    'of six channels',
    [opusHead(0, { channelCount: 6, family: 1 })],
    'expected 1 or 2 channels of mapping family 0, got 6 of 1',
  ],
])('Ogg %s is refused with what was expected', (_, packets, detail) => {
  const decoded = atOnce(decodeAudio(oggFile([packets, [OPUS_TAGS]], 0), { opus: () => undefined, mp3: undefined }));
  expect(decoded).toEqual({ kind: 'refused', detail });
});

test('without libopus, and beyond half an hour, Ogg with Opus is refused', () => {
  // SILK, two frames of 60 ms each in two bytes: silence.
  const packet = Uint8Array.of((3 << 3) | 1, 0, 0);
  const page = Array.from({ length: 255 }, () => packet);
  const long = oggFile([[opusHead(0)], [OPUS_TAGS], ...Array.from({ length: 60 }, () => page)], 2 ** 40);
  const opus = () => openWasmOpus();
  expect(atOnce(decodeAudio(long, { opus, mp3: undefined }))).toEqual({
    kind: 'refused',
    detail: 'expected at most 30 minutes of compressed audio, got more',
  });
  expect(atOnce(decodeAudio(long, { opus: () => undefined, mp3: undefined }))).toEqual({
    kind: 'refused',
    detail: 'no libopus is on this machine',
  });
});
