import { expect, test } from 'vitest';
import { seeded } from '../../../core/kernel/random.ts';
import { NEVER } from '../../../core/kernel/time.ts';
import { addressOf } from '../../../media/io/addresses.ts';
import { Latching } from '../../../media/io/latching.ts';
import type { LatchingEntry } from '../../../media/io/latching-entry.ts';
import { hearRtcp, hearRtp } from './one-packet.ts';
import { at } from './shared-ports-world.ts';

const PORT = 20000;
const PEER = at('198.51.100.1:4000');

function entry(changes: Partial<LatchingEntry> = {}): LatchingEntry {
  return { port: PORT, remote: 0, remoteRtcp: 0, allowed: [addressOf(PEER)], payloadTypes: [0, 101], ...changes };
}

/** RTP with payload type 0 on our port. */
function hear(latching: Latching, source: number, ssrc: number, sequence: number, now: number): number {
  return hearRtp(latching, PORT, source, { ssrc, sequence, payloadType: 0 }, now);
}

test('two packets that follow each other take up an unlatched stream; the first alone does not', () => {
  const latching = new Latching(4);
  latching.add(2, entry());
  expect([hear(latching, PEER, 7, 65535, 0), latching.destination(2)]).toEqual([-1, 0]);
  expect([hear(latching, PEER, 7, 65535, 1), latching.destination(2)]).toEqual([-1, 0]);
  expect([hear(latching, PEER, 7, 0, 20), latching.destination(2)]).toEqual([2, PEER]);
  expect([latching.takeLatched(), latching.takeLatched()]).toEqual([2, -1]);
});

test.each([
  ['another SSRC', PEER, 8, 2, 20],
  ['another source', PEER + 1, 7, 2, 20],
  ['a sequence number far ahead', PEER, 7, 2000, 20],
  ['a sequence number behind', PEER, 7, 0, 20],
  ['a pause of more than 2 s', PEER, 7, 2, 2021],
])('two packets with %s do not agree', (_, source, ssrc, sequence, now) => {
  const latching = new Latching(1);
  latching.add(0, entry());
  hear(latching, PEER, 7, 1, 0);
  expect(hear(latching, source, ssrc, sequence, now)).toBe(-1);
  expect(latching.counters).toMatchObject({ unconfirmed: 2, latched: 0 });
});

test('a payload type that was not negotiated takes up no stream, a telephone-event that was does', () => {
  const latching = new Latching(1);
  latching.add(0, entry());
  for (let i = 0; i < 5; i++)
    expect(hearRtp(latching, PORT, PEER, { ssrc: 7, sequence: i, payloadType: 18 }, 20 * i)).toBe(-1);
  expect(latching.counters.strangers).toBe(5);
  expect([5, 6].map((i) => hearRtp(latching, PORT, PEER, { ssrc: 7, sequence: i, payloadType: 101 }, 20 * i))).toEqual([
    -1, 0,
  ]);
});

test('an exact stream is heard at its first packet, whatever its SSRC, also when that changes', () => {
  const latching = new Latching(1);
  latching.add(0, entry({ remote: PEER }));
  expect([latching.destination(0), latching.destinationRtcp(0)]).toEqual([PEER, PEER + 1]);
  expect([hear(latching, PEER, 7, 1, 0), hear(latching, PEER, 8, 900, 20)]).toEqual([0, 0]);
  expect(latching.takeLatched()).toBe(-1);
});

test('an exact stream that comes from another port of its address is taken up there, before it was heard', () => {
  const latching = new Latching(1);
  latching.add(0, entry({ remote: PEER }));
  expect([1, 2].map((i) => hear(latching, PEER + 9, 7, i, 20 * i))).toEqual([-1, 0]);
  expect(latching.destination(0)).toBe(PEER + 9);
  expect(hear(latching, PEER, 7, 3, 60)).toBe(-1);
});

