import { expect, test } from 'vitest';
import { Histogram } from '../../../cli/load/histogram.ts';
import { PACKET_BYTES, Stream } from '../../../cli/load/stream.ts';
import { SENT_LEVEL } from '../../../cli/load/tone-frames.ts';

interface Packet {
  readonly bytes: Uint8Array;
  readonly sentAt: number;
}

function stream(number: number): Stream {
  return new Stream(number, { gapMs: new Histogram(), delayMs: new Histogram() });
}

function packetsOf(sender: Stream, count: number): Packet[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = new Uint8Array(PACKET_BYTES);
    sender.write(bytes, 0, 20 * i);
    return { bytes, sentAt: 20 * i };
  });
}

function hear(listener: Stream, packets: readonly Packet[], delayMs = 3): void {
  for (const { bytes, sentAt } of packets) listener.read(bytes, 0, bytes.length, sentAt + delayMs);
}

test('a stream that arrives whole is counted with its level, its gaps and its delay', () => {
  const times = { gapMs: new Histogram(), delayMs: new Histogram() };
  const listener = new Stream(2, times);
  hear(listener, packetsOf(stream(1), 500));
  expect(listener).toMatchObject({ received: 500, lost: 0, duplicated: 0, foreign: 0, misrouted: 0, peer: 1 });
  expect(listener.level).toBeGreaterThan(0.9 * SENT_LEVEL);
  expect(listener.level).toBeLessThan(1.1 * SENT_LEVEL);
  expect(times.gapMs.maxMs).toBeCloseTo(20, 3);
  expect(times.delayMs.quantileMs(0.99)).toBeCloseTo(3, 0);
});

test('missing, repeated and late packets are told apart', () => {
  const listener = stream(2);
  const [first, second, third, fourth, ...rest] = packetsOf(stream(1), 20);
  hear(listener, [first!, third!, second!, fourth!, fourth!, ...rest.slice(2)]);
  expect(listener).toMatchObject({ received: 18, lost: 2, duplicated: 1 });
});

test('a packet of another phone is misrouted, one of another SSRC foreign, and neither is heard', () => {
  const listener = stream(2);
  hear(listener, packetsOf(stream(1), 5));
  const strayed = packetsOf(stream(7), 1);
  hear(listener, strayed);
  expect(listener.foreign).toBe(1);
  strayed[0]!.bytes.set(packetsOf(stream(1), 1)[0]!.bytes.subarray(8, 12), 8);
  hear(listener, strayed);
  expect(listener).toMatchObject({ misrouted: 1, foreign: 1, received: 5 });
});

test('what is no packet of 20 ms of PCMU is set apart', () => {
  const listener = stream(2);
  listener.read(new Uint8Array(20), 0, 20, 0);
  expect(listener).toMatchObject({ other: 1, received: 0, level: 0 });
});

test('quantiles are those of what was added', () => {
  const histogram = new Histogram();
  for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
  expect(histogram.quantileMs(0.5)).toBeCloseTo(500, 0);
  expect(histogram.quantileMs(0.99)).toBeCloseTo(990, 0);
  expect(histogram.maxMs).toBe(1000);
  histogram.clear();
  expect(histogram.quantileMs(0.5)).toBe(0);
});

test('silence that the switch says before anybody speaks is taken for no phone', () => {
  const listener = stream(2);
  const [greeting, ...spoken] = packetsOf(stream(1), 6);
  greeting!.bytes.fill(0xff, 12);
  hear(listener, [greeting!, ...spoken]);
  expect(listener).toMatchObject({ other: 1, received: 5, misrouted: 0, foreign: 0, peer: 1 });
});
