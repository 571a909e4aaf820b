import { expect, test } from 'vitest';
import type { LegId } from '../../core/kernel/ids.ts';
import { NEVER } from '../../core/kernel/time.ts';
import { pcma, pcmu } from '../../media/codec/g711.ts';
import { COUNTER } from '../../media/counters.ts';
import { PcmRing } from '../../media/ring.ts';
import { RtcpView } from '../../media/rtp/rtcp.ts';
import { gaps, level, levelAt, testTone } from '../audio/measures.ts';
import { at, Bench, PORT, read, recordingOrder, rtp, settings } from './phones.ts';

const ALICE = at('192.0.2.1', 4000);
const BOB = at('192.0.2.2', 5000);
const A = 1 as LegId;
const B = 2 as LegId;
const PCMA_ONLY = {
  receivePayloadTypes: [
    { payloadType: 8, format: 'PCMA' },
    { payloadType: 96, format: 'telephone-event' },
  ],
  sendCodec: 'PCMA',
  sendPayloadType: 8,
  sendEventPayloadType: 96,
} as const;

function bridged(bob: Parameters<typeof settings>[1] = {}): Bench {
  const bench = new Bench();
  bench.open(A, settings(ALICE));
  bench.open(B, settings(BOB, bob));
  bench.post({ kind: 'bridge', a: A, b: B });
  bench.passFirst();
  return bench;
}

function voice(i: number): Uint8Array {
  return Uint8Array.from({ length: 160 }, (_, n) => (i * 7 + n) & 0xff);
}

/** Sends `count` packets 20 ms apart. */
function talk(
  bench: Bench,
  source: number,
  count: number,
  options: { ssrc?: number; first?: number; payloadType?: number } = {},
): void {
  const { ssrc = source % 2 ** 32, first = 100, payloadType = 0 } = options;
  for (let i = 0; i < count; i++) {
    bench.deliver(source, rtp({ sequence: first + i, timestamp: (first + i) * 160, ssrc, payloadType }, voice(i)));
    bench.advance(20);
  }
}

test('bridged legs hear each other at arrival, each in one continuous stream of ours', () => {
  const bench = bridged();
  for (const [from, to] of [
    [ALICE, BOB],
    [BOB, ALICE],
  ] as const) {
    talk(bench, from, 50);
    const heard = bench.takeSentTo(to).map(read);
    expect(heard.length).toBe(50);
    heard.forEach(({ sequence, timestamp, ssrc, payloadType, payload }, i) => {
      expect(sequence).toBe((heard[0]!.sequence + i) & 0xffff);
      expect(timestamp).toBe((heard[0]!.timestamp + i * 160) >>> 0);
      expect(ssrc).toBe(heard[0]!.ssrc);
      expect(ssrc).not.toBe(from % 2 ** 32);
      expect(payloadType).toBe(0);
      expect(payload).toEqual(voice(i));
    });
  }
  expect(bench.counters[COUNTER.packetsRelayed]).toBe(100);
});

test('a relayed packet waits for no tick', () => {
  const bench = bridged();
  bench.deliver(ALICE, rtp({ sequence: 1, timestamp: 0, ssrc: 9 }, voice(0)));
  expect(bench.takeSentTo(BOB).length).toBe(1);
});

test('PCMU and PCMA are mapped to each other on the way', () => {
  const bench = bridged(PCMA_ONLY);
  const samples = testTone(1000, -10, 160);
  const ulaw = new Uint8Array(160);
  pcmu.encode(samples, 0, 160, ulaw, 0);
  bench.deliver(ALICE, rtp({ sequence: 1, timestamp: 0, ssrc: 9 }, ulaw));
  const heard = read(bench.takeSentTo(BOB)[0]!);
  expect(heard.payloadType).toBe(8);
  const decoded = new Int16Array(160);
  pcma.decode(heard.payload, 0, 160, decoded, 0);
  expect(levelAt(decoded, 1000)).toBeCloseTo(-10, 0);

  const alaw = new Uint8Array(160);
  pcma.encode(samples, 0, 160, alaw, 0);
  bench.deliver(BOB, rtp({ sequence: 1, timestamp: 0, ssrc: 10, payloadType: 8 }, alaw));
  expect(read(bench.takeSentTo(ALICE)[0]!).payloadType).toBe(0);
});