test('a heard stream moves only after 500 ms without its own packets, and not when its policy forbids it', () => {
  for (const relatch of ['allowed', 'never'] as const) {
    const latching = new Latching(1);
    latching.add(0, entry({ remote: PEER, relatch }));
    hear(latching, PEER, 7, 1, 1000);
    expect([2, 3].map((i) => hear(latching, PEER + 9, 7, i, 1000 + 166 * i))).toEqual([-1, -1]);
    const moved = [4, 5].map((i) => hear(latching, PEER + 9, 7, i, 1000 + 125 * i));
    expect(moved).toEqual(relatch === 'allowed' ? [-1, 0] : [-1, -1]);
    expect(latching.destination(0)).toBe(relatch === 'allowed' ? PEER + 9 : PEER);
  }
});

test('the SSRC of a heard stream is never taken for an unlatched one', () => {
  const latching = new Latching(2);
  latching.add(0, entry({ remote: PEER }));
  latching.add(1, entry({ allowed: [addressOf(at('198.51.100.2:1'))] }));
  hear(latching, PEER, 7, 1, 0);
  for (let i = 2; i < 9; i++) expect(hear(latching, at('198.51.100.2:4000'), 7, i, 1000 + i)).toBe(-1);
  expect([latching.destination(0), latching.destination(1)]).toEqual([PEER, 0]);
});

test('a packet that two open streams might be meant by is dropped, and counted as that', () => {
  const latching = new Latching(2);
  latching.add(0, entry({ remote: PEER }));
  latching.add(1, entry({ remote: PEER + 2 }));
  for (let i = 0; i < 4; i++) expect(hear(latching, PEER + 50, 7, i, i)).toBe(-1);
  expect(latching.counters.ambiguous).toBe(4);
  expect(hear(latching, PEER + 2, 8, 0, 10)).toBe(1);
  expect([4, 5].map((i) => hear(latching, PEER + 50, 7, i, i))).toEqual([-1, 0]);
});

test('a network of a trunk may be the source, and nothing beside it', () => {
  const latching = new Latching(1);
  latching.add(
    0,
    entry({ allowed: [], allowedNetworks: [{ address: addressOf(at('203.0.113.0:1')), prefixBits: 25 }] }),
  );
  expect([1, 2].map((i) => hear(latching, at('203.0.113.128:4000'), 7, i, i))).toEqual([-1, -1]);
  expect([1, 2].map((i) => hear(latching, at('203.0.113.127:4000'), 7, i, i))).toEqual([-1, 0]);
});

test('packets of an ended stream are told from a new one for 60 s, then nothing is left', () => {
  const latching = new Latching(2);
  latching.add(0, entry({ remote: PEER }));
  hear(latching, PEER, 7, 1, 0);
  latching.remove(0, 1000);
  latching.add(1, entry());
  for (let i = 2; i < 6; i++) expect(hear(latching, PEER, 7, i, 1000 + 20 * i)).toBe(-1);
  expect(latching.counters.late).toBe(4);
  expect([1, 2].map((i) => hear(latching, PEER, 8, i, 1100 + 20 * i))).toEqual([-1, 1]);
  latching.remove(1, 2000);
  expect(latching.deadline()).toBe(61_000);
  latching.expire(61_000);
  expect(latching.portCount).toBe(1);
  latching.expire(62_000);
  expect([latching.portCount, latching.deadline()]).toEqual([0, NEVER]);
});

test('RTCP follows its stream: one port above, then from where its SSRC is heard at the same address', () => {
  const latching = new Latching(1);
  latching.add(0, entry());
  expect(latching.destinationRtcp(0)).toBe(0);
  for (let i = 0; i < 2; i++) hear(latching, PEER, 7, i, i);
  expect(latching.destinationRtcp(0)).toBe(PEER + 1);
  expect(hearRtcp(latching, PORT, at('203.0.113.1:9'), 7, true)).toBe(-1);
  expect(hearRtcp(latching, PORT, PEER + 77, 8, true)).toBe(-1);
  expect(hearRtcp(latching, PORT, PEER + 77, 7, true)).toBe(0);
  expect(latching.destinationRtcp(0)).toBe(PEER + 77);
  expect(hearRtcp(latching, PORT, PEER + 77, 9, true)).toBe(0);
  expect(hearRtcp(latching, PORT, PEER, 9, false)).toBe(0);
});

