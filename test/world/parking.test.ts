import { describe, expect, test } from 'vitest';
import type { CallCommand } from '../../core/command.ts';
import type { CallId } from '../../core/kernel/ids.ts';
import { Ears } from '../sim/ears.ts';
import { Scene } from '../sim/scene.ts';
import { Transferor } from '../sim/transferor.ts';
import { Voices } from '../sim/voices.ts';
import type { Watcher } from '../sim/watcher.ts';
import { expectLadder } from './golden.ts';
import { expectLegalJournal, expectNothingLeft, explained } from './invariants.ts';
import { BAD_LINK } from './scenarios.ts';

const OPERATOR = { kind: 'operator' } as const;
const ANSWERS = { manner: { kind: 'answers', afterMs: 1_000 } } as const;
const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 25);
/** How long a call waits before who parked it has it back. */
const WAIT_MS = 60_000;

/** Alice calls Bob at 1 s and hangs up at the end; Carol has 1002, and Dave's lamp shows the first slot. */
function office(hangsUpAt = 300_000) {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', ANSWERS);
  const carol = scene.phone('carol', '1002');
  const lamp = scene.watcher('dave', '1002', 'dialog', '*8501');
  lamp.plan(500, { kind: 'subscribe', expiresS: 3_000 });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  alice.plan(hangsUpAt, { kind: 'hangup' });
  lamp.plan(hangsUpAt + 5_000, { kind: 'subscribe', expiresS: 0 });
  return { scene, alice, bob, carol, lamp, ears: new Ears(scene), keys: new Transferor(bob, '1001') };
}

/** Alice talks all the time: somebody who is silent for a minute is taken for dead. */
function talkingOffice(hangsUpAt: number) {
  const { scene, alice, bob, carol, keys } = office(hangsUpAt);
  const voices = new Voices(scene.tandem, [alice]);
  scene.world.add(voices);
  return { scene, alice, bob, carol, keys, heard: () => voices.heardBy(alice) };
}

/** What happened to slots: call, slot and how it ended. */
function slots({ tandem }: Scene): string[] {
  return tandem.events.flatMap(({ body }) => {
    if (body.type === 'call_parked') return [`parked ${body.slot}`];
    return body.type === 'call_unparked' ? [`${body.reason} ${body.slot}`] : [];
  });
}

function causes(scene: Scene): unknown[] {
  return scene.tandem.events.flatMap(({ body }) => (body.type === 'call_hangup' ? [body.call.cause] : []));
}

function phasesOf(lamp: Watcher): string[] {
  return lamp.told.filter((words) => words.startsWith('active')).map((words) => words.slice('active'.length).trim());
}

function expectOver(scene: Scene): void {
  scene.run(scene.world.now + 400_000);
  expectLegalJournal(scene);
  expectNothingLeft(scene);
  for (const phone of scene.phones) expect([phone.name, phone.sessions.legCount]).toEqual([phone.name, 0]);
}

/** Something is asked of Alice's call. */
function order(scene: Scene, command: (id: CallId) => CallCommand): string {
  const { calls } = scene.tandem.node.exchange;
  const { id } = calls.ledger
    .records()
    .find(({ source, direction }) => direction === 'incoming' && source.target === '1000')!;
  scene.tandem.execute(1, command(id), OPERATOR, scene.world.now);
  scene.run(scene.world.now + 1);
  const { result } = scene.tandem.settled.at(-1)!;
  return result.kind === 'done' ? 'done' : result.refusal.code;
}