test('digits are reported once and relayed with the payload type of the other side', () => {
  const bench = bridged(PCMA_ONLY);
  talk(bench, ALICE, 3);
  bench.takeSentTo(BOB);
  const steps = [160, 320, 480, 640, 800, 800, 800];
  steps.forEach((duration, i) => {
    const event = Uint8Array.of(5, i >= 4 ? 0x8a : 0x0a, duration >> 8, duration & 0xff);
    const fields = {
      sequence: 103 + i,
      timestamp: 103 * 160,
      ssrc: ALICE % 2 ** 32,
      payloadType: 101,
      marker: i === 0,
    };
    bench.deliver(ALICE, rtp(fields, event));
    bench.advance(20);
  });
  const heard = bench.takeSentTo(BOB).map(read);
  expect(heard.map(({ payloadType }) => payloadType)).toEqual(steps.map(() => 96));
  expect(new Set(heard.map(({ timestamp }) => timestamp)).size).toBe(1);
  expect(bench.takeMessages()).toEqual([{ kind: 'digit', leg: A, digit: '5', durationMs: 100 }]);
});

test('packets of telephone-events do not reach a leg that negotiated none', () => {
  const bench = bridged({ sendEventPayloadType: -1 });
  const event = Uint8Array.of(1, 0x8a, 0, 160);
  bench.deliver(ALICE, rtp({ sequence: 1, timestamp: 0, ssrc: 9, payloadType: 101 }, event));
  expect(bench.takeSentTo(BOB).every((packet) => read(packet).payloadType === 0)).toBe(true);
});

test('digits are sent as telephone-events', () => {
  const bench = new Bench();
  bench.open(A, settings(ALICE));
  bench.post({ kind: 'digits', leg: A, digits: '1#', durationMs: 100, intervalMs: 100 });
  bench.advance(1000);
  const heard = bench.takeSentTo(ALICE).map(read);
  const ends = heard.filter(({ payload }) => (payload[1]! & 0x80) !== 0).map(({ payload }) => payload[0]);
  expect(heard.every(({ payloadType }) => payloadType === 101)).toBe(true);
  expect(ends).toEqual([1, 1, 1, 11, 11, 11]);
});

test('a held leg is neither heard nor sent to, and hears again after the hold', () => {
  const bench = bridged();
  bench.post({ kind: 'update', leg: B, settings: settings(BOB, { sends: false, receives: false }) });
  talk(bench, ALICE, 5);
  talk(bench, BOB, 5);
  expect(bench.takeSentTo(BOB)).toEqual([]);
  expect(bench.takeSentTo(ALICE)).toEqual([]);
  bench.post({ kind: 'update', leg: B, settings: settings(BOB) });
  talk(bench, ALICE, 5, { first: 200 });
  expect(bench.takeSentTo(BOB).length).toBe(5);
});

test('an echo comes back from the port it was sent to, at once', () => {
  const bench = new Bench();
  bench.open(A, settings(ALICE));
  bench.post({ kind: 'echo', leg: A });
  talk(bench, ALICE, 3);
  const heard = bench.takeSentTo(ALICE);
  expect(heard.map(({ port }) => port)).toEqual([PORT, PORT, PORT]);
  expect(heard.map((packet) => read(packet).payload)).toEqual([0, 1, 2].map(voice));
});