test('RTCP of an exact stream goes where its description says, and is known by that source', () => {
  const latching = new Latching(1);
  latching.add(0, entry({ remote: PEER, remoteRtcp: PEER + 33 }));
  expect(latching.destinationRtcp(0)).toBe(PEER + 33);
  expect(hearRtcp(latching, PORT, PEER + 33, 1, true)).toBe(0);
});

test('a new description moves a stream at once; the same one again does not undo latching', () => {
  const latching = new Latching(1);
  latching.add(0, entry({ remote: PEER }));
  for (let i = 0; i < 2; i++) hear(latching, PEER + 9, 7, i, i);
  latching.update(0, entry({ remote: PEER }), 10);
  expect(latching.destination(0)).toBe(PEER + 9);
  latching.update(0, entry({ remote: PEER + 20 }), 20);
  expect(latching.destination(0)).toBe(PEER + 20);
  for (let i = 2; i < 6; i++) expect(hear(latching, PEER + 9, 7, i, 1000 + i)).toBe(-1);
  expect(hear(latching, PEER + 20, 7, 6, 1010)).toBe(0);
});

test('a description without a certain address keeps what is heard while its source is allowed, else waits again', () => {
  const latching = new Latching(1);
  latching.add(0, entry());
  for (let i = 0; i < 2; i++) hear(latching, PEER, 7, i, i);
  latching.update(0, entry({ payloadTypes: [8] }), 10);
  expect(latching.destination(0)).toBe(PEER);
  latching.update(0, entry({ allowed: [addressOf(at('203.0.113.1:1'))] }), 20);
  expect(latching.destination(0)).toBe(0);
  expect([0, 1].map((i) => hear(latching, at('203.0.113.1:5000'), 9, i, 30 + i))).toEqual([-1, 0]);
});

test('a stream that is described where it was before is heard there again at once, and nobody else is', () => {
  const latching = new Latching(2);
  const [here, there, elsewhere] = [PEER, at('203.0.113.1:5000'), at('203.0.113.2:5000')];
  const allowing = (source: number) => entry({ allowed: [addressOf(source)] });
  // Another stream has ended where this one is going to be.
  latching.add(1, allowing(there));
  for (let i = 0; i < 2; i++) hear(latching, there + 1, 5, i, i);
  latching.remove(1, 5);
  latching.add(0, allowing(here));
  for (let i = 0; i < 2; i++) hear(latching, here, 7, i, 10 + i);
  latching.update(0, allowing(there), 20);
  expect(hear(latching, there + 1, 5, 2, 21)).toBe(-1);
  expect([0, 1].map((i) => hear(latching, there, 9, i, 30 + i))).toEqual([-1, 0]);
  latching.update(0, allowing(elsewhere), 40);
  expect([2, 3].map((i) => hear(latching, here, 7, i, 41 + i))).toEqual([-1, -1]);
  expect(latching.counters.late).toBe(3);
  latching.update(0, allowing(here), 50);
  expect([4, 5].map((i) => hear(latching, here, 7, i, 51 + i))).toEqual([-1, 0]);
  // What it left last is told apart, and what the other stream left still is.
  latching.update(0, allowing(there), 60);
  expect([4, 5].map((i) => hear(latching, there + 1, 5, i, 61 + i))).toEqual([-1, -1]);
  expect([6, 7].map((i) => hear(latching, there, 9, i, 63 + i))).toEqual([-1, 0]);
  expect([8, 9].map((i) => hear(latching, here, 7, i, 70 + i))).toEqual([-1, -1]);
  latching.remove(0, 100);
  latching.expire(60_100);
  expect([latching.portCount, latching.deadline()]).toEqual([0, NEVER]);
});

