import { expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import type { Principal } from '../../core/command.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import type { AgentId } from '../../core/kernel/ids.ts';
import type { QueueState } from '../../sip/transport/queue-probe.ts';
import { calleesThrough, OUTSIDE, providerOf } from '../sim/providers.ts';
import { Scene } from '../sim/scene.ts';
import { CUSTOMER } from '../sim/switch.ts';
import { expectNothingLeft } from './invariants.ts';

const ADMIN: Principal = {
  kind: 'agent',
  agentId: '5f0f7c1e-6d59-4b5e-9d0e-0a3c6f3a0002' as AgentId,
  customerId: CUSTOMER,
  permission: PERMISSION.customerAdmin,
};
const CALM: QueueState = { isOverflowing: false, delayMs: 0 };
const FULL: QueueState = { isOverflowing: true, delayMs: 100 };

/** A switch whose socket overflows between 2 s and 6 s, and a carrier that lets everybody ring. */
function crowded() {
  const scene: Scene = new Scene({
    queue: () => (scene.world.now >= 2_000 && scene.world.now < 6_000 ? FULL : CALM),
  });
  const alice = scene.phone('alice', '1000');
  scene.phone('bob', '1001', { manner: { kind: 'answers', afterMs: 500 } });
  const carrier = scene.stranger('carrier', '', { manner: { kind: 'is busy' } });
  calleesThrough(scene.tandem, [providerOf(1, { hostname: carrier.addresses[0]!.address })]);
  /** Asks for a call, and tells what comes of it: the code of the refusal, or nothing. */
  const command = (number: string): string => {
    const given = { flowId: null, actions: [], anonymous: 'no', variables: {} } as const;
    const destinations = [address('tel', number)];
    const wish = { kind: 'createCalls', customerId: CUSTOMER, source: null, destinations, ...given } as const;
    scene.tandem.execute(1, wish, ADMIN, scene.world.now);
    scene.world.settle();
    const { result } = scene.tandem.settled.at(-1)!;
    return result.kind === 'refused' ? `${result.refusal.code} ${result.refusal.retryAfterS}` : '';
  };
  /** One command every 10 ms until then: how many were refused. */
  const flood = (until: number): number => {
    let refused = 0;
    for (let at = scene.world.now; at < until; at += 10) {
      scene.run(at);
      if (command(OUTSIDE) === 'OVERLOADED 10') refused++;
    }
    return refused;
  };
  return { scene, alice, command, flood };
}

test('while the socket overflows calls by command are refused as callers are, those that live go on, and help is called', () => {
  const { scene, alice, command, flood } = crowded();
  alice.plan(500, { kind: 'call', to: '1001' });
  scene.run(1_500);
  expect(flood(2_000)).toBe(0);
  expect(flood(4_000)).toBeGreaterThan(100);
  expect(scene.tandem.node.stack.counters).toMatchObject({ isOverloaded: 1 });
  expect(scene.tandem.node.stack.counters.overloadRefusals).toBeGreaterThan(100);
  for (let i = 0; i < 20; i++) expect(command('112')).toBe('');
  expect(alice.heard.at(-1)).toBe('answered');
  // Calm again, all are let in.
  scene.run(7_500);
  expect(command(OUTSIDE)).toBe('');
  alice.plan(9_000, { kind: 'hangup' });
  scene.run(120_000);
  expectNothingLeft(scene);
});
