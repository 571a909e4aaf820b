import { expect, test } from 'vitest';
import type { LegId } from '../../core/kernel/ids.ts';
import { COUNTER } from '../../media/counters.ts';
import { writeReceiverReport, writeReportBlock } from '../../media/rtp/rtcp.ts';
import { figuresOf } from '../../media/stream-figures.ts';
import { at, Bench, read, rtp, settings } from './phones.ts';

const ALICE = at('192.0.2.1', 4000);
const BOB = at('192.0.2.2', 5000);
const [A, B] = [1 as LegId, 2 as LegId];

function bridged(changes: Parameters<typeof settings>[1] = {}): Bench {
  const bench = new Bench();
  bench.open(A, settings(ALICE));
  bench.open(B, settings(BOB, changes));
  bench.post({ kind: 'bridge', a: A, b: B });
  return bench;
}

function talk(bench: Bench, packets: number, isLost: (i: number) => boolean = () => false): void {
  for (let i = 0; i < packets; i++) {
    if (!isLost(i)) bench.deliver(ALICE, rtp({ sequence: i, timestamp: i * 160, ssrc: 77 }, new Uint8Array(160)));
    bench.advance(20);
  }
}

test('a stream tells nothing before its first packet, and is read by others while it goes on', () => {
  const bench = new Bench();
  bench.open(A, settings(ALICE));
  expect(figuresOf(bench.memory, 0, 'PCMU')).toBeUndefined();
  expect([bench.memory.isOf(0, A), bench.memory.isOf(0, B)]).toEqual([true, false]);
  talk(bench, 5);
  expect(figuresOf(bench.memory, 0, 'PCMU')).toMatchObject({
    codec: 'PCMU',
    roundTripMs: null,
    received: { packets: 5, octets: 800, lost: 0, mos: expect.closeTo(4.4, 1) as number },
    sent: { reported: null },
    buffer: null,
  });
});

test('what is relayed is told at both legs: received at one, sent at the other', () => {
  const bench = bridged();
  talk(bench, 500, (i) => i === 100 || i === 102 || i === 300);
  expect(figuresOf(bench.memory, 0, 'PCMU')).toMatchObject({
    received: { packets: 497, lost: 3, lossShare: 0.006, bursts: { count: 1, durationMs: 60 } },
  });
  expect(figuresOf(bench.memory, 1, 'PCMU')).toMatchObject({
    received: { packets: 0, mos: null },
    sent: { packets: 497, octets: 497 * 160 },
  });
});

test('what the peer reports of our stream counts: loss, jitter, and its score', () => {
  const bench = bridged({ remoteRtcp: BOB + 1 });
  talk(bench, 100);
  const { ssrc } = read(bench.takeSentTo(BOB, 'rtp')[0]!);
  const report = new Uint8Array(32);
  writeReportBlock(report, writeReceiverReport(report, 0, 9, 1), ssrc, 51, 10, 100, 80, 0, 0);
  bench.deliver(BOB + 1, report, { isRtcp: true });
  expect(figuresOf(bench.memory, 1, 'PCMU')!.sent).toEqual({
    packets: 100,
    octets: 16_000,
    reported: { count: 1, lost: 10, lossShare: 0.1, jitterMs: 10, mos: expect.closeTo(2.9, 0) as number },
  });
});

test('a leg that is decoded tells what its jitter buffer did, over one voice after the other', () => {
  const bench = bridged({
    receivePayloadTypes: [{ payloadType: 9, format: 'G722' }],
    sendCodec: 'G722',
    sendPayloadType: 9,
  });
  talk(bench, 200, (i) => i % 50 === 25);
  const { buffer } = figuresOf(bench.memory, 0, 'PCMU')!;
  expect(buffer).toMatchObject({ lost: 4, concealed: 4, late: 0, delayMs: 20 });
  bench.post({ kind: 'unbridge', leg: A });
  bench.post({ kind: 'bridge', a: A, b: B });
  talk(bench, 3);
  expect(figuresOf(bench.memory, 0, 'PCMU')!.buffer!.taken).toBeGreaterThanOrEqual(buffer!.taken);
});

test('a stream that is over is counted by how well it was heard, and its slot begins at zero', () => {
  const bench = bridged();
  talk(bench, 300, (i) => i % 10 === 5);
  bench.post({ kind: 'close', leg: A });
  bench.post({ kind: 'close', leg: B });
  expect(bench.counters[COUNTER.packetsLost]).toBe(30);
  expect(bench.counters[COUNTER.streamsPoor]! + bench.counters[COUNTER.streamsBad]!).toBe(1);
  expect(bench.counters[COUNTER.streamsUnheard]).toBe(1);
  bench.open(A, settings(ALICE));
  expect(figuresOf(bench.memory, 0, 'PCMU')).toBeUndefined();
});