test('what a stream left does not come back to the next stream in its slot', () => {
  const latching = new Latching(1);
  const [here, there] = [PEER, at('203.0.113.1:5000')];
  latching.add(0, entry());
  for (let i = 0; i < 2; i++) hear(latching, here, 7, i, i);
  latching.remove(0, 10);
  latching.add(0, entry({ allowed: [addressOf(there)] }));
  for (let i = 0; i < 2; i++) hear(latching, there, 9, i, 20 + i);
  latching.update(0, entry(), 30);
  expect([2, 3].map((i) => hear(latching, here, 7, i, 40 + i))).toEqual([-1, -1]);
});

test('a certain address that another stream has latched to meanwhile is not taken from it', () => {
  const latching = new Latching(2);
  latching.add(0, entry());
  for (let i = 0; i < 2; i++) hear(latching, PEER, 7, i, i);
  latching.add(1, entry({ remote: PEER }));
  expect(hear(latching, PEER, 7, 2, 10)).toBe(0);
  expect([latching.destination(1), latching.counters.conflicts]).toEqual([0, 1]);
  latching.remove(1, 20);
  expect(hear(latching, PEER, 7, 3, 30)).toBe(0);
});

test('a report of a stream that has ended is not given', () => {
  const latching = new Latching(1);
  latching.add(0, entry());
  for (let i = 0; i < 2; i++) hear(latching, PEER, 7, i, i);
  latching.remove(0, 10);
  expect(latching.takeLatched()).toBe(-1);
});

test('a flood of strangers, of sources and of SSRCs leaves nothing behind', () => {
  const latching = new Latching(8);
  const random = seeded(11);
  for (let slot = 0; slot < 8; slot++) latching.add(slot, entry({ remote: slot < 4 ? PEER + 2 * slot : 0 }));
  for (let i = 0; i < 50_000; i++) {
    const [source, ssrc] = [Math.floor(random.next() * 2 ** 48), Math.floor(random.next() * 2 ** 32)];
    const port = PORT + 2 * Math.floor(random.next() * 3);
    hearRtp(latching, port, source, { ssrc, sequence: i & 0xffff, payloadType: i & 127 }, i);
    hearRtp(latching, PORT, PEER, { ssrc, sequence: i & 0xffff, payloadType: 0 }, i);
    hearRtcp(latching, PORT, source, ssrc, true);
  }
  for (let slot = 0; slot < 8; slot++) latching.remove(slot, 50_000);
  latching.expire(110_000);
  expect([latching.portCount, latching.deadline()]).toEqual([0, NEVER]);
});

test('the RTCP of a stream that moved follows it, and is no longer known where it was', () => {
  const latching = new Latching(1);
  latching.add(0, entry({ remote: PEER, remoteRtcp: PEER + 1 }));
  hear(latching, PEER, 7, 1, 0);
  for (const i of [2, 3]) hear(latching, PEER + 9, 7, i, 1000 + i);
  expect(latching.destinationRtcp(0)).toBe(PEER + 10);
  expect(hearRtcp(latching, PORT, PEER + 1, 99, true)).toBe(-1);
});

test('an SSRC that a stream no longer uses does not move it', () => {
  const latching = new Latching(1);
  latching.add(0, entry({ remote: PEER }));
  hear(latching, PEER, 7, 1, 0);
  hear(latching, PEER, 8, 1, 20);
  for (let i = 2; i < 6; i++) expect(hear(latching, PEER + 9, 7, i, 1000 + i)).toBe(-1);
  expect(latching.destination(0)).toBe(PEER);
});

test('two streams never share an RTCP source: the first one keeps it, also when the other ends', () => {
  const latching = new Latching(2);
  latching.add(0, entry({ remote: PEER, remoteRtcp: PEER + 33 }));
  latching.add(1, entry({ remote: PEER + 2, remoteRtcp: PEER + 33 }));
  expect(hearRtcp(latching, PORT, PEER + 33, 1, true)).toBe(0);
  expect(latching.destinationRtcp(1)).toBe(PEER + 3);
  latching.remove(1, 0);
  expect(hearRtcp(latching, PORT, PEER + 33, 1, true)).toBe(0);
});