describe('RFC 5359 §2.15: a call is parked', () => {
  test('by a transfer to a slot: Alice hears music, lamps show her, and Carol takes her by dialling the slot', () => {
    const { scene, alice, bob, carol, lamp, ears, keys } = office(30_000);
    keys.transfer(5_000, '*8501');
    carol.plan(12_000, { kind: 'call', to: '*8501' });
    scene.run(11_000);
    expect([keys.told, bob.isIdle]).toEqual([['100 active', '200 terminated'], true]);
    expect(ears.heardMs(alice, 5_100, 11_000)).toBeGreaterThanOrEqual(5_880);
    scene.run(20_000);
    expect([alice.isTalking, carol.isTalking]).toEqual([true, true]);
    expect(ears.heardMs(alice, 12_200, 20_000)).toBe(0);
    expect(scene.tandem.node.exchange.calls.bridgeCount).toBe(1);
    expectOver(scene);
    expect(slots(scene)).toEqual(['parked 1', 'retrieved 1']);
    expect(causes(scene)).toEqual(['normal', 'normal', 'normal']);
    expect(phasesOf(lamp)).toEqual(['', 'confirmed', 'terminated']);
    expect(lamp.documents[1]).toContain('<remote><identity display="alice">sip:1000@192.0.2.1</identity>');
    expect(lamp.documents[1]).toContain('entity="sip:*8501@192.0.2.1"');
    expectLadder(scene, 'park');
  });

  test('and Carol takes her by an INVITE that replaces the dialog of the slot', () => {
    const { scene, carol, lamp, keys } = office(30_000);
    const hand = new Transferor(carol, '1002');
    keys.transfer(5_000, '*8501');
    hand.replace(12_000, () => {
      const [, callId, local, remote] = /call-id="([^"]+)" local-tag="([^"]+)" remote-tag="([^"]+)"/.exec(
        lamp.documents.at(-1)!,
      )!;
      return `${callId};to-tag=${local};from-tag=${remote}`;
    });
    scene.run(20_000);
    expect(slots(scene)).toEqual(['parked 1', 'retrieved 1']);
    expect(scene.tandem.node.exchange.calls.bridgeCount).toBe(1);
    expectOver(scene);
    expectLadder(scene, 'park-replaces');
  });

  test('and comes back to who parked it when nobody takes it; until the phone is answered it can be taken', () => {
    const { scene, alice, bob, heard, keys } = talkingOffice(5_000 + WAIT_MS + 20_000);
    keys.transfer(5_000, '*85');
    scene.run(5_000 + WAIT_MS + 500);
    const music = heard().filter(({ at, by }) => by === 'switch' && at >= 10_000 && at < 60_000);
    expect([bob.isIdle, music.length]).toEqual([false, 2_500]);
    scene.run(5_000 + WAIT_MS + 10_000);
    expect([alice.isTalking, bob.isTalking]).toEqual([true, true]);
    expectOver(scene);
    expect(slots(scene)).toEqual(['parked 1', 'returned 1']);
    expectLadder(scene, 'park-returned');
  });

  test('and is taken while the phone of who parked it rings: that stops ringing', () => {
    const { scene, bob, carol, keys } = talkingOffice(5_000 + WAIT_MS + 20_000);
    keys.transfer(5_000, '*8501');
    carol.plan(5_000 + WAIT_MS + 500, { kind: 'call', to: '*8501' });
    scene.run(5_000 + WAIT_MS + 10_000);
    expect([carol.isTalking, bob.isIdle]).toEqual([true, true]);
    expectOver(scene);
    expect(slots(scene)).toEqual(['parked 1', 'retrieved 1']);
  });

  test('and ends when nobody takes it and who parked it cannot be reached three times', () => {
    const { scene, bob, keys, alice } = talkingOffice(500_000);
    keys.transfer(5_000, '*8501');
    bob.plan(8_000, { kind: 'register', expiresS: 0 });
    scene.run(5_000 + 3 * WAIT_MS - 1_000);
    expect(alice.isTalking).toBe(true);
    scene.run(5_000 + 3 * WAIT_MS + 5_000);
    expect(causes(scene)).toEqual(['normal', 'no-answer']);
    expect(slots(scene)).toEqual(['parked 1', 'left 1']);
    expectOver(scene);
  });

  test('attended: Bob dials where to park, hears music, and hands Alice over to his place', () => {
    const { scene, alice, bob, carol, keys } = office(40_000);
    bob.plan(4_000, { kind: 'hold' });
    keys.consult(5_000, '*85');
    keys.join(9_000);
    carol.plan(15_000, { kind: 'call', to: '*8501' });
    scene.run(12_000);
    expect([keys.told, bob.isIdle, bob.sessions.legCount]).toEqual([['100 active', '200 terminated'], true, 0]);
    scene.run(20_000);
    expect([alice.isTalking, carol.isTalking]).toEqual([true, true]);
    expectOver(scene);
    expect(slots(scene)).toEqual(['parked 1', 'left 1', 'parked 1', 'retrieved 1']);
    expectLadder(scene, 'park-attended');
  });

  test('and frees its slot when its party hangs up: the lamp goes out', () => {
    const { scene, lamp, keys } = office(20_000);
    keys.transfer(5_000, '*8501');
    expectOver(scene);
    expect(slots(scene)).toEqual(['parked 1', 'left 1']);
    expect(phasesOf(lamp)).toEqual(['', 'confirmed', 'terminated']);
  });
});

test('a slot that is taken takes nobody else: Bob is told so and keeps Alice, and the next free one takes her', () => {
  const { scene, alice, bob, carol, keys } = office(40_000);
  carol.plan(2_000, { kind: 'call', to: '*8501' });
  keys.transfer(5_000, '*8501');
  scene.run(10_000);
  expect(keys.told).toEqual(['100 active', '486 terminated']);
  expect([alice.isTalking, bob.isTalking, carol.isTalking]).toEqual([true, true, true]);
  keys.transfer(11_000, '*85');
  scene.run(15_000);
  expect([bob.isIdle, slots(scene)]).toEqual([true, ['parked 1', 'parked 2']]);
  carol.plan(16_000, { kind: 'hangup' });
  expectOver(scene);
});

test('a call is parked and given back by command, and what is not connected or not parked is not', () => {
  const { scene, alice, bob } = office(40_000);
  scene.run(4_000);
  expect(order(scene, (id) => ({ kind: 'parkCall', id, place: 'returned' }))).toBe('STATE_INVALID');
  expect(order(scene, (id) => ({ kind: 'parkCall', id, place: 7 }))).toBe('done');
  expect(order(scene, (id) => ({ kind: 'parkCall', id, place: 7 }))).toBe('STATE_INVALID');
  scene.run(6_000);
  expect([bob.isIdle, alice.isTalking, slots(scene)]).toEqual([true, true, ['parked 7']]);
  expect(order(scene, (id) => ({ kind: 'parkCall', id, place: 'returned' }))).toBe('done');
  expect(order(scene, (id) => ({ kind: 'parkCall', id, place: 'returned' }))).toBe('done');
  scene.run(10_000);
  expect([bob.isTalking, alice.isTalking, slots(scene)]).toEqual([true, true, ['parked 7', 'returned 7']]);
  expectOver(scene);
});

test(`over a bad network nobody is left in a slot, and nothing of anybody (${SEEDS} seeds)`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const scene = new Scene({ seed, link: BAD_LINK });
    const alice = scene.phone('alice', '1000');
    const bob = scene.phone('bob', '1001', ANSWERS);
    const carol = scene.phone('carol', '1002');
    alice.plan(2_000, { kind: 'call', to: '1001' });
    new Transferor(bob, '1001').transfer(8_000, '*8501');
    carol.plan(15_000, { kind: 'call', to: '*8501' });
    for (const phone of [alice, bob, carol]) phone.plan(40_000, { kind: 'hangup' });
    await explained(seed, 'parking', scene, () => {
      scene.run(600_000);
      expectLegalJournal(scene);
      expectNothingLeft(scene);
    });
  }
});
