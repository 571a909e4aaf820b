import { expect, test } from 'vitest';
import type { LegId, MixId, RecordingNumber } from '../../core/kernel/ids.ts';
import { COUNTER } from '../../media/counters.ts';
import { openOpus } from '../../media/io/opus-library.ts';
import { MixExchange } from '../../media/mix-exchange.ts';
import type { AudioCodec } from '../../media/stream-formats.ts';
import { clicks, gaps, levelAt, testTone } from '../audio/measures.ts';
import { Bench, readRing, recordingOrder } from './phones.ts';
import { converse, SpeakingPhone } from './speaking-phone.ts';

const MIX = 1 as MixId;
const opus = openOpus();

function room(codecs: readonly AudioCodec[], tones: readonly number[]): { bench: Bench; phones: SpeakingPhone[] } {
  const bench = new Bench({ opus, streamsMax: 64 });
  const phones = codecs.map((codec, i) => new SpeakingPhone(bench, i + 1, codec, opus, tones[i] ?? 0));
  for (const phone of phones) {
    phone.isTalking = phone.tone.some((sample) => sample !== 0);
    bench.post({ kind: 'join', leg: phone.leg, mix: MIX });
  }
  return { bench, phones };
}

/** The last 200 ms. */
function latest(phone: SpeakingPhone): Int16Array {
  const samples = phone.hear();
  return samples.subarray(samples.length - phone.codec.sampleRateHz / 5);
}

test('each of a conference hears all others at their level and not itself, whatever the codecs', () => {
  const codecs = ['PCMU', 'G722', 'opus', 'L16/16000', 'L16/48000', 'L16/24000'] as const;
  const tones = [400, 700, 1100, 1500, 1900, 2300];
  const { bench, phones } = room(codecs, tones);
  converse(bench, phones, 1000);
  for (const [i, phone] of phones.entries()) {
    const heard = latest(phone);
    for (const [j, toneHz] of tones.entries()) {
      const level = levelAt(heard, toneHz, phone.codec.sampleRateHz);
      if (i === j) expect(level).toBeLessThan(-45);
      else expect(Math.abs(level + 20)).toBeLessThan(1);
    }
  }
});

test('two of wide band hear each other above 4 kHz, beside a telephone that hears the rest', () => {
  const { bench, phones } = room(['G722', 'opus', 'PCMU'], [1000]);
  const [talker, listener, telephone] = phones as [SpeakingPhone, SpeakingPhone, SpeakingPhone];
  const [low, high] = [testTone(1000, -20, 16_000, 16_000), testTone(5500, -20, 16_000, 16_000)];
  talker.tone = low.map((sample, i) => sample + high[i]!);
  converse(bench, phones, 800);
  const heard = latest(listener);
  expect(levelAt(heard, 1000, 16_000)).toBeCloseTo(-20, 0);
  expect(levelAt(heard, 5500, 16_000)).toBeGreaterThan(-23);
  expect(levelAt(latest(telephone), 1000, 8000)).toBeCloseTo(-20, 0);
});

test('two of wide band on two threads hear each other above 4 kHz, without a gap when one of telephone quality comes', () => {
  const benches = [0, 1].map(() => new Bench({ opus, streamsMax: 64 }));
  const [near, far] = benches as [Bench, Bench];
  const talker = new SpeakingPhone(near, 1, 'L16/16000', opus, 5500);
  const listener = new SpeakingPhone(far, 2, 'L16/16000', opus);
  const telephone = new SpeakingPhone(far, 3, 'PCMU', opus);
  const exchange = MixExchange.allocate(2);
  for (const [own, bench] of benches.entries()) {
    bench.post({ kind: 'join', leg: (own + 1) as LegId, mix: MIX });
    bench.post({ kind: 'spanMix', mix: MIX, exchange, own, others: [1 - own] });
  }
  const talk = (ms: number, there: readonly SpeakingPhone[]): void => {
    for (let time = 0; time < ms; time += 20) {
      converse(near, [talker], 20);
      converse(far, there, 20);
    }
  };
  talk(400, [listener]);
  expect(levelAt(latest(listener), 5500, 16_000)).toBeGreaterThan(-23);
  far.post({ kind: 'join', leg: telephone.leg, mix: MIX });
  talk(400, [listener, telephone]);
  const heard = listener.hear();
  expect(levelAt(heard, 5500, 16_000)).toBeGreaterThan(-23);
  expect(gaps(heard)).toEqual([]);
  expect(benches.map(({ counters }) => counters[COUNTER.mixFramesMissing])).toEqual([0, 0]);
});

test('one of wide band among telephones is mixed as one of them', () => {
  const { bench, phones } = room(['G722', 'PCMU', 'PCMA'], [5500]);
  converse(bench, phones, 400);
  expect(phones[1]!.packets.length).toBeGreaterThan(10);
  expect(levelAt(latest(phones[1]!), 2500, 8000)).toBeLessThan(-60);
});

test('listeners of one codec share each encoding, and each codec has one', () => {
  const codecs: AudioCodec[] = ['G722'];
  for (let i = 0; i < 40; i++) codecs.push((['G722', 'opus', 'PCMU', 'L16/16000'] as const)[i % 4]!);
  const { bench, phones } = room(codecs, [700]);
  converse(bench, phones, 200);
  const [framesBefore, encodingsBefore] = [bench.counters[COUNTER.mixFrames]!, bench.counters[COUNTER.mixEncodings]!];
  converse(bench, phones, 400);
  expect(bench.counters[COUNTER.mixFrames]! - framesBefore).toBe(20 * 40);
  expect(bench.counters[COUNTER.mixEncodings]! - encodingsBefore).toBe(20 * 4);
});

test('nothing clicks when a listener begins to speak, and stops', () => {
  const { bench, phones } = room(['L16/16000', 'PCMU', 'L16/16000'], [500]);
  const telephone = phones[1]!;
  converse(bench, phones, 400);
  telephone.hear();
  // Says nothing aloud, and is mixed for itself all the same.
  telephone.isTalking = true;
  converse(bench, phones, 300);
  telephone.isTalking = false;
  converse(bench, phones, 300);
  const heard = telephone.hear();
  expect(heard.length).toBeGreaterThan(4000);
  expect(gaps(heard)).toEqual([]);
  expect(clicks(heard, 500)).toEqual([]);
});

test('a conference of wide band is recorded as a telephone would hear it, and so are both sides of a member', () => {
  const { bench, phones } = room(['opus', 'G722', 'G722'], [700, 1500]);
  const mixOrder = recordingOrder(1, { samples: 65_536, isOneSided: true });
  const legOrder = recordingOrder(2, { samples: 65_536 });
  bench.post({ kind: 'recordMix', mix: MIX, order: mixOrder });
  bench.post({ kind: 'record', leg: phones[0]!.leg, order: legOrder });
  converse(bench, phones, 1000);
  for (const recording of [1, 2]) bench.post({ kind: 'stopRecording', recording: recording as RecordingNumber });
  const recorded = readRing(mixOrder.inRing);
  expect(recorded.length / 8000).toBeCloseTo(1, 1);
  for (const toneHz of [700, 1500]) expect(levelAt(recorded.subarray(3200, 6400), toneHz)).toBeCloseTo(-20, 0);
  expect(levelAt(readRing(legOrder.inRing).subarray(3200, 6400), 700)).toBeCloseTo(-20, 0);
  const told = readRing(legOrder.outRing!).subarray(3200, 6400);
  expect(levelAt(told, 1500)).toBeCloseTo(-20, 0);
  expect(levelAt(told, 700)).toBeLessThan(-50);
});
