import { expect, test } from 'vitest';
import { Scene, type SceneOptions } from '../sim/scene.ts';
import { earlyReferTo, SECOND_LEG, Transferor } from '../sim/transferor.ts';
import { expectLadder } from './golden.ts';
import { expectLegalJournal, expectNothingLeft } from './invariants.ts';

const ANSWERS = { manner: { kind: 'answers', afterMs: 1_000 } } as const;

/** Alice calls Bob at 1 s and hangs up at 30 s; Carol has 1002. */
function office(carol: Parameters<Scene['phone']>[2] = ANSWERS, options: SceneOptions = {}) {
  const scene = new Scene(options);
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', ANSWERS);
  const third = scene.phone('carol', '1002', carol);
  alice.plan(1_000, { kind: 'call', to: '1001' });
  alice.plan(30_000, { kind: 'hangup' });
  return { scene, alice, bob, carol: third, keys: new Transferor(bob, '1001'), dial: new Transferor(alice, '1000') };
}

function causes(scene: Scene): unknown[] {
  return scene.tandem.events.flatMap(({ body }) => (body.type === 'call_hangup' ? [body.call.cause] : []));
}

function expectOver(scene: Scene): void {
  expectLegalJournal(scene);
  expectNothingLeft(scene);
  for (const phone of scene.phones) expect([phone.name, phone.sessions.legCount]).toEqual([phone.name, 0]);
}

test('RFC 5359 §2.4: an unattended transfer: Alice talks to Carol, and Bob, who transferred her, is let go', () => {
  const { scene, bob, carol, keys } = office();
  bob.plan(4_000, { kind: 'hold' });
  keys.transfer(5_000, '1002');
  scene.run(20_000);
  expect(keys.told).toEqual(['100 active', '180 active', '200 terminated']);
  expect(bob.heard.at(-1)).toBe('ended normal remote');
  expect(carol.isTalking).toBe(true);
  scene.run(100_000);
  expect(causes(scene)).toEqual(['normal', 'normal', 'normal']);
  expectOver(scene);
  expectLadder(scene, 'transfer-unattended');
});

test('RFC 5359 §2.5: an attended transfer: those whom Bob talks to go on with each other', () => {
  const { scene, bob, alice, carol, keys } = office();
  bob.plan(4_000, { kind: 'hold' });
  keys.consult(5_000, '1002');
  keys.join(9_000);
  scene.run(20_000);
  expect(keys.told).toEqual(['100 active', '200 terminated']);
  expect([alice.isTalking, carol.isTalking, bob.isIdle]).toEqual([true, true, true]);
  expect(scene.tandem.node.exchange.calls.bridgeCount).toBe(1);
  scene.run(100_000);
  expect(causes(scene)).toEqual(['normal', 'normal', 'normal', 'normal']);
  expectOver(scene);
  expectLadder(scene, 'transfer-attended');
});

test('RFC 5589 §7.6: Bob transfers Alice while Carol still rings for him: she rings on, and answers Alice', () => {
  const { scene, bob, alice, carol, keys } = office({ manner: { kind: 'answers', afterMs: 4_000 } });
  bob.plan(4_000, { kind: 'hold' });
  keys.consult(5_000, '1002');
  keys.referTo(7_000, () => earlyReferTo(scene.world, 'bob')!);
  scene.run(20_000);
  expect(keys.told).toEqual(['100 active', '180 active', '200 terminated']);
  expect([alice.isTalking, carol.isTalking, bob.isIdle, bob.sessions.legCount]).toEqual([true, true, true, 0]);
  expect(carol.heard.slice(1)).toEqual(['called by 1001']);
  expect(scene.tandem.node.exchange.calls.bridgeCount).toBe(1);
  scene.run(100_000);
  expect(causes(scene)).toEqual(['answered-elsewhere', 'normal', 'normal', 'normal']);
  expectOver(scene);
  expectLadder(scene, 'transfer-semi-attended');
});

