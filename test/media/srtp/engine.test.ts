import { describe, expect, it, test } from 'vitest';
import type { LegId, MixId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import { encodeUlaw } from '../../../media/codec/g711.ts';
import { COUNTER } from '../../../media/counters.ts';
import { RtcpView } from '../../../media/rtp/rtcp.ts';
import type { SrtpKeys, SrtpSuite } from '../../../media/srtp/crypto-suite.ts';
import { level, testTone } from '../../audio/measures.ts';
import { at, Bench, read, readRing, recordingOrder, rtp, settings } from '../phones.ts';
import { Direction, masterKey, SUITES } from './memory.ts';

const ALICE = at('192.0.2.1', 4000);
const BOB = at('192.0.2.2', 5000);
const A = 1 as LegId;
const B = 2 as LegId;
const SUITE = 'AES_CM_128_HMAC_SHA1_80';
const DROPPED = [
  COUNTER.droppedForged,
  COUNTER.droppedStranger,
  COUNTER.droppedMalformed,
  COUNTER.droppedSequence,
] as const;

/** A phone that speaks SRTP: what it sends has key 1, what it is sent key 2. */
class Protected {
  readonly keys: SrtpKeys;
  readonly #up: Direction;
  readonly #down: Direction;

  constructor(suite: SrtpSuite, up = 1, down = 2) {
    const [receiveKey, sendKey] = [up, down].map((key) => Buffer.from(masterKey(suite, key)).toString('base64'));
    this.keys = { suite, receiveKey: receiveKey!, sendKey: sendKey! };
    this.#up = new Direction(suite, undefined, up);
    this.#down = new Direction(suite, undefined, down);
  }

  says(sequence: number, payload: Uint8Array = voice(sequence), ssrc = 0xa11ce): Uint8Array {
    return this.#up.protectRtp(rtp({ sequence, timestamp: sequence * 160, ssrc }, payload));
  }

  reports(bytes: Uint8Array): Uint8Array {
    return this.#up.protectRtcp(bytes);
  }

  hears(bytes: Uint8Array): Uint8Array | undefined {
    return this.#down.unprotectRtp(bytes);
  }

  hearsReport(bytes: Uint8Array): Uint8Array | undefined {
    return this.#down.unprotectRtcp(bytes);
  }
}

function voice(i: number): Uint8Array {
  return Uint8Array.from({ length: 160 }, (_, n) => (i * 7 + n) & 0xff);
}

function bridged(alice: Protected | undefined, bob: Protected | undefined): Bench {
  const bench = new Bench();
  bench.open(A, settings(ALICE, { protection: alice?.keys }));
  bench.open(B, settings(BOB, { protection: bob?.keys }));
  bench.post({ kind: 'bridge', a: A, b: B });
  for (const [leg, remote] of [
    [alice, ALICE],
    [bob, BOB],
  ] as const) {
    bench.advance(20);
    for (const { bytes } of bench.takeSentTo(remote)) leg?.hears(bytes);
  }
  return bench;
}

/** Payloads of what the peer was sent, after its protection. */
function heardBy(bench: Bench, remote: number, phone: Protected | undefined): readonly (Uint8Array | undefined)[] {
  return bench.takeSentTo(remote).map((packet) => {
    const bytes = phone === undefined ? packet.bytes : phone.hears(packet.bytes);
    return bytes && read({ ...packet, bytes }).payload;
  });
}

describe.each(SUITES)('%s', (suite) => {
  it('a protected and a plain leg hear each other, and so do two protected ones', () => {
    for (const bob of [undefined, new Protected(suite, 3, 4)]) {
      const alice = new Protected(suite);
      const bench = bridged(alice, bob);
      for (let i = 0; i < 40; i++) {
        bench.deliver(ALICE, alice.says(100 + i));
        const plain = rtp({ sequence: 7 + i, timestamp: 160 * i, ssrc: 0xb0b }, voice(i));
        bench.deliver(BOB, bob === undefined ? plain : bob.says(7 + i, voice(i)));
        bench.advance(20);
      }
      expect(heardBy(bench, BOB, bob)).toEqual(Array.from({ length: 40 }, (_, i) => voice(100 + i)));
      expect(heardBy(bench, ALICE, alice)).toEqual(Array.from({ length: 40 }, (_, i) => voice(i)));
    }
  });

  it('reports are protected too, and what they tell of us is understood', () => {
    const alice = new Protected(suite);
    const bench = bridged(alice, undefined);
    for (let i = 0; i < 500; i++) {
      bench.deliver(ALICE, alice.says(i));
      bench.advance(20);
    }
    const reports = bench.takeSentTo(ALICE + 1, 'rtcp');
    expect(reports.length).toBeGreaterThan(0);
    const view = new RtcpView();
    for (const { bytes } of reports) {
      expect([200, 201]).toContain(bytes[1]);
      const plain = alice.hearsReport(bytes)!;
      expect(view.begin(plain, 0, plain.length)).toBe(true);
    }
    const before = bench.counters[COUNTER.reportsReceived]!;
    const report = Uint8Array.of(0x80, 201, 0, 1, 0, 0x0a, 0x11, 0xce);
    bench.deliver(ALICE + 1, report, { isRtcp: true });
    expect(bench.counters[COUNTER.reportsReceived]).toBe(before);
    bench.deliver(ALICE + 1, alice.reports(report), { isRtcp: true });
    expect(bench.counters[COUNTER.reportsReceived]).toBe(before + 1);
  });
});

test('what is plain, forged, repeated or under another key is never heard, and is counted', () => {
  const alice = new Protected(SUITE);
  const stranger = new Protected(SUITE, 9, 9);
  const bench = bridged(alice, undefined);
  const good = alice.says(1);
  bench.deliver(ALICE, good);
  expect(heardBy(bench, BOB, undefined)).toEqual([voice(1)]);
  const next = alice.says(2);
  const random = seeded(4);
  for (let i = 0; i < 200; i++) {
    const forged = next.slice();
    forged[Math.floor(random.next() * forged.length)]! ^= 1 << Math.floor(random.next() * 8);
    bench.deliver(ALICE, forged);
  }
  bench.deliver(ALICE, good);
  bench.deliver(ALICE, stranger.says(2));
  bench.deliver(ALICE, rtp({ sequence: 2, timestamp: 320, ssrc: 0xa11ce }, voice(2)));
  for (let length = 0; length < 40; length++) bench.deliver(ALICE, next.slice(0, length));
  expect(bench.takeSentTo(BOB)).toEqual([]);
  expect(bench.counters[COUNTER.droppedForged]).toBeGreaterThan(190);
  bench.deliver(ALICE, next);
  expect(heardBy(bench, BOB, undefined)).toEqual([voice(2)]);
});

test('bytes of any kind to a protected leg do no harm', () => {
  const alice = new Protected('AEAD_AES_128_GCM');
  const bench = bridged(alice, undefined);
  const random = seeded(11);
  let delivered = 0;
  for (let i = 0; i < 2000; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(random.next() * 80) }, () => Math.floor(random.next() * 256));
    if (bytes.length > 0) bytes[0] = 0x80 | (bytes[0]! & 0x3f);
    if (bytes.length > 1) delivered++;
    bench.deliver(random.next() < 0.5 ? ALICE : ALICE + 1, bytes, { isRtcp: random.next() < 0.3 });
  }
  expect(bench.takeSentTo(BOB)).toEqual([]);
  const dropped = DROPPED.reduce((sum, counter) => sum + bench.counters[counter]!, 0);
  expect(dropped + bench.counters[COUNTER.droppedOther]!).toBeGreaterThanOrEqual(delivered);
  bench.deliver(ALICE, alice.says(5));
  expect(heardBy(bench, BOB, undefined)).toEqual([voice(5)]);
});

