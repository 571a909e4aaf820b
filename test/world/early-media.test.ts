import { expect, test } from 'vitest';
import type { Request } from '../../sip/message.ts';
import { ForkingProxy, type ForkingProxyOptions } from '../sim/forking-proxy.ts';
import type { Phone, PhoneOptions } from '../sim/phone.ts';
import { calleesThrough, dialsOut, type Peer, providerOf } from '../sim/providers.ts';
import { Scene, type SceneOptions } from '../sim/scene.ts';
import { Voices } from '../sim/voices.ts';
import { expectLadder } from './golden.ts';
import { expectLegalJournal, expectNothingLeft } from './invariants.ts';
import { BAD_LINK } from './scenarios.ts';

const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 100) / 10;
const PROXY = { transport: 'udp', address: '192.0.2.90', port: 5060 } as const;

/** Whom of the phones this one hears, each from its first packet to its last: `first 1.1–2.0`, in seconds. */
function heardBy(voices: Voices, phone: Phone): readonly string[] {
  const spans: { by: string; from: number; to: number }[] = [];
  for (const { by, at } of voices.heardBy(phone)) {
    if (by === 'switch') continue;
    const last = spans.at(-1);
    if (last?.by === by) last.to = at;
    else spans.push({ by, from: at, to: at });
  }
  return spans.map(({ by, from, to }) => `${by} ${(from / 1000).toFixed(1)}–${(to / 1000).toFixed(1)}`);
}

/** Alice dials out at 1 s; the carrier's proxy calls one phone at once, and the other a second later. Both speak before they answer. */
function forked(
  first: NonNullable<PhoneOptions['manner']>,
  second: NonNullable<PhoneOptions['manner']>,
  others: ForkingProxyOptions['others'],
) {
  const scene = new Scene();
  const alice = dialsOut(scene);
  const phones = [scene.stranger('first', '', { manner: first }), scene.stranger('second', '', { manner: second })];
  const branches = phones.map((phone, index) => ({ to: phone.addresses[0]!, afterMs: 1_000 * index }));
  scene.world.add(new ForkingProxy({ name: 'proxy', address: PROXY, branches, others }));
  calleesThrough(scene.tandem, [providerOf(1, { hostname: PROXY.address })]);
  const voices = new Voices(scene.tandem, scene.phones);
  scene.world.add(voices);
  alice.plan(8_000, { kind: 'hangup' });
  scene.run(100_000);
  return { scene, alice, first: phones[0]!, second: phones[1]!, voices };
}

test('RFC 3960 §3.1: of two branches that speak before the answer the last is heard, and after it the one that answers', () => {
  const { scene, alice, first, second, voices } = forked(
    { kind: 'answers', afterMs: 3_000, early: 'speaks' },
    { kind: 'rings', early: 'speaks' },
    'canceled',
  );
  expect(alice.heard.slice(1)).toEqual(['ringing 183', 'ringing 183', 'answered', 'ended normal local']);
  expect(heardBy(voices, alice)).toEqual(['first 1.1–2.0', 'second 2.1–4.0', 'first 4.1–8.0']);
  // Nobody hears Alice but who has answered.
  expect([heardBy(voices, first), heardBy(voices, second)]).toEqual([['alice 4.1–8.0'], []]);
  expect(second.heard.at(-1)).toBe('ended canceled remote');
  expectLegalJournal(scene);
  expectNothingLeft(scene);
  expectLadder({ ladder: scene.world.ladder(['alice', 'tandem', 'proxy', 'first', 'second']) }, 'forked-early-media');
});

test('RFC 3261 §13.2.2.4: of two branches that both answer the first is talked to, and the other is hung up', () => {
  const { scene, alice, first, second, voices } = forked(
    { kind: 'answers', afterMs: 3_000, early: 'speaks' },
    { kind: 'answers', afterMs: 3_000, early: 'speaks' },
    'left to ring',
  );
  expect(heardBy(voices, alice)).toEqual(['first 1.1–2.0', 'second 2.1–4.0', 'first 4.1–8.0']);
  expect([first.heard.at(-1), second.heard.at(-1)]).toEqual(['ended normal remote', 'ended answered-elsewhere remote']);
  expectNothingLeft(scene);
});

