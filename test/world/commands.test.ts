import { expect, test } from 'vitest';
import type { Principal } from '../../core/command.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import type { AgentId, CallId, CustomerId } from '../../core/kernel/ids.ts';
import { Scene } from '../sim/scene.ts';
import { CUSTOMER, EPOCH } from '../sim/switch.ts';
import { expectNothingLeft, explained, historyOf } from './invariants.ts';
import { CALLED_AT, SCENARIOS, staged } from './scenarios.ts';

const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 50);

function agent(permission: number, customerId = CUSTOMER): Principal {
  return { kind: 'agent', agentId: '5f0f7c1e-6d59-4b5e-9d0e-0a3c6f3a0002' as AgentId, customerId, permission };
}

const ADMIN = agent(PERMISSION.customerAdmin);
const STRANGER = agent(PERMISSION.customerAdmin, '5f0f7c1e-6d59-4b5e-9d0e-0a3c6f3a0003' as CustomerId);

/** Alice talks to Bob; the ids of both calls. */
function talking() {
  const scene = new Scene();
  const alice = scene.phone('alice', '1000');
  const bob = scene.phone('bob', '1001', { manner: { kind: 'answers', afterMs: 1_000 } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  scene.run(5_000);
  const ids = [...historyOf(scene.tandem.events).keys()];
  const hangUp = (id: CallId, by: Principal) => {
    scene.tandem.execute(1, { kind: 'hangupCall', id }, by, scene.world.now);
    scene.run(scene.world.now + 1_000);
    return scene.tandem.settled.at(-1)!.result;
  };
  return { scene, alice, bob, ids, hangUp };
}

test('an admin hangs up a call, and both phones hear BYE', () => {
  const { scene, alice, bob, ids, hangUp } = talking();
  expect(hangUp(ids[0]!, ADMIN)).toEqual({ kind: 'done', id: ids[0] });
  expect([alice, bob].map(({ heard }) => heard.at(-1))).toEqual(['ended normal remote', 'ended normal remote']);
  scene.run(60_000);
  expectNothingLeft(scene);
});

test.each([
  ['an agent who is no admin is denied', agent(PERMISSION.customerAgent), 'PERMISSION_DENIED'],
  ['an admin of another customer does not find it', STRANGER, 'RESOURCE_NOT_FOUND'],
])('a call is not for everybody to hang up: %s', (_, by, code) => {
  const { scene, alice, ids, hangUp } = talking();
  expect(hangUp(ids[0]!, by)).toMatchObject({ kind: 'refused', refusal: { code } });
  expect(alice.heard.at(-1)).toBe('answered');
  expect(scene.tandem.node.exchange.calls.bridgeCount).toBe(1);
});

test('a call that has just ended is not found, and nothing else happens', () => {
  const { alice, scene, ids, hangUp } = talking();
  alice.plan(6_000, { kind: 'hangup' });
  scene.run(8_000);
  expect(hangUp(ids[1]!, ADMIN)).toMatchObject({ kind: 'refused', refusal: { code: 'RESOURCE_NOT_FOUND' } });
});

test('calls that are hung up or deleted by command at any moment end once, and leave nothing', async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const scenario = SCENARIOS[seed % SCENARIOS.length]!;
    const scene = staged(seed, scenario);
    const { tandem, random, world } = scene;
    await explained(seed, scenario.name, scene, () => {
      for (let command = 0; command < 4; command++) {
        scene.run(Math.max(world.now, CALLED_AT) + random.next() * 3_000);
        const steps = [...historyOf(tandem.events).values()].at(-1 - Math.floor(random.next() * 2));
        if (steps === undefined) continue;
        const record = steps.at(-1)!.call;
        const isDeletion = random.next() < 0.3;
        tandem.execute(
          command,
          isDeletion ? { kind: 'deleteCall', record } : { kind: 'hangupCall', id: record.id },
          ADMIN,
          world.now,
        );
      }
      scene.run(500_000);
      for (const steps of historyOf(tandem.events).values()) {
        const told = steps.map(({ type }) => type).filter((type) => type !== 'deleted');
        expect(told.filter((type) => type === 'hangup').length).toBe(1);
        expect(told.at(-1)).toBe('hangup');
      }
      expectNothingLeft(scene);
    });
  }
});

test('a switch that shuts down at any moment ends its calls, refuses new ones, and leaves nothing', async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const scenario = SCENARIOS[seed % SCENARIOS.length]!;
    const scene = staged(seed, scenario);
    const { tandem, random, world } = scene;
    await explained(seed, scenario.name, scene, () => {
      scene.run(CALLED_AT + random.next() * 5_000);
      tandem.shutDown(world.now);
      const refusedFrom = world.now;
      scene.run(500_000);
      for (const steps of historyOf(tandem.events).values()) {
        expect(steps.map(({ type }) => type).filter((type) => type === 'hangup').length).toBe(1);
        expect(steps[0]!.call.createdAt).toBeLessThanOrEqual(EPOCH + refusedFrom);
      }
      expectNothingLeft(scene);
    });
  }
});
