import { expect, test } from 'vitest';
import { wavHeader } from '../../media/audio-file.ts';
import { pcma, pcmu } from '../../media/codec/g711.ts';
import { decodeAudio } from '../../media/decode-audio.ts';
import { atOnce } from '../../media/decoding.ts';

function decoded(name: string, bytes: Uint8Array): Int16Array {
  const file = atOnce(decodeAudio(bytes, { opus: () => undefined, mp3: undefined }, `/sounds/${name}`));
  if (file.kind === 'refused') throw new Error(file.detail);
  return file.samples;
}

const SAMPLES = Int16Array.from({ length: 480 }, (_, i) => 50 * (i % 100));
const BYTES = new Uint8Array(SAMPLES.buffer);

test('a file of bare samples is known by the end of its name, whatever its case', () => {
  for (const name of ['a.sln', 'a.raw', 'a.SLIN']) expect(decoded(name, BYTES)).toEqual(SAMPLES);
  for (const [name, codec] of [
    ['b.ulaw', pcmu],
    ['b.alaw', pcma],
  ] as const) {
    const coded = new Uint8Array(SAMPLES.length);
    codec.encode(SAMPLES, 0, SAMPLES.length, coded, 0);
    const expanded = new Int16Array(SAMPLES.length);
    codec.decode(coded, 0, coded.length, expanded, 0);
    expect(decoded(name, coded)).toEqual(expanded);
  }
  for (const [name, count] of [
    ['c.sln16', 240],
    ['c.sln24', 160],
    ['c.sln48', 80],
  ] as const) {
    expect(decoded(name, BYTES)).toHaveLength(count);
  }
});

test('a file that begins as WAV is that, whatever its name, and one of an unknown name is no bare samples', () => {
  expect(decoded('d.raw', Buffer.concat([wavHeader(BYTES.length, 8000), BYTES]))).toEqual(SAMPLES);
  expect(() => decoded('e.txt', BYTES)).toThrow('expected a RIFF/WAVE file');
});