test('two phones of one extension that ring together are not heard before one answers: neither speaks for both', () => {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000');
  const desk = scene.phone('desk', '1001', { manner: { kind: 'answers', afterMs: 2_000, early: 'speaks' } });
  const mobile = scene.phone('mobile', '1001', { manner: { kind: 'rings', early: 'speaks' } });
  const voices = new Voices(scene.tandem, scene.phones);
  scene.world.add(voices);
  alice.plan(1_000, { kind: 'call', to: '1001' });
  alice.plan(6_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal local']);
  expect(heardBy(voices, alice)).toEqual(['desk 3.1–6.0']);
  expect(voices.saidBy(mobile)).toBeGreaterThan(90);
  expect(mobile.heard.at(-1)).toBe('ended answered-elsewhere remote');
  expect(voices.heardBy(desk).length).toBeGreaterThan(140);
  expectNothingLeft(scene);
});

/** A carrier that is asked to be sure of what it says before the answer, and a caller who asks that of us. */
const RELIABLE: Peer = { terms: { headers: [{ action: 'add', name: 'Require', value: '100rel' }] } };

function reliably(carrier: Partial<PhoneOptions>, options: SceneOptions = {}) {
  const scene = new Scene(options);
  const alice = dialsOut(scene, undefined, { headers: { Require: '100rel' } });
  const callee = scene.stranger('carrier', '', carrier);
  calleesThrough(scene.tandem, [providerOf(1, { hostname: callee.addresses[0]!.address, ...RELIABLE })]);
  return { scene, alice, callee };
}

test('RFC 3262 §3, §4: what is said before the answer is acknowledged on both sides, and heard', () => {
  const { scene, alice } = reliably({ manner: { kind: 'answers', afterMs: 2_000, early: 'speaks' } });
  const voices = new Voices(scene.tandem, scene.phones);
  scene.world.add(voices);
  alice.plan(6_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(heardBy(voices, alice)).toEqual(['carrier 1.1–6.0']);
  expect(scene.world.lines.filter((line) => line.includes('PRACK'))).toEqual([
    'tandem PRACK carrier',
    'carrier 200 PRACK tandem',
    'alice PRACK tandem',
    'tandem 200 PRACK alice',
  ]);
  expectNothingLeft(scene);
  expectLadder(scene, 'reliable-early-media');
});

/** How often each of these went from one to another beyond the first time, whole: a PRACK, or a provisional response. */
function repetitions(scene: Scene): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { from, to, message } of scene.world.hops) {
    const isPrack = message.type === 'request' && message.method === 'PRACK';
    const number = message.type === 'response' ? message.first('RSeq') : undefined;
    if (!isPrack && number === undefined) continue;
    const what = isPrack ? `PRACK ${(message as Request).topVia.branch}` : `1xx ${number} ${message.callId}`;
    if (seen.has(what)) repeated.add(`${from} ${isPrack ? 'PRACK' : '1xx'} ${to}`);
    seen.add(what);
  }
  return repeated;
}

test('RFC 3262 §3, §4: on the worst of networks reliable responses and their PRACKs are repeated both ways, and the call is made', () => {
  const repeated = new Set<string>();
  let answered = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { scene, alice, callee } = reliably(
      { manner: { kind: 'answers', afterMs: 5_000, early: 'speaks' }, hangsUpAfterMs: 20_000 },
      { seed, link: BAD_LINK },
    );
    scene.run(500_000);
    expect([alice.isIdle, callee.isIdle], `seed ${seed}`).toEqual([true, true]);
    if (alice.heard.includes('answered')) answered++;
    for (const what of repetitions(scene)) repeated.add(what);
    expectLegalJournal(scene);
    expectNothingLeft(scene);
  }
  expect([...repeated].sort()).toEqual([
    'alice PRACK tandem',
    'carrier 1xx tandem',
    'tandem 1xx alice',
    'tandem PRACK carrier',
  ]);
  expect(answered).toBeGreaterThanOrEqual(0.9 * SEEDS);
});
