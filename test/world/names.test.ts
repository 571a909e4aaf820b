import { expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { Principal } from '../../core/command.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import type { AgentId } from '../../core/kernel/ids.ts';
import type { Zone } from '../sim/name-server.ts';
import { Scene } from '../sim/scene.ts';
import { CUSTOMER } from '../sim/switch.ts';
import { expectLadder } from './golden.ts';
import { expectLegalJournal, expectNothingLeft, historyOf } from './invariants.ts';
import { BAD_LINK } from './scenarios.ts';

const ADMIN: Principal = {
  kind: 'agent',
  agentId: '5f0f7c1e-6d59-4b5e-9d0e-0a3c6f3a0002' as AgentId,
  customerId: CUSTOMER,
  permission: PERMISSION.customerAdmin,
};
/** Two servers of a carrier, the first of which is meant to be tried first. */
const ZONE: Zone = {
  'SRV _sip._udp.carrier.example': ['1 1 5060 one.carrier.example', '2 1 5060 two.carrier.example'],
  'A one.carrier.example': ['192.0.2.10'],
  'A two.carrier.example': ['192.0.2.11'],
};
const ANSWERS = { manner: { kind: 'answers', afterMs: 2_000 } } as const;

/** A carrier of two servers, which is going to be called at 1 s. */
function calling(
  one: Parameters<Scene['stranger']>[2],
  target = 'sip:49301234@carrier.example',
  scene = new Scene({ zone: ZONE }),
) {
  const first = scene.stranger('one', 'one', one);
  const second = scene.stranger('two', 'two', ANSWERS);
  const call = (ticket = 1): void => {
    scene.tandem.execute(
      ticket,
      {
        kind: 'createCalls',
        ...{ customerId: CUSTOMER, source: address('tel', '+4930999'), destinations: [address('sip', target)] },
        ...{ flowId: null, actions: [], anonymous: 'no', variables: {} },
      },
      ADMIN,
      scene.world.now,
    );
  };
  scene.run(1_000);
  call();
  return { scene, first, second, call };
}

/** Status and cause with which each call ended. */
function ends({ tandem }: Scene): readonly unknown[] {
  return [...historyOf(tandem.events).values()].map((steps) => {
    const { status, hangupReason, cause } = steps.at(-1)!.call;
    return [status, hangupReason, cause];
  });
}

test('a call to a name is sent when its servers are found', () => {
  const { scene, first, second } = calling(ANSWERS);
  expect(scene.tandem.names.asked).toEqual(['NAPTR carrier.example']);
  expect(scene.world.hops).toEqual([]);
  scene.run(60_000);
  expect(first.heard).toEqual(['called by +4930999', 'ended normal remote']);
  expect(second.heard).toEqual([]);
  expect(ends(scene)).toEqual([['hangup', 'normal', 'normal']]);
  expectLegalJournal(scene);
  expectNothingLeft(scene);
  expectLadder(scene, 'name');
});

test('a server that is overloaded is followed by the next, and is not asked again for a while', () => {
  const { scene, first, second, call } = calling({ manner: { kind: 'is overloaded' } });
  const refusals = (): number => first.heard.filter((word) => word === 'refused').length;
  scene.run(8_000);
  expect(refusals()).toBe(1);
  expect(second.heard).toEqual(['called by +4930999', 'ended normal remote']);
  expectLadder(scene, 'name-overloaded');
  call(2);
  scene.run(12_000);
  expect(refusals()).toBe(1);
  call(3);
  scene.run(60_000);
  expect(refusals()).toBe(2);
  expect(second.heard.filter((word) => word.startsWith('called'))).toHaveLength(3);
  expectNothingLeft(scene);
});

test('a server that is silent is followed by the next after half a minute', () => {
  const scene = new Scene({ zone: ZONE });
  const { first, second } = calling(ANSWERS, undefined, scene);
  first.plan(1_000, { kind: 'unplug' });
  scene.run(90_000);
  expect(first.heard).toEqual([]);
  expect(second.heard).toEqual(['called by +4930999', 'ended normal remote']);
  expectNothingLeft(scene);
  expectLadder(scene, 'name-silent');
});

test.each([
  ['a name that does not exist', 'sip:bob@unknown.example', 'not-found', 80],
  ['a name that nobody answers for', 'sip:bob@silent.example', 'network-failed', 9_040],
])('a call to %s ends without a message', (_, target, cause, afterMs) => {
  const scene = new Scene({ zone: ZONE });
  scene.tandem.names.silent = new Set(
    ['NAPTR ', 'SRV _sip._udp.', 'SRV _sip._tcp.', 'A '].map((prefix) => `${prefix}silent.example`),
  );
  calling(ANSWERS, target, scene);
  scene.run(1_000 + afterMs - 50);
  expect(scene.tandem.events.map(({ body }) => body.type)).not.toContain('call_hangup');
  scene.run(1_000 + afterMs);
  expect(ends(scene)).toEqual([['hangup', 'failed', cause]]);
  expect(scene.world.hops).toEqual([]);
  expectNothingLeft(scene);
});

test('a call that is hung up while its servers are looked for is over at once', () => {
  const { scene } = calling(ANSWERS);
  scene.run(1_010);
  const id = [...historyOf(scene.tandem.events).keys()][0]!;
  scene.tandem.execute(2, { kind: 'hangupCall', id }, ADMIN, scene.world.now);
  expect(ends(scene)).toEqual([['hangup', 'cancel', 'normal']]);
  scene.run(60_000);
  expect(scene.world.hops).toEqual([]);
  expectLegalJournal(scene);
  expectNothingLeft(scene);
});

test('a crash while servers are looked for ends the call, and late answers are for nobody', () => {
  const { scene } = calling(ANSWERS);
  scene.run(1_010);
  scene.tandem.crash();
  scene.tandem.start(1_015);
  scene.run(60_000);
  expect(scene.world.hops).toEqual([]);
  expectNothingLeft(scene);
});

test('on the worst of networks a call to a name ends, and leaves nothing', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const scene = new Scene({ seed, zone: ZONE, link: BAD_LINK });
    calling(seed % 3 === 0 ? { manner: { kind: 'is overloaded' } } : ANSWERS, undefined, scene);
    scene.run(500_000);
    expect(ends(scene)).toHaveLength(1);
    expectLegalJournal(scene);
    expectNothingLeft(scene);
  }
});