test('a tone is played every 20 ms at its pitch and level, and an idle leg costs no tick', () => {
  const bench = new Bench();
  bench.open(A, settings(ALICE));
  bench.post({ kind: 'play', leg: A, play: 1, source: { kind: 'sine', frequencyHz: 440, levelDbov: -20 } });
  bench.advance(1000);
  const heard = bench.takeSentTo(ALICE).map(read);
  expect(heard.length).toBe(51);
  const samples = new Int16Array(51 * 160);
  heard.forEach(({ payload, timestamp, marker }, i) => {
    expect(timestamp).toBe((heard[0]!.timestamp + i * 160) >>> 0);
    expect(marker).toBe(i === 0);
    pcmu.decode(payload, 0, 160, samples, i * 160);
  });
  expect(levelAt(samples.subarray(800), 440)).toBeCloseTo(-20, 0);
  expect(level(samples.subarray(800)) - levelAt(samples.subarray(800), 440)).toBeLessThan(0.2);

  bench.post({ kind: 'stopPlaying', leg: A });
  const ticks = bench.counters[COUNTER.ticks];
  bench.advance(1000);
  expect(bench.takeSentTo(ALICE)).toEqual([]);
  expect(bench.counters[COUNTER.ticks]).toBe(ticks);
});

test('a file plays to its end, which is told with its number', () => {
  const bench = new Bench();
  bench.open(A, settings(ALICE, PCMA_ONLY));
  const samples = new SharedArrayBuffer(2 * 400);
  new Int16Array(samples).set(testTone(1000, -10, 400));
  bench.post({ kind: 'play', leg: A, play: 42, source: { kind: 'samples', samples } });
  bench.advance(200);
  expect(bench.takeSentTo(ALICE).map((packet) => read(packet).payloadType)).toEqual([8, 8, 8]);
  expect(bench.takeMessages()).toEqual([{ kind: 'played', leg: A, play: 42 }]);
});

test('late ticks are made up without a pause in the stream', () => {
  const bench = new Bench();
  bench.open(A, settings(ALICE));
  bench.post({ kind: 'play', leg: A, play: 1, source: { kind: 'tone', tone: 'dial' } });
  bench.turn();
  bench.now += 70;
  bench.turn();
  const heard = bench.takeSentTo(ALICE).map(read);
  expect(heard.map(({ timestamp }) => (timestamp - heard[0]!.timestamp) >>> 0)).toEqual([0, 160, 320, 480]);
  expect(heard.map(({ marker }) => marker)).toEqual([true, false, false, false]);
  expect(bench.counters[COUNTER.ticksLate]).toBe(2);
});

test('what is played to a leg replaces what it is connected to, until it stops', () => {
  const bench = bridged();
  bench.post({ kind: 'play', leg: B, play: 1, source: { kind: 'tone', tone: 'dial' } });
  talk(bench, ALICE, 5);
  expect(new Set(bench.takeSentTo(BOB).map(({ bytes }) => bytes.length)).size).toBe(1);
  expect(bench.counters[COUNTER.packetsRelayed]).toBe(0);
  bench.post({ kind: 'stopPlaying', leg: B });
  talk(bench, ALICE, 5, { first: 105 });
  const heard = bench.takeSentTo(BOB).map(read);
  expect(heard.map(({ payload }) => payload)).toEqual([0, 1, 2, 3, 4].map(voice));
});

test('the stream to a leg stays one when a tone, a bridge and another bridge take turns in it', () => {
  const bench = new Bench();
  const carol = at('192.0.2.3', 6000);
  for (const [leg, remote] of [
    [A, ALICE],
    [B, BOB],
    [3 as LegId, carol],
  ] as const)
    bench.open(leg, settings(remote));
  bench.post({ kind: 'play', leg: B, play: 1, source: { kind: 'tone', tone: 'ringback' } });
  bench.advance(100);
  bench.post({ kind: 'bridge', a: A, b: B });
  talk(bench, ALICE, 10);
  bench.post({ kind: 'bridge', a: 3 as LegId, b: B });
  talk(bench, carol, 10);
  talk(bench, ALICE, 3, { first: 110 });
  const heard = bench.takeSentTo(BOB).map(read);
  expect(heard.length).toBe(26);
  heard.forEach(({ sequence, timestamp, ssrc }, i) => {
    expect(sequence).toBe((heard[0]!.sequence + i) & 0xffff);
    expect(ssrc).toBe(heard[0]!.ssrc);
    if (i > 0) expect((timestamp - heard[i - 1]!.timestamp) >>> 0).toBeLessThan(2000);
  });
});

