import { expect, test } from 'vitest';
import type { MixId } from '../../core/kernel/ids.ts';
import { pack, STRANGER_IPV6 } from '../../media/io/addresses.ts';
import type { Packet } from '../sim/memory-packet-io.ts';
import { rtp } from './phones.ts';
import { A, ALICE, B, C, described, OURS, OURS_IPV6, peer, Stage, sdp } from './stage.ts';

const BOB = '2001:db8::b';

function text(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}

/** Alice calls over IPv4, Bob is dialled over IPv6 and answers from there; both are bridged. */
function call(stage: Stage): { alice: number; bob: number; bobAt: number } {
  const { plane } = stage;
  expect(plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000), undefined)).toEqual({ kind: 'opened' });
  expect(plane.open(B, peer(BOB), undefined, A)).toEqual({ kind: 'opened' });
  const offer = described(plane.describe(B, A));
  expect(offer.address).toBe(OURS_IPV6);
  expect(plane.accept(B, sdp(BOB, 6000))).toEqual({ kind: 'opened' });
  const answer = described(plane.describe(A, B));
  expect(answer.address).toBe(OURS);
  plane.bridge(A, B);
  stage.settle();
  return { alice: answer.port, bob: offer.port, bobAt: stage.workers.ios[0]!.packed(BOB, 6000) };
}

test('a call between IPv4 and IPv6 is relayed both ways, and each side is told an address of its own family', () => {
  const stage = new Stage();
  const { alice, bob, bobAt } = call(stage);
  expect(stage.talk(ALICE, alice, bobAt)).toHaveLength(5);
  expect(stage.talk(bobAt, bob, ALICE)).toHaveLength(5);
});

test('RTCP goes to and comes from an IPv6 peer at the port above its RTP', () => {
  const stage = new Stage();
  const { bob, bobAt } = call(stage);
  stage.talk(bobAt, bob, ALICE, 400);
  const reports = stage.sent.filter(({ remote, isRtcp }) => isRtcp && remote === bobAt + 1);
  expect(reports.length).toBeGreaterThan(0);
});

test('packets from IPv6 addresses that no leg has to do with are dropped, and need no place anywhere', () => {
  const stage = new Stage();
  const { bob } = call(stage);
  const io = stage.workers.ios[0]!;
  const known = io.knownAddressCount;
  const stranger = io.packed('2001:db8:bad::1', 6000);
  expect(stranger).toBe(pack(STRANGER_IPV6, 6000));
  stage.sent.length = 0;
  for (let i = 0; i < 1_000; i++) {
    const source = pack(STRANGER_IPV6, 1_024 + i);
    stage.deliver(source, bob, rtp({ sequence: i, timestamp: 160 * i, ssrc: 6_000 }, new Uint8Array(160)));
  }
  expect([stage.sent, io.knownAddressCount]).toEqual([[], known]);
});

test('an IPv6 phone whose description names another address is found by its packets, from its signalling address', () => {
  const stage = new Stage();
  const { plane } = stage;
  plane.open(A, peer(BOB), sdp('fd00::5', 6000), undefined);
  const { port } = described(plane.describe(A, undefined));
  plane.echo(A);
  stage.settle();
  const from = stage.workers.ios[0]!.packed(BOB, 31_000);
  const heard: Packet[] = stage.talk(from, port, from);
  expect(heard.length).toBeGreaterThanOrEqual(4);
});

test('a description over IPv6 in a call signalled over IPv4 is answered with our IPv6 address', () => {
  const stage = new Stage();
  const { plane } = stage;
  plane.open(A, peer('192.0.2.1'), sdp(BOB, 6000), undefined);
  expect(described(plane.describe(A, undefined)).address).toBe(OURS_IPV6);
});

test('RFC 3264 §8: a phone that moves from IPv4 to IPv6 in its call is answered there, and o= keeps its address', () => {
  const stage = new Stage();
  const { plane } = stage;
  const { alice, bob } = call(stage);
  const answer = plane.renegotiate(A, sdp('2001:db8::a', 4000));
  if (answer.kind !== 'answer') throw new Error(answer.kind);
  expect(described(answer.body)).toMatchObject({ address: OURS_IPV6, port: alice });
  expect(text(answer.body)).toMatch(new RegExp(`^o=- \\d+ 2 IN IP4 ${OURS}\r\n`, 'm'));
  stage.settle();
  const aliceNow = stage.workers.ios[0]!.packed('2001:db8::a', 4000);
  stage.talk(aliceNow, alice, 0);
  const bobAt = stage.workers.ios[0]!.packed(BOB, 6000);
  expect(stage.talk(bobAt, bob, aliceNow)).toHaveLength(5);
  // Held by an address that means none, it keeps the family that it has.
  const held = plane.renegotiate(A, sdp('::', 4000));
  if (held.kind !== 'answer') throw new Error(held.kind);
  expect(described(held.body).address).toBe(OURS_IPV6);
});

test('what legs over IPv6 needed is forgotten after they have ended', () => {
  const stage = new Stage();
  call(stage);
  expect(stage.workers.ios[0]!.knownAddressCount).toBe(1);
  stage.plane.close(A);
  stage.plane.close(B);
  stage.advance(130_000);
  expect(stage.workers.ios[0]!.knownAddressCount).toBe(0);
});

test('in a conference of both families everybody hears the others', () => {
  const stage = new Stage();
  const { plane } = stage;
  const mix = 1 as MixId;
  const parties = [
    { leg: A, address: '192.0.2.1' },
    { leg: B, address: BOB },
    { leg: C, address: '2001:db8::c' },
  ].map(({ leg, address }) => {
    plane.open(leg, peer(address), sdp(address, 4000), undefined);
    const { port } = described(plane.describe(leg, undefined));
    plane.join(leg, mix);
    stage.settle();
    return { port, at: stage.workers.ios[0]!.packed(address, 4000) };
  });
  for (const speaker of parties) {
    for (const listener of parties) {
      if (listener === speaker) continue;
      expect(stage.talk(speaker.at, speaker.port, listener.at, 20).length).toBeGreaterThan(10);
    }
  }
});
