import { expect, test } from 'vitest';
import { termsFrom } from '../../api/resources/provider-metadata.ts';
import type { Request } from '../../sip/message.ts';
import { ownTrunkOf, storeOwnTrunks } from '../sim/own-trunks.ts';
import { calleesThrough, dialsOut, OUTSIDE, providerOf } from '../sim/providers.ts';
import { Scene } from '../sim/scene.ts';
import { expectNothingLeft } from './invariants.ts';

/** As `/v1.0/trunks` takes it. */
type TrunkMetadata = Parameters<typeof termsFrom>[0];

/** Alice dials outside at 1 s, through an exchange of her customer's, or else through a provider; both let it ring. */
function callOut(
  metadata: TrunkMetadata,
  number = OUTSIDE,
  beside: 'a provider beside' | 'alone' = 'a provider beside',
) {
  const scene = new Scene();
  const alice = dialsOut(scene, number);
  const bob = scene.phone('bob', '1001');
  const pbx = scene.stranger('pbx', '', { manner: { kind: 'rings' } });
  const carrier = scene.stranger('carrier', '', { manner: { kind: 'rings' } });
  storeOwnTrunks(scene.tandem, [ownTrunkOf(1, { hostname: pbx.addresses[0]!.address, terms: termsFrom(metadata) })]);
  const provider = providerOf(1, { hostname: carrier.addresses[0]!.address });
  calleesThrough(scene.tandem, beside === 'alone' ? [] : [provider]);
  return { scene, alice, bob };
}

/** Users of the INVITEs that each of them got, in order. */
function called(scene: Scene, name: string): readonly string[] {
  const invites = scene.world.hops.filter(
    ({ to, message }) => to === name && message.type === 'request' && message.method === 'INVITE',
  );
  return invites.map(({ message }) => (message as Request).uri.user);
}

test.each<[TrunkMetadata, string]>([
  [{}, '+498912345678'],
  [{ number_format: 'e164' }, '+498912345678'],
  [{ number_format: 'digits' }, '498912345678'],
  [{ number_format: 'national', country: 'DE' }, '08912345678'],
  [{ number_format: 'national', country: 'AT' }, '00498912345678'],
  // Of no country every number is abroad.
  [{ number_format: 'national' }, '00498912345678'],
  [{ number_format: 'national', country: 'DE', number_rules: [{ prefix: '+4989', replacement: '9' }] }, '912345678'],
  [{ number_rules: [{ prefix: '+43', replacement: '8' }] }, '+498912345678'],
])('a trunk made with %j is called with the number written as %s', (metadata, user) => {
  const { scene } = callOut(metadata);
  scene.run(2_000);
  expect([called(scene, 'pbx'), called(scene, 'carrier')]).toEqual([[user], []]);
});

test('of calls at the same time a trunk takes as many as it may, the next goes to a provider, and one that ends makes room', () => {
  const { scene, alice, bob } = callOut({ calls_max: 1 });
  bob.plan(3_000, { kind: 'call', to: OUTSIDE });
  alice.plan(5_000, { kind: 'hangup' });
  alice.plan(7_000, { kind: 'call', to: OUTSIDE });
  scene.run(6_000);
  expect([called(scene, 'pbx').length, called(scene, 'carrier').length]).toEqual([1, 1]);
  scene.run(8_000);
  expect([called(scene, 'pbx').length, called(scene, 'carrier').length]).toEqual([2, 1]);
  scene.run(100_000);
  expectNothingLeft(scene);
  expect(scene.tandem.node.exchange.calls.dialler.carried.count).toBe(0);
});

test('of calls that begin in one second a trunk takes as many as it may', () => {
  const { scene, bob } = callOut({ calls_per_second_max: 1 });
  bob.plan(1_500, { kind: 'call', to: OUTSIDE });
  scene.run(1_900);
  expect([called(scene, 'pbx').length, called(scene, 'carrier').length]).toEqual([1, 1]);
  bob.plan(2_000, { kind: 'hangup' });
  bob.plan(2_500, { kind: 'call', to: OUTSIDE });
  scene.run(3_000);
  expect([called(scene, 'pbx').length, called(scene, 'carrier').length]).toEqual([2, 1]);
});

test('beyond the cap of a trunk that nothing stands beside callers get 503, and help is called', () => {
  const { scene, bob } = callOut({ calls_max: 1, calls_per_second_max: 1 }, OUTSIDE, 'alone');
  bob.plan(1_500, { kind: 'call', to: OUTSIDE });
  scene.run(2_000);
  expect(bob.heard.at(-1)).toBe('failed 503');
  bob.plan(2_000, { kind: 'call', to: '911' });
  scene.run(3_000);
  expect(called(scene, 'pbx')).toEqual(['+498912345678', '911']);
  // The exchange has one line.
  expect(bob.heard.at(-1)).toBe('failed 486');
});