test('RFC 5589 §7.6: Carol, who rang for Bob and then for Alice, refuses: Bob is told, and has Alice back', () => {
  const { scene, bob, alice, carol, keys } = office({ manner: { kind: 'rings' } });
  keys.consult(5_000, '1002');
  keys.referTo(7_000, () => earlyReferTo(scene.world, 'bob')!);
  carol.plan(9_000, { kind: 'hangup' });
  scene.run(20_000);
  expect(keys.told).toEqual(['100 active', '180 active', '480 terminated']);
  expect([alice.isTalking, bob.isTalking, scene.tandem.node.exchange.calls.bridgeCount]).toEqual([true, true, 1]);
  scene.run(100_000);
  expectOver(scene);
});

test('an attended transfer brings together parties whose media live on different threads', () => {
  const { scene, alice, bob, carol, keys } = office(ANSWERS, { workerCount: 2 });
  keys.consult(5_000, '1002');
  keys.join(9_000);
  scene.run(20_000);
  expect([alice.isTalking, carol.isTalking, bob.isIdle]).toEqual([true, true, true]);
  scene.run(100_000);
  expectOver(scene);
});

test('RFC 5359 §2.2: Bob holds Alice, consults Carol, and comes back to Alice', () => {
  const { scene, bob, alice, keys } = office();
  bob.plan(4_000, { kind: 'hold' });
  keys.consult(5_000, '1002');
  keys.hangupSecond(9_000);
  bob.plan(10_000, { kind: 'resume' });
  scene.run(20_000);
  expect([alice.isTalking, bob.isTalking]).toEqual([true, true]);
  scene.run(100_000);
  expect(causes(scene)).toEqual(['normal', 'normal', 'normal', 'normal']);
  expectOver(scene);
  expectLadder(scene, 'consultation-hold');
});

test('RFC 3515 §2.4.5: who is transferred to is busy: Bob is told 486, and has Alice back', () => {
  const { scene, bob, alice, keys } = office({ manner: { kind: 'is busy' } });
  bob.plan(4_000, { kind: 'hold' });
  keys.transfer(5_000, '1002');
  bob.plan(7_000, { kind: 'resume' });
  scene.run(20_000);
  expect(keys.told).toEqual(['100 active', '486 terminated']);
  expect([alice.isTalking, bob.isTalking, scene.tandem.node.exchange.calls.bridgeCount]).toEqual([true, true, 1]);
  scene.run(100_000);
  expect(causes(scene)).toEqual(['busy', 'normal', 'normal']);
  expectOver(scene);
  expectLadder(scene, 'transfer-busy');
});

test('Bob hangs up as soon as he has transferred Alice: she hears ringback until Carol answers, or refuses', () => {
  for (const [manner, isTalking, told] of [
    [{ kind: 'answers', afterMs: 4_000 }, true, '200 terminated'],
    [{ kind: 'rings' }, false, '480 terminated'],
  ] as const) {
    const { scene, bob, alice, carol, keys } = office({ manner });
    keys.transfer(5_000, '1002');
    bob.plan(6_000, { kind: 'hangup' });
    if (!isTalking) carol.plan(9_000, { kind: 'hangup' });
    scene.run(20_000);
    expect([alice.isTalking, keys.told.at(-1)]).toEqual([isTalking, told]);
    scene.run(100_000);
    expectOver(scene);
    if (isTalking) expectLadder(scene, 'transfer-transferor-hangs-up');
  }
});

test('Alice gives up while Carol rings for her: Carol rings no more, and Bob is let go', () => {
  const { scene, bob, alice, carol, keys } = office({ manner: { kind: 'rings' } });
  keys.transfer(5_000, '1002');
  alice.plan(8_000, { kind: 'hangup' });
  scene.run(20_000);
  expect(keys.told).toEqual(['100 active', '180 active', '487 terminated']);
  expect([bob.isIdle, carol.heard.at(-1)]).toEqual([true, 'ended canceled remote']);
  scene.run(100_000);
  expectOver(scene);
});

