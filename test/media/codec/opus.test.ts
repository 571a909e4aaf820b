import { describe, expect, test } from 'vitest';
import { opus, opusWishes } from '../../../media/codec/opus.ts';
import { openSystemOpus, openWasmOpus } from '../../../media/io/opus-library.ts';
import { level, levelAt, testTone } from '../../audio/measures.ts';

const FRAME = 320;
const RATE_HZ = 16_000;

const libraries = [
  { name: 'of this machine', library: openSystemOpus() },
  { name: 'as WebAssembly', library: openWasmOpus() },
];

/** Encodes a tone frame by frame; each frame as its packet. */
function packets(
  library: NonNullable<ReturnType<typeof openWasmOpus>>,
  parameters: string,
  tone: Int16Array,
  loss = 0,
) {
  const encoder = opus(library).encoder(parameters);
  encoder.expectLoss(loss);
  const coded: Uint8Array[] = [];
  for (let at = 0; at < tone.length; at += FRAME) {
    const bytes = new Uint8Array(1300);
    coded.push(bytes.subarray(0, encoder.encode(tone, at, FRAME, bytes, 0)));
  }
  encoder.close();
  return coded;
}

describe.each(libraries)('libopus $name', ({ library }) => {
  const whenThere = test.skipIf(library === undefined);

  whenThere('a tone comes back at its level, about 60 bytes a frame', () => {
    const coded = packets(library!, '', testTone(1000, -20, 50 * FRAME, RATE_HZ));
    const decoder = opus(library!).decoder();
    const heard = new Int16Array(50 * FRAME);
    for (const [i, bytes] of coded.entries()) {
      expect(decoder.decode(bytes, 0, bytes.length, heard, i * FRAME)).toBe(FRAME);
    }
    decoder.close();
    expect(levelAt(heard.subarray(20 * FRAME), 1000, RATE_HZ)).toBeCloseTo(-20, 0);
    const sizes = coded.slice(10).map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThan(150);
  });

  whenThere('a lost frame is made up, and told by the next one where the peer asked for that', () => {
    const speech = testTone(300, -20, 60 * FRAME, RATE_HZ).map((sample, i) => (i % 40 < 20 ? sample : sample >> 2));
    const coded = packets(library!, 'useinbandfec=1', speech, 0.2);
    const decoder = opus(library!).decoder();
    const frame = new Int16Array(FRAME);
    for (const bytes of coded.slice(0, 40)) decoder.decode(bytes, 0, bytes.length, frame, 0);
    const usual = level(frame);
    const [next] = coded.slice(41);
    expect(decoder.concealment!.recover(next!, 0, next!.length, frame, 0, FRAME)).toBe(FRAME);
    expect(Math.abs(level(frame) - usual)).toBeLessThan(3);
    expect(decoder.decode(next!, 0, next!.length, frame, 0)).toBe(FRAME);
    expect(decoder.concealment!.conceal(frame, 0, FRAME)).toBe(FRAME);
    expect(Math.abs(level(frame) - usual)).toBeLessThan(4);
    decoder.close();
  });

  whenThere('silence is not sent to who allows pauses, and is to who does not', () => {
    const silence = new Int16Array(100 * FRAME);
    const sent = (coded: readonly Uint8Array[]) => coded.filter(({ length }) => length > 0).length;
    expect(sent(packets(library!, 'usedtx=1', silence))).toBeLessThan(30);
    expect(sent(packets(library!, '', silence))).toBe(100);
  });

  whenThere('a packet that is none is no sound, and the next one is', () => {
    const decoder = opus(library!).decoder();
    const frame = new Int16Array(FRAME);
    expect(decoder.decode(Uint8Array.of(0xff, 0xff, 0xff), 0, 3, frame, 0)).toBe(0);
    const [first] = packets(library!, '', testTone(1000, -20, FRAME, RATE_HZ));
    expect(decoder.decode(first!, 0, first!.length, frame, 0)).toBe(FRAME);
    expect(decoder.decode(first!, 0, first!.length, frame, 300)).toBe(20);
    decoder.close();
  });

  whenThere('a thousand streams one after the other use the same memory', () => {
    const states = Array.from({ length: 1000 }, () => {
      const [encoder, decoder] = [library!.createEncoder(RATE_HZ), library!.createDecoder(RATE_HZ)];
      library!.destroyEncoder(encoder);
      library!.destroyDecoder(decoder);
      return [encoder, decoder];
    });
    expect(new Set(states.flat()).size).toBeLessThan(20);
  });
});

test('RFC 7587 §6.1: what the peer asks for is what it is sent', () => {
  expect(opusWishes('maxplaybackrate=8000; maxaveragebitrate=12000;cbr=1;useinbandfec=1;usedtx=1')).toEqual({
    bitRate: 12_000,
    maxBandwidth: 1101,
    isConstantRate: true,
    wantsRepair: true,
    allowsPauses: true,
  });
  const plain = {
    bitRate: 24_000,
    maxBandwidth: undefined,
    isConstantRate: false,
    wantsRepair: false,
    allowsPauses: false,
  };
  expect(opusWishes('')).toEqual(plain);
  expect(opusWishes('stereo=1;maxaveragebitrate=510000;cbr=yes;;=;usedtx')).toEqual(plain);
  expect(opusWishes('maxaveragebitrate=1').bitRate).toBe(6000);
});
