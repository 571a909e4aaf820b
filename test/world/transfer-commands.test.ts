import { expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { CallRecord } from '../../core/calls/call-record.ts';
import type { CallId } from '../../core/kernel/ids.ts';
import { Ears } from '../sim/ears.ts';
import { type Obedience, Referee } from '../sim/referee.ts';
import { Scene } from '../sim/scene.ts';
import { expectLadder } from './golden.ts';
import { expectLegalJournal, expectNothingLeft } from './invariants.ts';

const OPERATOR = { kind: 'operator' } as const;
const ANSWERS = { manner: { kind: 'answers', afterMs: 1_000 } } as const;

/** Alice calls Bob at 1 s, who answers after 1 s; Carol has 1002. The call of Bob is the transferor's. */
function office(carol: Parameters<Scene['phone']>[2] = ANSWERS) {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', ANSWERS);
  const third = scene.phone('carol', '1002', carol);
  alice.plan(1_000, { kind: 'call', to: '1001' });
  const calls = () => scene.tandem.node.exchange.calls;
  const callOf = (direction: CallRecord['direction']): CallRecord =>
    calls()
      .ledger.records()
      .find((record) => record.direction === direction)!;
  const transfer = (
    manner: 'blind' | 'attended',
    id: CallId = callOf('outgoing').id,
    to = ['1002'],
    method: 'bridge' | 'refer' = 'bridge',
  ) => {
    const destinations = to.map((extension) => address('extension', extension));
    const command = { kind: 'transferCall', id, manner, method, destinations } as const;
    scene.tandem.execute(1, command, OPERATOR, scene.world.now);
    return scene.tandem.settled.at(-1)!.result;
  };
  const talking = () => [alice, bob, third].map(({ isTalking }) => isTalking);
  return { scene, alice, bob, carol: third, callOf, transfer, talking, calls, ears: new Ears(scene) };
}

function expectOver(scene: Scene): void {
  scene.run(150_000);
  expectLegalJournal(scene);
  expectNothingLeft(scene);
  for (const phone of scene.phones) expect([phone.name, phone.sessions.legCount]).toEqual([phone.name, 0]);
}

test('platform §5.6: a blind transfer lets the transferor go at once; the other hears ringback, and then the target', () => {
  const { scene, alice, transfer, talking, ears, calls } = office();
  scene.run(5_000);
  const ringing = transfer('blind');
  const called = calls()
    .ledger.records()
    .find(({ destination }) => destination.target === '1002');
  expect(ringing).toMatchObject({ kind: 'done', ids: [called?.id] });
  scene.run(5_900);
  expect(talking()).toEqual([true, false, false]);
  expect(ears.heardMs(alice, 5_100, 5_900)).toBe(800);
  scene.run(9_000);
  expect([talking(), calls().bridgeCount]).toEqual([[true, false, true], 1]);
  expect(ears.heardMs(alice, 6_100, 9_000)).toBe(0);
  alice.plan(10_000, { kind: 'hangup' });
  expectOver(scene);
  expectLadder(scene, 'transfer-command-blind');
});

test('platform §5.6: nobody answers a blind transfer: the call ends', () => {
  for (const manner of [{ kind: 'is busy' }, { kind: 'rings' }] as const) {
    const { scene, transfer, talking, calls } = office({ manner });
    scene.run(5_000);
    transfer('blind');
    scene.run(80_000);
    expect([talking(), calls().ledger.liveCount]).toEqual([[false, false, false], 0]);
    expectOver(scene);
  }
});

test('platform §8.2 G10: the transferor talks to the target while the other hears music, and hangs up: those two go on', () => {
  const { scene, alice, bob, carol, transfer, talking, ears, calls } = office();
  scene.run(5_000);
  transfer('attended');
  scene.run(10_000);
  expect(talking()).toEqual([true, true, true]);
  expect([ears.heardMs(alice, 5_100, 9_900), ears.heardMs(bob, 5_100, 5_900)]).toEqual([4_800, 800]);
  expect([ears.heardMs(bob, 6_100, 9_900), calls().transferCount]).toEqual([0, 3]);
  bob.plan(10_000, { kind: 'hangup' });
  scene.run(15_000);
  expect([talking(), calls().bridgeCount, calls().transferCount]).toEqual([[true, false, true], 1, 0]);
  expect(ears.heardMs(alice, 10_100, 15_000)).toBe(0);
  carol.plan(16_000, { kind: 'hangup' });
  expectOver(scene);
  expectLadder(scene, 'transfer-command-attended');
});

test('platform §8.2 G10: the target of an attended transfer does not answer: the two talk on', () => {
  for (const manner of [{ kind: 'is busy' }, { kind: 'rings' }] as const) {
    const { scene, alice, bob, carol, transfer, talking, ears, calls } = office({ manner });
    scene.run(5_000);
    transfer('attended');
    carol.plan(9_000, { kind: 'hangup' });
    scene.run(12_000);
    expect([talking(), calls().bridgeCount, calls().transferCount]).toEqual([[true, true, false], 1, 0]);
    for (const phone of [alice, bob]) expect(ears.heardMs(phone, 9_100, 12_000)).toBe(0);
    alice.plan(13_000, { kind: 'hangup' });
    expectOver(scene);
  }
});

test('platform §8.2 G10: the transferor hangs up before the target answers: everybody goes', () => {
  const { scene, bob, carol, transfer, talking } = office({ manner: { kind: 'rings' } });
  scene.run(5_000);
  transfer('attended');
  bob.plan(7_000, { kind: 'hangup' });
  scene.run(10_000);
  expect([talking(), carol.heard.at(-1)]).toEqual([[false, false, false], 'ended canceled remote']);
  expectOver(scene);
});

test('the target hangs up after a word: the two are together again; the other does: those who consult go on', () => {
  for (const [leaver, left] of [
    ['carol', [true, true, false]],
    ['alice', [false, true, true]],
  ] as const) {
    const { scene, bob, transfer, talking, calls } = office();
    scene.run(5_000);
    transfer('attended');
    scene.phones.find(({ name }) => name === leaver)!.plan(9_000, { kind: 'hangup' });
    scene.run(12_000);
    expect([talking(), calls().bridgeCount, calls().transferCount, calls().musicCount]).toEqual([left, 1, 0, 0]);
    bob.plan(13_000, { kind: 'hangup' });
    expectOver(scene);
  }
});

test('the other hangs up while the target rings: everybody goes', () => {
  const { scene, alice, carol, transfer, talking } = office({ manner: { kind: 'rings' } });
  scene.run(5_000);
  transfer('attended');
  alice.plan(7_000, { kind: 'hangup' });
  scene.run(10_000);
  expect([talking(), carol.heard.at(-1)]).toEqual([[false, false, false], 'ended canceled remote']);
  expectOver(scene);
});

test('a caller transfers whom they called, and of several targets the first to answer is taken', () => {
  for (const manner of ['blind', 'attended'] as const) {
    const { scene, alice, transfer, callOf } = office({ manner: { kind: 'rings' } });
    const dave = scene.phone('dave', '1003', { manner: { kind: 'answers', afterMs: 2_000 } });
    scene.run(5_000);
    expect(transfer(manner, callOf('incoming').id, ['1002', '1003', '4711'])).toMatchObject({ kind: 'done' });
    scene.run(9_000);
    if (manner === 'attended') alice.plan(9_000, { kind: 'hangup' });
    scene.run(12_000);
    expect([alice.isTalking, dave.isTalking, scene.tandem.node.exchange.calls.bridgeCount]).toEqual([false, true, 1]);
    dave.plan(13_000, { kind: 'hangup' });
    expectOver(scene);
  }
});

test('platform §8.2 G11: a call that talks to nobody is not transferred, nor any to where nobody is', () => {
  const { scene, transfer, callOf } = office();
  scene.run(1_500);
  expect(transfer('blind')).toMatchObject({ refusal: { code: 'STATE_INVALID' } });
  scene.run(5_000);
  const refusals = [
    transfer('blind', '00000000-0000-4000-8000-00000000dead' as CallId),
    transfer('blind', callOf('outgoing').id, ['4711']),
    transfer('attended', callOf('outgoing').id, ['1003']),
    transfer('attended', callOf('outgoing').id, []),
  ].map((result) => (result.kind === 'refused' ? [result.refusal.code, result.refusal.field] : []));
  expect(refusals).toEqual([
    ['RESOURCE_NOT_FOUND', 'id'],
    ['INVALID_ARGUMENT', 'transferee_addresses[0]'],
    ['INVALID_ARGUMENT', 'transferee_addresses[0]'],
    ['INVALID_ARGUMENT', 'transferee_addresses'],
  ]);
  transfer('attended');
  expect(transfer('blind')).toMatchObject({ refusal: { code: 'STATE_INVALID' } });
});

/** Alice is referred to Carol, who has 1002. */
function referred(obedience: Obedience, carol?: Parameters<Scene['phone']>[2]) {
  const place = office(carol);
  const referee = new Referee(place.alice, '1000', obedience);
  place.scene.run(5_000);
  const result = place.transfer('blind', place.callOf('outgoing').id, ['1002'], 'refer');
  return { ...place, referee, result };
}

test('RFC 5589 §6.1: the phone of the transferee is referred to the target, and our two calls end when it is there', () => {
  const { scene, alice, bob, carol, referee, result, calls } = referred('tells');
  expect(result).toMatchObject({ kind: 'done', ids: [] });
  scene.run(6_000);
  expect([alice.isTalking, bob.isTalking]).toEqual([true, true]);
  scene.run(10_000);
  expect(referee.referredTo).toEqual(['<sip:1002@192.0.2.1>']);
  expect([bob.isIdle, carol.isTalking, calls().bridgeCount, calls().transferCount]).toEqual([true, true, 1, 0]);
  expect([alice.heard.at(-1), referee.isTalking]).toEqual(['ended normal remote', true]);
  carol.plan(12_000, { kind: 'hangup' });
  expectOver(scene);
  expectLadder(scene, 'transfer-command-refer');
});

test.each([405, 420, 501, 403, 603] as const)('a phone that refuses a REFER by %i is transferred by us', (status) => {
  const { scene, alice, bob, carol, talking, calls } = referred(status);
  scene.run(10_000);
  expect([talking(), bob.isIdle, calls().bridgeCount]).toEqual([[true, false, true], true, 1]);
  expect(carol.heard.slice(1)).toEqual(['called by 1000']);
  alice.plan(12_000, { kind: 'hangup' });
  expectOver(scene);
  if (status === 405) expectLadder(scene, 'transfer-command-refer-refused');
});

test('a target that refuses leaves the two together, and a phone that tells nothing is left alone', () => {
  for (const [obedience, carol] of [
    ['tells', { manner: { kind: 'is busy' } }],
    ['keeps silent', { manner: { kind: 'is busy' } }],
  ] as const) {
    const { scene, alice, bob, calls } = referred(obedience, carol);
    scene.run(10_000);
    expect([alice.isTalking, bob.isTalking, calls().bridgeCount, calls().transferCount]).toEqual([true, true, 1, 0]);
    alice.plan(12_000, { kind: 'hangup' });
    expectOver(scene);
  }
});

test('the transferor hangs up before the far side has done its transfer: that goes on', () => {
  for (const [obedience, manner, isTalking] of [
    ['tells', ANSWERS.manner, true],
    ['tells', { kind: 'is busy' }, false],
    [501, ANSWERS.manner, true],
  ] as const) {
    const { scene, bob, carol, calls } = referred(obedience, { manner });
    scene.run(5_015);
    bob.plan(5_015, { kind: 'hangup' });
    scene.run(15_000);
    expect([carol.isTalking, bob.isIdle, calls().transferCount]).toEqual([isTalking, true, 0]);
    expect(calls().bridgeCount).toBe(isTalking ? 1 : 0);
    if (isTalking) carol.plan(16_000, { kind: 'hangup' });
    expectOver(scene);
  }
});
