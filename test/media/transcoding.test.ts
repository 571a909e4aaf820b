import { expect, test } from 'vitest';
import { COUNTER } from '../../media/counters.ts';
import { openOpus } from '../../media/io/opus-library.ts';
import type { AudioCodec } from '../../media/stream-formats.ts';
import { gaps, level, levelAt, signalToNoise, testTone } from '../audio/measures.ts';
import { Bench } from './phones.ts';
import { converse, SpeakingPhone } from './speaking-phone.ts';

const CODECS: readonly AudioCodec[] = [
  'PCMU',
  'PCMA',
  'G722',
  'opus',
  'L16/8000',
  'L16/16000',
  'L16/24000',
  'L16/48000',
];
const PAIRS = CODECS.flatMap((a) => CODECS.filter((b) => b !== a).map((b) => [a, b] as const));
const TONE_HZ = 1000;
const OTHER_HZ = 700;

const opus = openOpus();

function bridged(a: AudioCodec, b: AudioCodec): { bench: Bench; alice: SpeakingPhone; bob: SpeakingPhone } {
  const bench = new Bench({ opus });
  const alice = new SpeakingPhone(bench, 1, a, opus, TONE_HZ);
  const bob = new SpeakingPhone(bench, 2, b, opus, OTHER_HZ);
  bench.post({ kind: 'bridge', a: alice.leg, b: bob.leg });
  bench.passFirst();
  return { bench, alice, bob };
}

/** The last 200 ms. */
function latest(phone: SpeakingPhone, samples: Int16Array): Int16Array {
  return samples.subarray(samples.length - phone.codec.sampleRateHz / 5);
}

test.each(PAIRS)('a tone passes from %s to %s and another one back, at their levels and without a gap', (a, b) => {
  const { bench, alice, bob } = bridged(a, b);
  converse(bench, [alice, bob], 800);
  for (const [phone, toneHz, otherHz] of [
    [bob, TONE_HZ, OTHER_HZ],
    [alice, OTHER_HZ, TONE_HZ],
  ] as const) {
    const { packets, codec } = phone;
    expect(packets.length).toBeGreaterThan(30);
    const step = (codec.packetSamples * codec.clockRateHz) / codec.sampleRateHz;
    for (let i = 1; i < packets.length; i++) {
      expect((packets[i]!.sequence - packets[i - 1]!.sequence) & 0xffff).toBe(1);
      expect((packets[i]!.timestamp - packets[i - 1]!.timestamp) >>> 0).toBe(step);
      expect(packets[i]!.payload.length).toBeLessThanOrEqual(1400);
    }
    const heard = latest(phone, phone.hear());
    expect(levelAt(heard, toneHz, codec.sampleRateHz)).toBeCloseTo(-20, 0);
    expect(levelAt(heard, otherHz, codec.sampleRateHz)).toBeLessThan(-50);
  }
});

/** Signal to noise of a tone that lasts 200 ms, whatever its phase. */
function purity(samples: Int16Array, frequencyHz: number, rateHz: number): number {
  const basis = [0, 0.25].map((turn) =>
    Int16Array.from(samples, (_, i) =>
      Math.round(30_000 * Math.sin(2 * Math.PI * ((frequencyHz * i) / rateHz + turn))),
    ),
  );
  const shares = basis.map(
    (wave) => wave.reduce((sum, value, i) => sum + value * samples[i]!, 0) / wave.reduce((sum, v) => sum + v * v, 0),
  );
  const ideal = Int16Array.from(samples, (_, i) => Math.round(shares[0]! * basis[0]![i]! + shares[1]! * basis[1]![i]!));
  return signalToNoise(ideal, samples);
}

test.each([
  ['L16/16000', 'PCMU', 35],
  ['L16/48000', 'PCMA', 35],
  ['L16/8000', 'L16/16000', 60],
  ['L16/16000', 'L16/48000', 60],
  ['L16/48000', 'L16/8000', 60],
  ['PCMU', 'L16/16000', 35],
] as const)('from %s to %s a tone stays %i dB above all else', (a, b, leastDb) => {
  const { bench, alice, bob } = bridged(a, b);
  const { sampleRateHz } = alice.codec;
  alice.tone = testTone(TONE_HZ, -16, sampleRateHz, sampleRateHz);
  converse(bench, [alice, bob], 600);
  expect(purity(latest(bob, bob.hear()), TONE_HZ, bob.codec.sampleRateHz)).toBeGreaterThan(leastDb);
});

test('what is above 4 kHz passes between two codecs of wide band', () => {
  const { bench, alice, bob } = bridged('G722', 'opus');
  alice.tone = testTone(5500, -20, 16_000, 16_000);
  converse(bench, [alice, bob], 600);
  expect(levelAt(latest(bob, bob.hear()), 5500, 16_000)).toBeGreaterThan(-23);
});

test('the same codec is relayed as it came, and nothing is encoded', () => {
  for (const codec of CODECS) {
    const { bench, alice, bob } = bridged(codec, codec);
    converse(bench, [alice, bob], 100);
    expect(bench.counters[COUNTER.packetsRelayed]).toBe(10);
    expect(bench.counters[COUNTER.framesTranscoded]).toBe(0);
    expect(bench.counters[COUNTER.ticks]).toBe(0);
  }
});

