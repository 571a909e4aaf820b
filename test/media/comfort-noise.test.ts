import { expect, test } from 'vitest';
import type { LegId, MixId } from '../../core/kernel/ids.ts';
import { pcma, pcmu } from '../../media/codec/g711.ts';
import { g722 } from '../../media/codec/g722.ts';
import { COUNTER } from '../../media/counters.ts';
import type { StreamSettings } from '../../media/protocol.ts';
import { clicks, gaps, level, testTone } from '../audio/measures.ts';
import { at, Bench, read, readRing, recordingOrder, rtp, settings } from './phones.ts';

const [A, B] = [1 as LegId, 2 as LegId];
const ALICE = at('192.0.2.1', 4000);
const BOB = at('192.0.2.2', 5000);
const TONE_HZ = 500;
const TONE = testTone(TONE_HZ, -20, 8000);
const NOISE_DBOV = -50;

const WITH_NOISE: Partial<StreamSettings> = {
  receivePayloadTypes: [
    { payloadType: 0, format: 'PCMU' },
    { payloadType: 13, format: 'CN' },
  ],
  sendNoisePayloadType: 13,
};

/** Alice, who leaves pauses, talks for 400 ms, is silent for a second, and talks for 400 ms again. */
class Pausing {
  readonly bench = new Bench();
  #sequence = 100;

  constructor(bob: Partial<StreamSettings>) {
    this.bench.open(A, settings(ALICE, WITH_NOISE));
    this.bench.open(B, settings(BOB, bob));
    this.bench.passFirst();
  }

  converse(): void {
    this.#talk(0, 20);
    this.#say(20 * 160, 13, Uint8Array.of(-NOISE_DBOV));
    this.bench.advance(500);
    this.#say(45 * 160, 13, Uint8Array.of(-NOISE_DBOV));
    this.bench.advance(500);
    this.#talk(70, 20);
    this.bench.advance(60);
  }

  #talk(first: number, count: number): void {
    const payload = new Uint8Array(160);
    for (let i = first; i < first + count; i++) {
      pcmu.encode(TONE, (i * 160) % 8000, 160, payload, 0);
      this.#say(i * 160, 0, payload);
      this.bench.advance(20);
    }
  }

  #say(timestamp: number, payloadType: number, payload: Uint8Array): void {
    const packet = rtp({ sequence: this.#sequence++, timestamp, ssrc: 7, payloadType }, payload);
    this.bench.deliver(ALICE, packet);
  }
}

/** The pause in what was heard, without the ends, where speech fades and begins. */
function pauseOf(samples: Int16Array, rateHz = 8000): Int16Array {
  const msToSamples = rateHz / 1000;
  return samples.subarray(700 * msToSamples, 1300 * msToSamples);
}

test('comfort noise goes as it came to a peer that agreed to it, by the number that this one has for it', () => {
  const pausing = new Pausing({ ...WITH_NOISE, sendNoisePayloadType: 99 });
  pausing.bench.post({ kind: 'bridge', a: A, b: B });
  pausing.converse();
  const heard = pausing.bench.takeSentTo(BOB).map(read);
  expect(heard.map(({ payloadType }) => payloadType)).toEqual([
    ...Array.from({ length: 20 }, () => 0),
    99,
    99,
    ...Array.from({ length: 20 }, () => 0),
  ]);
  expect(heard[20]!.payload).toEqual(Uint8Array.of(-NOISE_DBOV));
  expect((heard[21]!.timestamp - heard[20]!.timestamp) >>> 0).toBe(25 * 160);
});

test.each([
  ['PCMU', pcmu, 8000, 0],
  ['PCMA', pcma, 8000, 8],
  ['G722', g722, 16_000, 9],
] as const)(
  'a peer without it hears the noise itself, in %s, at its level and without a gap or click',
  (name, codec, rateHz, payloadType) => {
    const pausing = new Pausing({
      receivePayloadTypes: [{ payloadType, format: name }],
      sendCodec: name,
      sendPayloadType: payloadType,
    });
    pausing.bench.post({ kind: 'bridge', a: A, b: B });
    pausing.converse();
    const decoder = codec.decoder();
    const packets = pausing.bench.takeSentTo(BOB).map(read);
    const start = packets[0]!.timestamp;
    const samples = new Int16Array(2 * rateHz);
    for (const { timestamp, payload } of packets) {
      const offset = (((timestamp - start) >>> 0) * rateHz) / 8000;
      decoder.decode(payload, 0, payload.length, samples, offset);
    }
    expect(level(pauseOf(samples, rateHz))).toBeCloseTo(NOISE_DBOV, 0);
    // Between the last packet of speech and the first frame of noise lies the delay of the jitter buffer.
    const whole = samples.subarray(0, 1.75 * rateHz);
    expect(gaps(whole, rateHz / 20, 1)).toEqual([]);
  },
);

test('it is heard in a conference and in a recording, and what is said goes over into it and back without a click', () => {
  const pausing = new Pausing({});
  const order = recordingOrder(1, { samples: 32_768 });
  pausing.bench.post({ kind: 'record', leg: A, order });
  for (const leg of [A, B]) pausing.bench.post({ kind: 'join', leg, mix: 1 as MixId });
  pausing.converse();
  const inBobsEar = new Int16Array(16_000);
  pausing.bench
    .takeSentTo(BOB)
    .map(read)
    .forEach(({ payload }, i) => void pcmu.decoder().decode(payload, 0, 160, inBobsEar, i * 160));
  const recorded = readRing(order.inRing);
  for (const samples of [inBobsEar, recorded]) {
    const start = samples.findIndex((sample) => Math.abs(sample) > 1000);
    const heard = samples.subarray(start, start + 1.75 * 8000);
    expect(level(pauseOf(heard))).toBeCloseTo(NOISE_DBOV, 0);
    expect(gaps(heard, 400, 8)).toEqual([]);
    // The noise itself is no sine: a step beyond its own is a click.
    expect(clicks(heard, TONE_HZ, 8000, 0.05)).toEqual([]);
  }
});

test('silence of ours is sent as comfort noise to a peer that takes it', () => {
  const bench = new Bench();
  bench.open(A, settings(ALICE, WITH_NOISE));
  bench.advance(20);
  expect(bench.takeSentTo(ALICE).map(read)).toMatchObject([{ payloadType: 13, payload: Uint8Array.of(78) }]);
});

test('a conference rests again when a member that went silent is gone for a minute', () => {
  const pausing = new Pausing({});
  for (const leg of [A, B]) pausing.bench.post({ kind: 'join', leg, mix: 1 as MixId });
  pausing.bench.deliver(ALICE, rtp({ sequence: 1, timestamp: 0, ssrc: 7, payloadType: 13 }, Uint8Array.of(40)));
  const ticks = (): number => pausing.bench.counters[COUNTER.ticks]!;
  pausing.bench.advance(5000);
  expect(ticks()).toBeGreaterThan(200);
  pausing.bench.advance(58_000);
  const before = ticks();
  pausing.bench.advance(5000);
  expect(ticks()).toBe(before);
});
