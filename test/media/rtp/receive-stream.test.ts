import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReceiveStream } from '../../../media/rtp/receive-stream.ts';
import { rtpView } from './packets.ts';

const RUNS = Number(process.env['TANDEM_SEEDS'] ?? 100);

const stream = (): ReceiveStream => new ReceiveStream(8000);
/** Packet `n` of a talker, 20 ms each, on time. */
const hear = (to: ReceiveStream, n: number, lateMs = 0, ssrc = 1) =>
  to.receive(
    rtpView({ sequence: n & 0xffff, timestamp: (n * 160) >>> 0, ssrc, payload: [0] }),
    n * 20 + lateMs,
    'timed',
  );

test('an unbroken stream loses nothing, through the wrap of its numbers', () => {
  const receiver = stream();
  expect(hear(receiver, 65000)).toBe('first');
  for (let n = 65001; n < 66000; n++) expect(hear(receiver, n)).toBe('next');
  expect(receiver).toMatchObject({ received: 1000, expected: 1000, lost: 0, duplicates: 0, reordered: 0, jitter: 0 });
  expect(receiver.highest).toBe(65999);
});

test('loss, duplicates and reordering are told apart and counted', () => {
  const receiver = stream();
  expect([10, 11, 14, 13, 13, 14, 11].map((n) => hear(receiver, n))).toEqual([
    'first',
    'next',
    'gap',
    'reordered',
    'duplicate',
    'duplicate',
    'duplicate',
  ]);
  expect(receiver).toMatchObject({ received: 4, expected: 5, lost: 1, duplicates: 3, reordered: 1 });
});

test('a packet from just before the first counts as expected', () => {
  const receiver = stream();
  hear(receiver, 10);
  expect(hear(receiver, 9)).toBe('reordered');
  expect(receiver).toMatchObject({ expected: 2, lost: 0 });
});

test('one stray number is suspect; two in a row are a restart, and what was lost before is kept', () => {
  const receiver = stream();
  for (const n of [100, 102]) hear(receiver, n);
  expect(hear(receiver, 30_000)).toBe('suspect');
  expect(hear(receiver, 103)).toBe('next');
  expect(hear(receiver, 40_000)).toBe('suspect');
  expect(hear(receiver, 40_001)).toBe('restarted');
  expect(hear(receiver, 40_002)).toBe('next');
  expect(receiver).toMatchObject({ restarts: 1, suspects: 2, lost: 0, lostTotal: 1, received: 2 });
});

test('another SSRC begins anew', () => {
  const receiver = stream();
  for (const n of [5, 7]) hear(receiver, n);
  expect(hear(receiver, 50_000, 0, 2)).toBe('sourceChanged');
  expect(receiver).toMatchObject({ ssrc: 2, sourceChanges: 1, received: 1, lost: 0, lostTotal: 1 });
});

test('the fraction lost is of the time since the last report', () => {
  const receiver = stream();
  for (let n = 0; n < 100; n++) if (n % 4 !== 1) hear(receiver, n);
  expect(receiver.takeFractionLost()).toBe(64);
  for (let n = 100; n < 200; n++) hear(receiver, n);
  expect(receiver.takeFractionLost()).toBe(0);
  expect(receiver.takeFractionLost()).toBe(0);
});

test('jitter follows the definition: packets late by turns converge to their difference', () => {
  const receiver = stream();
  for (let n = 0; n < 500; n++) hear(receiver, n, n % 2 === 0 ? 0 : 10);
  expect(receiver.jitterMs).toBeGreaterThan(9.5);
  expect(receiver.jitterMs).toBeLessThan(10.1);
});

test('telephone-events and jumps of the clock leave the jitter alone', () => {
  const receiver = stream();
  for (let n = 0; n < 50; n++) hear(receiver, n);
  for (let n = 50; n < 60; n++) {
    receiver.receive(rtpView({ sequence: n, timestamp: 8000, ssrc: 1 }), n * 20, 'untimed');
  }
  receiver.receive(rtpView({ sequence: 60, timestamp: 500_000_000, ssrc: 1 }), 1200, 'timed');
  expect(receiver.jitter).toBe(0);
});

test('whatever arrives, no number is counted twice and nothing is negative', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 65535 }), { maxLength: 300 }), (sequences) => {
      const receiver = stream();
      for (const n of sequences) receiver.receive(rtpView({ sequence: n, timestamp: 0, ssrc: 1 }), n, 'timed');
      expect(receiver.received).toBeLessThanOrEqual(receiver.expected);
      expect(receiver.lost).toBeGreaterThanOrEqual(0);
      expect(receiver.jitter).toBeGreaterThanOrEqual(0);
    }),
    { seed: 3550, numRuns: RUNS },
  );
});
