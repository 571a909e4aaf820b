import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { g722 } from '../../../media/codec/g722.ts';
import { lag, levelAt, signalToNoise, testTone } from '../../audio/measures.ts';
import { outsideCases } from '../../messages/cases.ts';

const vectors = outsideCases('codec/g722/stl');

/** 16-bit words, low byte first. */
function words(name: string): Int16Array {
  const bytes = readFileSync(join(vectors!, name));
  return Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i));
}

/** Each word holds two codes, the first one in its high byte. */
function codes(name: string): Uint8Array {
  const bytes = readFileSync(join(vectors!, name));
  return Uint8Array.from(bytes, (_, i) => bytes[i ^ 1]!);
}

describe.skipIf(vectors === undefined)('the ITU-T G.191 speech (not on this machine: skipped)', () => {
  test('is encoded bit by bit as the reference does it, in frames of any length', () => {
    const speech = words('inpsp.bin');
    const expected = codes('codsp.cod');
    const encoder = g722.encoder('');
    const bytes = new Uint8Array(expected.length);
    for (let at = 0, length = 2; at < speech.length; at += length, length = (length * 3 + 2) % 1500) {
      length -= length % 2;
      encoder.encode(speech, at, Math.min(length, speech.length - at), bytes, at / 2);
    }
    expect(Buffer.compare(bytes, expected)).toBe(0);
  });

  test('is decoded sample by sample as the reference does it', () => {
    const coded = codes('codsp.cod');
    const expected = words('outsp1.bin');
    const decoder = g722.decoder();
    const samples = new Int16Array(expected.length);
    for (let at = 0; at < coded.length; at += 160) {
      decoder.decode(coded, at, Math.min(coded.length, at + 160), samples, 2 * at);
    }
    expect(Buffer.compare(Buffer.from(samples.buffer), Buffer.from(expected.buffer))).toBe(0);
  });
});

function roundTrip(samples: Int16Array): Int16Array {
  const bytes = new Uint8Array(samples.length / 2);
  g722.encoder('').encode(samples, 0, samples.length, bytes, 0);
  const heard = new Int16Array(samples.length);
  g722.decoder().decode(bytes, 0, bytes.length, heard, 0);
  return heard;
}

test.each([500, 1000, 3000, 6500])('a tone of %i Hz comes back at its level', (frequencyHz) => {
  const sent = testTone(frequencyHz, -20, 3200, 16_000);
  const heard = roundTrip(sent).subarray(1600);
  expect(levelAt(heard, frequencyHz, 16_000)).toBeCloseTo(-20, 0);
});

test('a tone of the lower band is 30 dB above the noise of the codec', () => {
  const sent = testTone(1000, -20, 6400, 16_000);
  const heard = roundTrip(sent);
  const behind = lag(sent.subarray(1600), heard.subarray(1600), 40);
  expect(signalToNoise(sent.subarray(1600, 6000), heard.subarray(1600 + behind, 6000 + behind))).toBeGreaterThan(30);
});

test('whatever comes is decoded to something, and no further than there is room', () => {
  const samples = new Int16Array(101);
  const noise = Uint8Array.from({ length: 1000 }, (_, i) => (i * i * 7 + i * 31) & 0xff);
  expect(g722.decoder().decode(noise, 0, 1000, samples, 4)).toBe(96);
  expect(samples.subarray(0, 4)).toEqual(new Int16Array(4));
});
