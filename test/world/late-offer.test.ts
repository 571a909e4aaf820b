import { expect, test } from 'vitest';
import type { PhoneOptions } from '../sim/phone.ts';
import { calleesThrough, dialsOut, providerOf } from '../sim/providers.ts';
import { Scene, type SceneOptions } from '../sim/scene.ts';
import { Voices } from '../sim/voices.ts';
import { expectLadder } from './golden.ts';
import { expectLegalJournal, expectNothingLeft } from './invariants.ts';
import { BAD_LINK } from './scenarios.ts';

const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 100) / 10;

/** Alice dials out at 1 s through a carrier that makes the offer, and answers after 2 s. */
function callOut(carrier: Partial<PhoneOptions> = {}, options: SceneOptions = {}) {
  const scene = new Scene(options);
  const alice = dialsOut(scene);
  const callee = scene.stranger('carrier', '', { manner: { kind: 'answers', afterMs: 2_000 }, ...carrier });
  const { address } = callee.addresses[0]!;
  calleesThrough(scene.tandem, [providerOf(1, { hostname: address, terms: { offer: 'late' } })]);
  return { scene, alice, callee };
}

test('RFC 3261 §13.2.1: a provider that is called without an offer makes it, and both sides hear each other', () => {
  const { scene, alice, callee } = callOut();
  const voices = new Voices(scene.tandem, scene.phones);
  scene.world.add(voices);
  alice.plan(8_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal local']);
  for (const phone of [alice, callee]) expect(voices.heardBy(phone).length).toBeGreaterThan(240);
  expectLegalJournal(scene);
  expectNothingLeft(scene);
  expectLadder(scene, 'provider-late-offer');
});

test('RFC 3261 §13.2.2.4: an offer without a codec of ours is answered by one that takes nothing, and BYE', () => {
  const { scene, alice, callee } = callOut({ formats: '3 18' });
  scene.run(60_000);
  const ack = scene.world.hops.findLast(
    ({ to, message }) => to === 'carrier' && message.type === 'request' && message.method === 'ACK',
  );
  expect(new TextDecoder().decode(ack?.message.body)).toMatch(/^m=audio 0 RTP\/AVP 3 18\r$/m);
  expect([alice.heard.at(-1), callee.isIdle]).toEqual(['failed 488', true]);
  expectNothingLeft(scene);
});

test('a provider that makes the offer holds, resumes and is transferred from as any other', () => {
  const { scene, alice, callee } = callOut();
  callee.plan(5_000, { kind: 'hold' });
  callee.plan(6_000, { kind: 'resume' });
  alice.plan(7_000, { kind: 'hold' });
  alice.plan(9_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(callee.heard.slice(0, -1)).toContain('reanswered 200');
  expect([alice.heard.at(-1), callee.heard.at(-1)]).toEqual(['ended normal local', 'ended normal remote']);
  expectNothingLeft(scene);
});

test('on the worst of networks a call without an offer ends, and leaves nothing', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const manner = seed % 3 === 0 ? ({ kind: 'rings' } as const) : ({ kind: 'answers', afterMs: 500 } as const);
    const { scene, alice } = callOut({ manner, hangsUpAfterMs: 40_000 }, { seed, link: BAD_LINK });
    if (seed % 4 === 0) alice.plan(1_000 + scene.random.next() * 5_000, { kind: 'hangup' });
    scene.run(500_000);
    expect(alice.isIdle, `seed ${seed}`).toBe(true);
    expectLegalJournal(scene);
    expectNothingLeft(scene);
  }
});