test('when the talker falls silent there are no ticks any more, and the first word is heard again', () => {
  const { bench, alice, bob } = bridged('PCMU', 'G722');
  converse(bench, [alice, bob], 400);
  alice.isTalking = false;
  bob.isTalking = false;
  converse(bench, [alice, bob], 800);
  const ticks = bench.counters[COUNTER.ticks];
  converse(bench, [alice, bob], 600);
  expect(bench.counters[COUNTER.ticks]).toBe(ticks);
  bob.hear();
  alice.isTalking = true;
  converse(bench, [alice, bob], 200);
  expect(bob.packets.length).toBeGreaterThanOrEqual(7);
});

test.skipIf(opus === undefined)('a packet of Opus that is lost is made up: nothing is missing for the listener', () => {
  const { bench, alice, bob } = bridged('opus', 'PCMU');
  for (let frame = 0; frame < 60; frame++) {
    alice.isTalking = frame % 10 !== 9;
    converse(bench, [alice, bob], 20);
  }
  const heard = bob.hear().subarray(1600);
  expect(heard.length).toBeGreaterThan(7200);
  expect(gaps(heard)).toEqual([]);
  expect(Math.abs(level(heard) + 20)).toBeLessThan(1.5);
});

test('a muted party is heard as silence by a listener of another codec, and of its own', () => {
  for (const other of ['G722', 'PCMU'] as const) {
    const { bench, alice, bob } = bridged('G722', other);
    converse(bench, [alice, bob], 200);
    bench.post({ kind: 'mute', leg: alice.leg, direction: 'in' });
    converse(bench, [alice, bob], 200);
    bob.hear();
    converse(bench, [alice, bob], 400);
    expect(level(bob.hear())).toBeLessThan(-60);
    bench.post({ kind: 'mute', leg: alice.leg, direction: '' });
    converse(bench, [alice, bob], 600);
    expect(levelAt(latest(bob, bob.hear()), TONE_HZ, bob.codec.sampleRateHz)).toBeCloseTo(-20, 0);
  }
});

test('RFC 4733 §2.3.5: a key keeps its duration between clocks of 8 and 48 kHz, and has one start', () => {
  const { bench, alice, bob } = bridged('PCMU', 'opus');
  converse(bench, [alice, bob], 200);
  bob.packets.length = 0;
  for (let step = 1; step <= 5; step++) {
    alice.press(5, 77_000, step * 160, step === 5);
    bench.advance(20);
  }
  bob.take();
  const events = bob.packets.filter(({ payload }) => payload.length === 4);
  expect(events.map(({ payload }) => (payload[2]! << 8) | payload[3]!)).toEqual([960, 1920, 2880, 3840, 4800]);
  expect(events.map(({ payload }) => payload[0])).toEqual([5, 5, 5, 5, 5]);
  expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(1);
  expect(events.at(-1)!.payload[1]).toBe(0x80);
});

test('a file, a tone and a beep are heard in every codec', () => {
  for (const codec of CODECS) {
    const bench = new Bench({ opus });
    const alice = new SpeakingPhone(bench, 1, codec, opus);
    const source = { kind: 'sine', frequencyHz: TONE_HZ, levelDbov: -20 } as const;
    bench.post({ kind: 'play', leg: alice.leg, play: 1, source });
    converse(bench, [alice], 600);
    expect(levelAt(latest(alice, alice.hear()), TONE_HZ, alice.codec.sampleRateHz)).toBeCloseTo(-20, 0);
  }
});

test('an answer in another codec during the call goes on in it, as another source where the clock is another', () => {
  const { bench, alice, bob } = bridged('PCMU', 'PCMU');
  converse(bench, [alice, bob], 200);
  const before = bob.packets.at(-1)!.ssrc;
  bob.hear();
  bench.post({ kind: 'update', leg: bob.leg, settings: bob.settings('L16/16000') });
  converse(bench, [alice], 400);
  bob.take();
  expect(new Set(bob.packets.map(({ ssrc }) => ssrc)).size).toBe(1);
  expect(bob.packets[0]!.ssrc).not.toBe(before);
  expect(bob.packets.at(-1)!.payload.length).toBe(640);
  expect((bob.packets[1]!.timestamp - bob.packets[0]!.timestamp) >>> 0).toBe(320);
});

test('G.729 is relayed to who has it, and dropped for who has not', () => {
  const bench = new Bench();
  const alice = new SpeakingPhone(bench, 1, 'PCMU', undefined, TONE_HZ);
  const bob = new SpeakingPhone(bench, 2, 'PCMU', undefined, OTHER_HZ);
  for (const phone of [alice, bob]) bench.post({ kind: 'update', leg: phone.leg, settings: phone.settings('G729') });
  bench.post({ kind: 'bridge', a: alice.leg, b: bob.leg });
  converse(bench, [alice, bob], 100);
  expect(bob.packets).toHaveLength(5);
  bench.post({ kind: 'update', leg: bob.leg, settings: bob.settings('PCMU') });
  converse(bench, [alice, bob], 100);
  expect(bob.packets).toHaveLength(5);
  expect(bench.counters[COUNTER.droppedFormat]).toBe(10);
});