test('a leg behind a NAT is sent to where its packets come from, which is reported', () => {
  const bench = new Bench();
  const home = at('203.0.113.9', 61234);
  bench.open(A, settings(0, { allowed: [Math.floor(home / 65536)] }));
  bench.open(B, settings(BOB));
  bench.post({ kind: 'bridge', a: A, b: B });
  bench.passFirst();
  talk(bench, BOB, 2);
  expect(bench.sent).toEqual([]);
  talk(bench, home, 5);
  expect(bench.takeMessages()).toEqual([{ kind: 'latched', leg: A, remote: home }]);
  expect(bench.takeSentTo(BOB).length).toBe(4);
  talk(bench, BOB, 3, { first: 102 });
  // One as soon as it was found, and Bob's three.
  expect(bench.takeSentTo(home).length).toBe(4);
});

test('a stranger is not heard and draws no packet', () => {
  const bench = bridged();
  talk(bench, at('198.51.100.66', 4000), 10);
  expect(bench.sent).toEqual([]);
  expect(bench.counters[COUNTER.droppedStranger]).toBe(10);
});

test('noise on a port is counted and harmless', () => {
  const bench = bridged();
  bench.deliver(ALICE, new Uint8Array(0));
  bench.deliver(ALICE, Uint8Array.of(0x80, 0));
  bench.deliver(ALICE, new Uint8Array(40).fill(0xff));
  bench.deliver(ALICE, new Uint8Array(40).fill(0x90));
  bench.deliver(ALICE, Uint8Array.of(0x80, 200, 0), { isRtcp: true });
  bench.deliver(ALICE, new Uint8Array(28).fill(0x81), { isRtcp: true });
  bench.deliver(ALICE, rtp({ sequence: 1, timestamp: 1, ssrc: 1, payloadType: 77 }, voice(1)));
  expect(bench.takeSentTo(BOB)).toEqual([]);
});

test('silence is told once, and again only after the stream was heard or changed', () => {
  const bench = new Bench({ mediaTimeoutMs: 2000 });
  bench.open(A, settings(ALICE));
  talk(bench, ALICE, 50);
  expect(bench.takeMessages()).toEqual([]);
  bench.advance(1990);
  expect(bench.takeMessages()).toEqual([{ kind: 'silent', leg: A }]);
  bench.advance(10_000);
  expect(bench.takeMessages()).toEqual([]);
});

test('RTCP alone keeps a leg alive', () => {
  const bench = new Bench({ mediaTimeoutMs: 2000 });
  bench.open(A, settings(ALICE, { remoteRtcp: ALICE + 1 }));
  const report = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 7);
  for (let i = 0; i < 10; i++) {
    bench.deliver(ALICE + 1, report, { isRtcp: true });
    bench.advance(1000);
  }
  expect(bench.counters[COUNTER.reportsReceived]).toBe(10);
  expect(bench.takeMessages()).toEqual([]);
});

test('a held leg may be silent ten times longer, and one that is not answered for ever', () => {
  const bench = new Bench({ mediaTimeoutMs: 2000 });
  bench.open(A, settings(ALICE, { receives: false }));
  bench.open(B, settings(0, { supervised: false }));
  bench.advance(19_000);
  expect(bench.takeMessages()).toEqual([]);
  bench.advance(2000);
  expect(bench.takeMessages()).toEqual([{ kind: 'silent', leg: A }]);
});

