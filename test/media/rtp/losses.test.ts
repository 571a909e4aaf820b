import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { RECEIVE_ROW, type Received, ReceiveStream, receivedOf } from '../../../media/rtp/receive-stream.ts';
import { streamRows } from '../../../media/rtp/stream-rows.ts';
import { rtpView } from './packets.ts';

const PACKET_MS = 20;

/** What is told of packets of 20 ms with these numbers, which come in this order. */
function receive(sequences: Iterable<number>): Received {
  const rows = streamRows(1, RECEIVE_ROW);
  const stream = new ReceiveStream(8000, rows);
  let now = 1000;
  for (const sequence of sequences) {
    stream.receive(rtpView({ sequence: sequence & 0xffff, timestamp: (sequence * 160) >>> 0, ssrc: 5 }), now, 'timed');
    now += PACKET_MS;
  }
  const read = receivedOf(rows, 0);
  expect(receivedOf(rows, 0)).toEqual(read);
  expect([read.packets, read.lost]).toEqual([stream.receivedTotal, stream.lostTotal]);
  return read;
}

function* numbers(count: number, isLost: (i: number) => boolean, first = 0): Generator<number> {
  for (let i = 0; i < count; i++) if (!isLost(i)) yield first + i;
}

test('RFC 3611 §4.7.2: losses with fewer than 16 packets between them are one burst, a loss alone is part of a gap', () => {
  const lost = new Set([100, 103, 110, 500, 700, 701, 718]);
  const { bursts } = receive(numbers(1000, (i) => lost.has(i)));
  // 100 to 110 and 700 to 701; 718 comes 16 packets after that.
  expect(bursts.count).toBe(2);
  expect(bursts.lossShare).toBeCloseTo(5 / 13, 6);
  expect(bursts.durationMs).toBeCloseTo((13 * PACKET_MS) / 2, 6);
  expect(bursts.gapLossShare).toBeCloseTo(2 / 987, 6);
  expect(bursts.gapDurationMs).toBeCloseTo((987 * PACKET_MS) / 3, 6);
});

test('who loses nothing has no bursts, whatever comes twice or out of order', () => {
  const shuffled = [0, 1, 2, 5, 3, 4, 4, 6, 9, 8, 7, ...numbers(300, () => false, 10)];
  expect(receive(shuffled)).toMatchObject({ lost: 0, duplicates: 1, bursts: { count: 0, lossShare: 0, ratio: 1 } });
});

test('a packet that comes late was no loss, as long as it can come', () => {
  const order = [...numbers(200, (i) => i === 50 || i === 51)];
  order.splice(140, 0, 50, 51);
  expect(receive(order)).toMatchObject({ lost: 0, reordered: 2, bursts: { count: 0 } });
});

test('what is missing when it is asked for is lost, and a gap longer than the history is one burst', () => {
  expect(receive(numbers(2000, (i) => i >= 500 && i < 1500))).toMatchObject({
    lost: 1000,
    bursts: { count: 1, lossShare: 1, durationMs: 1000 * PACKET_MS },
  });
  expect(receive(numbers(60, (i) => i === 40 || i === 42)).bursts).toMatchObject({ count: 1, durationMs: 60 });
});

test('the losses of a source are counted when another one follows', () => {
  const rows = streamRows(1, RECEIVE_ROW);
  const stream = new ReceiveStream(8000, rows);
  for (const ssrc of [7, 8]) {
    for (const sequence of numbers(50, (i) => i === 20 || i === 22, 65_530))
      stream.receive(rtpView({ sequence: sequence & 0xffff, timestamp: sequence * 160, ssrc }), sequence * 20, 'timed');
  }
  expect(receivedOf(rows, 0)).toMatchObject({ packets: 96, lost: 4, bursts: { count: 2 } });
});

test('losses that come in rows make a burst ratio above one, those at random about one', () => {
  const random = seeded(3);
  const atRandom = receive(numbers(20_000, () => random.next() < 0.05)).bursts;
  expect(atRandom.ratio).toBeGreaterThanOrEqual(1);
  expect(atRandom.ratio).toBeLessThan(1.1);
  const inRows = receive(numbers(20_000, (i) => i % 100 < 5)).bursts;
  expect(inRows.ratio).toBeCloseTo(5 * 0.95, 1);
});

test('whatever is lost, duplicated and reordered, bursts agree with what a list of all packets tells', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed);
    const count = 400 + Math.floor(random.next() * 600);
    const first = Math.floor(random.next() * 65_536);
    const lossy = random.next() * 0.3;
    let isBad = false;
    const kept: number[] = [];
    const isLost: boolean[] = [];
    for (let i = 0; i < count; i++) {
      if (random.next() < 0.05) isBad = !isBad;
      isLost[i] = i > 0 && i < count - 1 && random.next() < (isBad ? lossy * 3 : lossy / 10);
      if (!isLost[i]) kept.push(first + i);
    }
    // Neighbours change places, and some come again.
    for (let i = 1; i < kept.length - 1; i += 7) [kept[i], kept[i - 1]] = [kept[i - 1]!, kept[i]!];
    const order = kept.flatMap((number) => (random.next() < 0.05 ? [number, number] : [number]));
    const { bursts, lost } = receive(order);
    const expected = burstsIn(isLost);
    expect({ seed, lost, count: bursts.count }).toEqual({ seed, lost: expected.lost, count: expected.bursts });
    expect(bursts.lossShare, `seed ${seed}`).toBeCloseTo(expected.lossShare, 9);
  }
});

/** By the definition, from a list. */
function burstsIn(isLost: readonly boolean[]): { lost: number; bursts: number; lossShare: number } {
  const losses = isLost.flatMap((lost, i) => (lost ? [i] : []));
  const groups: number[][] = [];
  for (const loss of losses) {
    const last = groups.at(-1);
    if (last !== undefined && loss - last.at(-1)! - 1 < 16) last.push(loss);
    else groups.push([loss]);
  }
  const bursts = groups.filter((group) => group.length > 1);
  const inBursts = bursts.reduce((sum, group) => sum + group.length, 0);
  const packets = bursts.reduce((sum, group) => sum + group.at(-1)! - group[0]! + 1, 0);
  return { lost: losses.length, bursts: bursts.length, lossShare: packets === 0 ? 0 : inBursts / packets };
}
