import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StatelessCodec } from '../../../media/codec/codec.ts';
import {
  ALAW_LINEAR,
  ALAW_SILENCE,
  ALAW_TO_ULAW,
  linearToAlaw,
  linearToUlaw,
  mapBytes,
  pcma,
  pcmu,
  ULAW_LINEAR,
  ULAW_SILENCE,
  ULAW_TO_ALAW,
} from '../../../media/codec/g711.ts';
import { l16 } from '../../../media/codec/l16.ts';
import { signalToNoise, testTone } from '../../audio/measures.ts';
import { outsideCases } from '../../messages/cases.ts';

const vectors = outsideCases('codec/g711');

/** 16-bit words, low byte first. */
function words(name: string): Int16Array {
  const bytes = readFileSync(join(vectors!, name));
  return Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i));
}

describe.skipIf(vectors === undefined)(
  'the ITU-T G.191 sweep of all 65,536 samples (not on this machine: skipped)',
  () => {
    const laws = [
      { codec: pcma, coded: 'sweep-r.a', decoded: 'sweep-r.rea' },
      { codec: pcmu, coded: 'sweep-r.u', decoded: 'sweep-r.reu' },
    ];
    test.each(laws)('$codec.name encodes and decodes it exactly as the reference', ({ codec, coded, decoded }) => {
      const source = words('sweep.src');
      const bytes = new Uint8Array(source.length);
      codec.encode(source, 0, source.length, bytes, 0);
      expect(bytes).toEqual(Uint8Array.from(words(coded)));
      const samples = new Int16Array(source.length);
      codec.decode(bytes, 0, bytes.length, samples, 0);
      expect(samples).toEqual(words(decoded));
    });
  },
);

function roundTrip(codec: StatelessCodec, samples: Int16Array): Int16Array {
  const bytes = new Uint8Array(codec.sizeBytes(samples.length));
  codec.encode(samples, 0, samples.length, bytes, 0);
  const heard = new Int16Array(samples.length);
  codec.decode(bytes, 0, bytes.length, heard, 0);
  return heard;
}

test.each([pcmu, pcma])('$name keeps a tone 35 dB above its own noise', (codec) => {
  const sent = testTone(1000, -16, 8000);
  expect(signalToNoise(sent, roundTrip(codec, sent))).toBeGreaterThan(35);
});

test('linear 16 bits come back as they went', () => {
  const sent = Int16Array.of(0, 1, -1, 32767, -32768, 12345);
  expect(roundTrip(l16(8000), sent)).toEqual(sent);
});

test('every code decodes to a value that encodes to it again, but for the two zeros of µ-law', () => {
  for (let code = 0; code < 256; code++) {
    expect(linearToAlaw(ALAW_LINEAR[code]!)).toBe(code);
    expect(linearToUlaw(ULAW_LINEAR[code]!)).toBe(code === 0x7f ? 0xff : code);
  }
});

test('silence is silent in both laws and stays so from one to the other', () => {
  expect(ULAW_LINEAR[ULAW_SILENCE]).toBe(0);
  expect(ALAW_LINEAR[ALAW_SILENCE]).toBe(8);
  expect(ULAW_TO_ALAW[ULAW_SILENCE]).toBe(ALAW_SILENCE);
});

test('from one law to the other byte by byte is the same as by way of samples', () => {
  const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const samples = new Int16Array(256);
  const byWay = new Uint8Array(256);
  const direct = new Uint8Array(260);
  pcmu.decode(codes, 0, 256, samples, 0);
  pcma.encode(samples, 0, 256, byWay, 0);
  expect(mapBytes(ULAW_TO_ALAW, codes, 0, 256, direct, 4)).toBe(260);
  expect(direct.subarray(4)).toEqual(byWay);
  pcma.decode(codes, 0, 256, samples, 0);
  pcmu.encode(samples, 0, 256, byWay, 0);
  mapBytes(ALAW_TO_ULAW, codes, 0, 256, direct, 0);
  expect(direct.subarray(0, 256)).toEqual(byWay);
});

test.each([pcmu, pcma, l16(8000)])('$name decodes no further than there is room', (codec) => {
  const samples = new Int16Array(10);
  expect(codec.decode(new Uint8Array(1000), 0, 1000, samples, 4)).toBe(6);
});
