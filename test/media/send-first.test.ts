import { expect, test } from 'vitest';
import type { LegId } from '../../core/kernel/ids.ts';
import type { StreamSettings } from '../../media/protocol.ts';
import { at, Bench, read, rtp, settings } from './phones.ts';

const [A, B] = [1 as LegId, 2 as LegId];
const ALICE = at('192.0.2.1', 4000);
const HOME = at('203.0.113.9', 61_234);
const BOB = at('192.0.2.2', 5000);
const NATED = { remote: 0, allowed: [Math.floor(HOME / 65536)] };
const VOICE = new Uint8Array(160).fill(0x10);

function opened(changes: Partial<StreamSettings> = {}): Bench {
  const bench = new Bench();
  bench.open(A, settings(ALICE, changes));
  return bench;
}

test('who is answered and hears nothing within a frame gets a packet of silence in the codec, and one alone', () => {
  const bench = opened();
  bench.advance(19);
  expect(bench.sent).toEqual([]);
  bench.advance(1);
  const [first, ...others] = bench.takeSentTo(ALICE).map(read);
  expect(others).toEqual([]);
  expect(first).toMatchObject({ payloadType: 0, marker: true, payload: new Uint8Array(160).fill(0xff) });
  bench.advance(1000);
  expect(bench.takeSentTo(ALICE)).toEqual([]);
});

test('who is spoken or played to within a frame gets no other packet', () => {
  const bridged = opened();
  bridged.open(B, settings(BOB));
  bridged.post({ kind: 'bridge', a: A, b: B });
  bridged.deliver(BOB, rtp({ sequence: 1, timestamp: 160, ssrc: 7 }, VOICE));
  bridged.advance(100);
  expect(bridged.takeSentTo(ALICE).map((packet) => read(packet).payload)).toEqual([VOICE]);

  const played = opened();
  played.post({ kind: 'play', leg: A, play: 1, source: { kind: 'tone', tone: 'ringback' } });
  played.advance(60);
  const times = played.takeSentTo(ALICE).map((packet) => read(packet).timestamp);
  expect(times.slice(1).map((time, i) => (time - times[i]!) >>> 0)).toEqual(times.slice(1).map(() => 160));
});

test('a leg behind a NAT gets it as soon as it is known where it is', () => {
  const bench = opened(NATED);
  bench.advance(200);
  expect(bench.sent).toEqual([]);
  for (const sequence of [1, 2]) bench.deliver(HOME, rtp({ sequence, timestamp: sequence * 160, ssrc: 7 }, VOICE));
  bench.advance(20);
  expect(bench.takeSentTo(HOME).length).toBe(1);
});

test('a leg that is not answered, or held, gets none', () => {
  for (const changes of [{ remote: 0, supervised: false }, { sends: false }, { sends: false, receives: false }]) {
    const bench = opened(changes);
    bench.advance(500);
    expect(bench.sent).toEqual([]);
  }
});

test('a leg that goes to another address is sent a packet there, one that stays where it was none', () => {
  const bench = opened();
  bench.advance(1000);
  bench.sent.length = 0;
  bench.post({ kind: 'update', leg: A, settings: settings(ALICE) });
  bench.advance(100);
  expect(bench.sent).toEqual([]);
  bench.post({ kind: 'update', leg: A, settings: settings(BOB) });
  bench.advance(20);
  expect(bench.takeSentTo(BOB).length).toBe(1);
});

test('what is spoken right behind the first packet is not laid over its silence', () => {
  const bench = opened();
  bench.open(B, settings(BOB));
  bench.post({ kind: 'bridge', a: A, b: B });
  bench.advance(20);
  bench.deliver(BOB, rtp({ sequence: 1, timestamp: 160, ssrc: 7 }, VOICE));
  const [first, second] = bench.takeSentTo(ALICE).map(read);
  expect([(second!.sequence - first!.sequence) & 0xffff, (second!.timestamp - first!.timestamp) >>> 0]).toEqual([
    1, 160,
  ]);
});