test('a caller may transfer whom they called; a number that nobody has is 404, and both talk on', () => {
  const { scene, bob, dial } = office();
  dial.transfer(5_000, '+899000000101');
  scene.run(20_000);
  expect(dial.told).toEqual(['100 active', '404 terminated']);
  expect(bob.isTalking).toBe(true);
  scene.run(100_000);
  expectOver(scene);
});

test('RFC 4488 §4: who does not want to hear of a transfer is told nothing', () => {
  const { scene, carol, keys } = office();
  keys.transfer(5_000, '1002', [['Refer-Sub', 'false']]);
  scene.run(20_000);
  expect([keys.told, carol.isTalking]).toEqual([[], true]);
  scene.run(100_000);
  expectOver(scene);
});

test('RFC 3892 §2.1: who is called for a transferee sees who transferred the call', () => {
  const { scene, keys } = office();
  keys.transfer(5_000, '1002');
  scene.run(20_000);
  const invite = scene.world.hops.find(
    ({ to, message }) => to === 'carol' && message.type === 'request' && message.method === 'INVITE',
  );
  expect(invite?.message.first('Referred-By')).toBe('<sip:1001@192.0.2.1>');
  expect(invite?.message.from.uri.user).toBe('1000');
});

test('RFC 3891 §3: Carol takes the place of Bob by an INVITE with Replaces, and he is let go', () => {
  const { scene, alice, bob, carol, keys } = office({ manner: { kind: 'rings' } });
  new Transferor(carol, '1002').replace(6_000, () => keys.replacesOf());
  scene.run(20_000);
  expect([alice.isTalking, bob.heard.at(-1), carol.heard.at(-1)]).toEqual([true, 'ended normal remote', 'answered']);
  expect(scene.tandem.node.exchange.calls.bridgeCount).toBe(1);
  scene.run(100_000);
  expectOver(scene);
  expectLadder(scene, 'transfer-replaces');
});

test('RFC 5359 §2.16: Carol picks up the call that rings at Bob', () => {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', { manner: { kind: 'rings' } });
  const carol = scene.phone('carol', '1002');
  const ringing = new Transferor(bob, '1001');
  alice.plan(1_000, { kind: 'call', to: '1001' });
  new Transferor(carol, '1002').replace(4_000, () => ringing.replacesOf());
  alice.plan(10_000, { kind: 'hangup' });
  scene.run(8_000);
  expect([alice.isTalking, bob.heard.at(-1), carol.heard.at(-1)]).toEqual([
    true,
    'ended answered-elsewhere remote',
    'answered',
  ]);
  scene.run(100_000);
  expectOver(scene);
  expectLadder(scene, 'pickup');
});

test('RFC 5359 §2.16: Carol picks up a call by what her busy lamp was told of it (RFC 4235)', () => {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', { manner: { kind: 'rings' } });
  const carol = scene.phone('carol', '1002');
  const lamp = scene.watcher('lamp', '1002', 'dialog', '1001');
  lamp.plan(500, { kind: 'subscribe', expiresS: 600 });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  new Transferor(carol, '1002').replace(4_000, () => pickupOf(lamp.documents.at(-1)!));
  alice.plan(10_000, { kind: 'hangup' });
  scene.run(8_000);
  expect([alice.isTalking, bob.heard.at(-1), carol.heard.at(-1), lamp.told.at(-1)]).toEqual([
    true,
    'ended answered-elsewhere remote',
    'answered',
    'active terminated',
  ]);
  scene.run(9_000);
  lamp.plan(9_500, { kind: 'subscribe', expiresS: 0 });
  scene.run(100_000);
  expectOver(scene);
  expectLadder(scene, 'pickup-watched');
});

/** What replaces the dialog of a document, whose tags are those of the phone that is watched. */
function pickupOf(document: string): string {
  const said = (name: string) => new RegExp(`${name}="([^"]+)"`).exec(document)?.[1];
  return `${said('call-id')};to-tag=${said('remote-tag')};from-tag=${said('local-tag')};early-only`;
}

