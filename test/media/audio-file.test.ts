import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeWav, wavHeader } from '../../media/audio-file.ts';
import { pcma, pcmu } from '../../media/codec/g711.ts';

interface Wav {
  readonly tag: number;
  readonly channelCount: number;
  readonly rateHz: number;
  readonly bitsPerSample: number;
  readonly data: Uint8Array;
}

function chunk(id: string, body: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(8 + body.length + (body.length & 1));
  bytes.write(id, 0, 'latin1');
  bytes.writeUInt32LE(body.length, 4);
  bytes.set(body, 8);
  return bytes;
}

function wav(
  { tag, channelCount, rateHz, bitsPerSample, data }: Wav,
  before: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const format = Buffer.alloc(16);
  format.writeUInt16LE(tag, 0);
  format.writeUInt16LE(channelCount, 2);
  format.writeUInt32LE(rateHz, 4);
  format.writeUInt32LE((rateHz * channelCount * bitsPerSample) / 8, 8);
  format.writeUInt16LE((channelCount * bitsPerSample) / 8, 12);
  format.writeUInt16LE(bitsPerSample, 14);
  return chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), before, chunk('fmt ', format), chunk('data', data)]));
}

function pcm(samples: readonly number[]): Uint8Array {
  return new Uint8Array(Int16Array.from(samples).buffer);
}

function samplesOf(bytes: Uint8Array): number[] {
  const decoded = decodeWav(bytes);
  if (decoded.kind === 'refused') throw new Error(decoded.detail);
  return [...decoded.samples];
}

function refusal(bytes: Uint8Array): string {
  const decoded = decodeWav(bytes);
  return decoded.kind === 'refused' ? decoded.detail : 'decoded';
}

const MONO = { tag: 1, channelCount: 1, rateHz: 8000, bitsPerSample: 16 };

test('16-bit mono at 8 kHz comes through unchanged', () => {
  expect(samplesOf(wav({ ...MONO, data: pcm([0, 1, -1, 32767, -32768]) }))).toEqual([0, 1, -1, 32767, -32768]);
});

test('8 bits are unsigned around 128, of 24 bits the upper 16 count, and half a sample at the end does not', () => {
  const narrow = wav({ ...MONO, bitsPerSample: 8, data: Uint8Array.of(0, 127, 128, 255) });
  expect(samplesOf(narrow)).toEqual([-32768, -256, 0, 32512]);
  const wide = wav({ ...MONO, bitsPerSample: 24, data: Uint8Array.of(0xff, 0x34, 0x12, 0, 0, 0x80, 1, 2) });
  expect(samplesOf(wide)).toEqual([0x1234, -32768]);
});

test('stereo becomes the mean of its channels', () => {
  expect(samplesOf(wav({ ...MONO, channelCount: 2, data: pcm([100, 300, -50, -150]) }))).toEqual([200, -100]);
});

test('A-law and µ-law are expanded', () => {
  for (const [tag, codec] of [
    [6, pcma],
    [7, pcmu],
  ] as const) {
    const data = new Uint8Array(3);
    codec.encode(Int16Array.of(8, 1000, -12000), 0, 3, data, 0);
    const expected = new Int16Array(3);
    codec.decode(data, 0, 3, expected, 0);
    expect(samplesOf(wav({ ...MONO, tag, bitsPerSample: 8, data }))).toEqual([...expected]);
  }
});

test('other chunks, also of odd size, are passed over', () => {
  const list = chunk('LIST', Buffer.from('odd'));
  expect(samplesOf(wav({ ...MONO, data: pcm([5, 6]) }, list))).toEqual([5, 6]);
});

test('an extensible format is read by its sub-format', () => {
  const format = Buffer.alloc(40);
  format.set(Buffer.from(wav({ ...MONO, data: pcm([]) })).subarray(20, 36));
  format.writeUInt16LE(0xfffe, 0);
  format.writeUInt16LE(1, 24);
  const bytes = chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), chunk('fmt ', format), chunk('data', pcm([7]))]));
  expect(samplesOf(bytes)).toEqual([7]);
});

test('a recording that is still being written is read to its present end', () => {
  const bytes = Buffer.concat([wavHeader(1_000_000, 8000), pcm([1, 2, 3])]);
  expect(samplesOf(bytes)).toEqual([1, 2, 3]);
});

test('a higher rate is brought down to 8 kHz', () => {
  const data = pcm(Array.from({ length: 48000 }, () => 1000));
  const samples = samplesOf(wav({ ...MONO, rateHz: 48000, data }));
  expect(samples.length).toBe(8000);
  expect(samples[4000]).toBe(1000);
});

test('a refusal says what was expected and what came', () => {
  expect(refusal(Buffer.from('hello'))).toBe('expected a RIFF/WAVE file');
  expect(refusal(wav({ ...MONO, bitsPerSample: 32, data: pcm([]) }))).toContain('got format 1 of 32 bits');
  expect(refusal(wav({ ...MONO, rateHz: 96000, data: pcm([]) }))).toContain('got 96000');
  expect(refusal(wav({ ...MONO, channelCount: 6, data: pcm([]) }))).toContain('got 6');
  expect(refusal(wav({ ...MONO, data: pcm([]) }).subarray(0, 36))).toBe('the file has no data chunk');
});

test('no bytes make it throw', () => {
  const seed = wav({ ...MONO, rateHz: 16000, data: pcm([1, 2, 3, 4]) });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(seed.length),
      (edits, end) => {
        const bytes = Uint8Array.from(seed);
        for (const [at, byte] of edits) bytes[at] = byte;
        decodeWav(bytes.subarray(0, end));
      },
    ),
    { numRuns: 500, seed: 1 },
  );
});