test('only a genuine packet latches, and then the first one does', () => {
  const alice = new Protected(SUITE);
  const bench = new Bench();
  const natted = { remote: 0, allowed: [Math.floor(ALICE / 65_536)] };
  bench.open(A, settings(ALICE, { ...natted, protection: alice.keys }));
  bench.open(B, settings(BOB));
  bench.post({ kind: 'bridge', a: A, b: B });
  bench.passFirst();
  for (let i = 0; i < 5; i++) {
    bench.deliver(ALICE + 100, rtp({ sequence: i, timestamp: 160 * i, ssrc: 0xbad }, voice(i)));
    bench.deliver(ALICE + 102, new Protected(SUITE, 9).says(i));
  }
  expect(bench.takeMessages().filter(({ kind }) => kind === 'latched')).toEqual([]);
  bench.deliver(ALICE + 6, alice.says(1));
  expect(bench.takeMessages()).toMatchObject([{ kind: 'latched', leg: A, remote: ALICE + 6 }]);
  expect(heardBy(bench, BOB, undefined)).toEqual([voice(1)]);
  bench.advance(1000);
  for (let i = 0; i < 5; i++)
    bench.deliver(ALICE + 104, rtp({ sequence: 2 + i, timestamp: 0, ssrc: 0xa11ce }, voice(i)));
  expect(bench.takeMessages().filter(({ kind }) => kind === 'latched')).toEqual([]);
});

test('while keys are awaited nothing goes either way, and a new key takes over with the next packet', () => {
  const alice = new Protected(SUITE);
  const renewed = new Protected('AEAD_AES_128_GCM', 5, 6);
  const bench = new Bench();
  bench.open(A, settings(ALICE, { protection: 'awaited' }));
  bench.post({ kind: 'echo', leg: A });
  bench.advance(100);
  bench.deliver(ALICE, alice.says(1));
  bench.deliver(ALICE, rtp({ sequence: 1, timestamp: 0, ssrc: 1 }, voice(1)));
  expect(bench.sent).toEqual([]);
  bench.post({ kind: 'update', leg: A, settings: settings(ALICE, { protection: alice.keys }) });
  bench.deliver(ALICE, alice.says(2));
  expect(heardBy(bench, ALICE, alice)).toEqual([voice(2)]);
  bench.post({ kind: 'update', leg: A, settings: settings(ALICE, { protection: renewed.keys }) });
  bench.deliver(ALICE, alice.says(3));
  expect(bench.takeSentTo(ALICE)).toEqual([]);
  bench.deliver(ALICE, renewed.says(4));
  expect(heardBy(bench, ALICE, renewed)).toEqual([voice(4)]);
});

test('what a protected phone says is recorded, and mixed for the others', () => {
  const alice = new Protected(SUITE);
  const bench = new Bench();
  bench.open(A, settings(ALICE, { protection: alice.keys }));
  bench.open(B, settings(BOB));
  const mix = 'room' as unknown as MixId;
  for (const leg of [A, B]) bench.post({ kind: 'join', leg, mix });
  const order = recordingOrder(1, { samples: 32_000, isOneSided: true });
  bench.post({ kind: 'record', leg: A, order });
  const tone = testTone(440, -20, 100 * 160);
  for (let i = 0; i < 100; i++) {
    const codes = new Uint8Array(160);
    encodeUlaw(tone, 160 * i, 160, codes, 0);
    bench.deliver(ALICE, alice.says(i, codes));
    bench.advance(20);
  }
  expect(bench.takeSentTo(BOB).map(read).length).toBeGreaterThan(90);
  expect(level(readRing(order.inRing).subarray(8000))).toBeCloseTo(level(tone), 0);
});