test('RFC 3891 §3: an INVITE with a Replaces that cannot be met is refused as the section says', () => {
  const cases: readonly [status: string, edit: (replaces: string) => string][] = [
    ['failed 481', (replaces) => replaces.replace(/from-tag=.*/, 'from-tag=other')],
    ['failed 481', (replaces) => `x${replaces}`],
    ['failed 486', (replaces) => `${replaces};early-only`],
    ['failed 400', (replaces) => replaces.replace(/;from-tag=.*/, '')],
    ['failed 400', (replaces) => `${replaces}|${replaces}`],
  ];
  for (const [status, edit] of cases) {
    const { scene, alice, bob, carol, keys } = office({ manner: { kind: 'rings' } });
    new Transferor(carol, '1002').replace(6_000, () => edit(keys.replacesOf()!));
    scene.run(20_000);
    expect([carol.heard.at(-1), alice.isTalking, bob.isTalking]).toEqual([status, true, true]);
  }
});

test('RFC 3891 §3: who is called by an unanswered INVITE cannot be replaced in it by others', () => {
  const { scene, carol } = office();
  new Transferor(carol, '1002').replace(1_500, () => {
    const ringing = scene.world.hops.find(
      ({ to, message }) => to === 'alice' && 'status' in message && message.status === 180,
    );
    const { callId, toTag, fromTag } = ringing!.message;
    return `${callId};to-tag=${toTag};from-tag=${fromTag}`;
  });
  scene.run(20_000);
  expect(carol.heard.at(-1)).toBe('failed 481');
});

test('a phone transfers its own calls alone: not with the Replaces of one that it has no part in', () => {
  const { scene, bob, alice, carol, keys, dial } = office();
  const erin = scene.phone('erin', '1003');
  new Transferor(erin, '1003').consult(2_500, '1002');
  const dialog = new Transferor(erin, '1003');
  keys.referTo(5_000, () => `<sip:192.0.2.1?Replaces=${encodeURIComponent(dialog.replacesOf(SECOND_LEG)!)}>`);
  keys.referTo(6_000, () => `<sip:192.0.2.1?Replaces=${encodeURIComponent(dial.replacesOf()!)}>`);
  scene.run(20_000);
  expect(keys.told).toEqual([]);
  expect([alice, bob, carol].map(({ isTalking }) => isTalking)).toEqual([true, true, true]);
});

test('a transfer to an address outside reaches nobody', () => {
  const { scene, bob, alice, keys } = office();
  keys.referTo(5_000, () => '<sip:1002@203.0.113.9>');
  scene.run(20_000);
  expect(keys.told).toEqual(['100 active', '404 terminated']);
  expect([alice.isTalking, bob.isTalking]).toEqual([true, true]);
});

test('digits come by INFO in either of two bodies, and reach the other phone as telephone-events', () => {
  const { scene, keys } = office();
  const passed: number[] = [];
  scene.tandem.onMedia = ({ bytes }) => {
    const isEnd = (bytes[1]! & 0x7f) === 101 && (bytes[13]! & 0x80) !== 0;
    if (isEnd) passed.push(bytes[12]!);
  };
  keys.inform(4_000, 'application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n');
  keys.inform(5_000, 'application/dtmf', '#');
  keys.inform(6_000, 'application/dtmf-relay', 'Signal= 10\r\n');
  keys.inform(7_000, 'text/plain', '7');
  scene.run(20_000);
  const digits = scene.tandem.events.flatMap(({ body }) =>
    body.type === 'dtmf_received' ? [[body.digit, body.durationMs]] : [],
  );
  expect(digits).toEqual([
    ['5', 160],
    ['#', 250],
    ['*', 250],
  ]);
  const statuses = scene.world.hops.flatMap(({ message }) =>
    message.type === 'response' && message.cseq.method === 'INFO' ? [message.status] : [],
  );
  expect(statuses).toEqual([200, 200, 200, 415]);
  // The end of each three times (RFC 4733 §2.5.1.4).
  expect(passed).toEqual([5, 5, 5, 11, 11, 11, 10, 10, 10]);
});