test('reports go out about every five seconds, twice as often while packets are lost, and tell loss and jitter', () => {
  const bench = bridged();
  for (let i = 0; i < 2000; i++) {
    if (i % 10 !== 3) bench.deliver(ALICE, rtp({ sequence: i, timestamp: i * 160, ssrc: 77 }, voice(i)));
    bench.advance(20);
  }
  const reports = bench.takeSentTo(ALICE + 1, 'rtcp');
  expect(reports.length).toBeGreaterThan(13);
  expect(reports.length).toBeLessThan(25);
  const view = new RtcpView();
  const last = reports.at(-1)!.bytes;
  expect(view.begin(last, 0, last.length) && view.next() && view.readReport(0)).toBe(true);
  expect(view.reportSsrc).toBe(77);
  expect(view.fractionLost / 256).toBeCloseTo(0.1, 1);
  const unharmed = bench.takeSentTo(BOB + 1, 'rtcp').length;
  expect(unharmed).toBeGreaterThan(5);
  expect(unharmed).toBeLessThan(15);
});

test('with rtcp-mux reports go to the RTP port', () => {
  const bench = new Bench();
  bench.open(A, settings(ALICE, { rtcpMux: true }));
  bench.advance(20_000);
  expect(bench.takeSentTo(ALICE).length).toBeGreaterThan(2);
  expect(bench.sent).toEqual([]);
});

test('what a leg says is recorded in real time, and what is lost in between fades to silence', () => {
  const bench = bridged();
  const order = recordingOrder(1, { samples: 65536 });
  bench.post({ kind: 'record', leg: A, order });
  const tone = testTone(1000, -10, 160 * 100);
  const payload = new Uint8Array(160);
  for (let i = 0; i < 100; i++) {
    pcmu.encode(tone, i * 160, 160, payload, 0);
    if (i < 40 || i >= 60) bench.deliver(ALICE, rtp({ sequence: i, timestamp: i * 160, ssrc: 5 }, payload));
    bench.advance(20);
  }
  bench.post({ kind: 'close', leg: A });
  const ring = new PcmRing(order.inRing);
  const recorded = new Int16Array(65536);
  const count = ring.read(recorded);
  expect(ring.closed).toBe(true);
  expect(count / 8000).toBeCloseTo(2, 1);
  expect(levelAt(recorded.subarray(1600, 4800), 1000)).toBeCloseTo(-10, 0);
  const silences = gaps(recorded.subarray(0, count)).filter(({ start }) => start > 800);
  expect(silences.length).toBe(1);
  expect(silences[0]!.samples / 8000).toBeGreaterThan(0.28);
  expect(silences[0]!.samples / 8000).toBeLessThan(0.34);
  expect(levelAt(recorded.subarray(count - 3200, count - 400), 1000)).toBeCloseTo(-10, 0);
});

test('closing tells how the stream was and leaves nothing behind', () => {
  const bench = bridged();
  bench.post({ kind: 'play', leg: A, play: 1, source: { kind: 'tone', tone: 'busy' } });
  talk(bench, BOB, 10);
  talk(bench, ALICE, 10);
  bench.takeMessages();
  bench.post({ kind: 'close', leg: A });
  bench.turn();
  expect(bench.takeMessages()).toMatchObject([
    { kind: 'closed', leg: A, report: { packetsReceived: 10, packetsLost: 0 } },
  ]);
  expect(bench.takeSentTo(ALICE + 1, 'rtcp').length).toBe(1);
  talk(bench, BOB, 3, { first: 110 });
  bench.post({ kind: 'close', leg: B });
  bench.post({ kind: 'unbindPort', port: PORT });
  bench.advance(61_000);
  expect(bench.engine.deadline()).toBe(NEVER);
  expect(bench.counters[COUNTER.streams]).toBe(0);
  expect(bench.counters[COUNTER.ports]).toBe(0);
  expect(bench.io.openPorts).toEqual([]);
});

test('a port that is taken is reported', () => {
  const bench = new Bench({ taken: [30000] });
  bench.post({ kind: 'bindPort', port: 30000 });
  expect(bench.takeMessages()).toEqual([{ kind: 'portFailed', port: 30000 }]);
  expect(bench.counters[COUNTER.ports]).toBe(1);
});

test('messages about legs of a thread that was replaced are ignored', () => {
  const bench = new Bench();
  bench.post({ kind: 'bridge', a: A, b: B });
  bench.post({ kind: 'close', leg: A });
  expect(bench.counters[COUNTER.messagesIgnored]).toBe(3);
});
