import { expect, test } from 'vitest';
import type { ProviderTerms } from '../../core/directory/provider-terms.ts';
import type { CustomerId } from '../../core/kernel/ids.ts';
import { type Link, PERFECT_LINK } from '../sim/network.ts';
import { calleesThrough, ECHO, OWN_NUMBER, type Peer, providerOf } from '../sim/providers.ts';
import { Scene } from '../sim/scene.ts';
import { CUSTOMER, SimulatedSwitch } from '../sim/switch.ts';
import { expectLadder } from './golden.ts';
import { BAD_LINK } from './scenarios.ts';

const PROVIDER = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
const ACCOUNT: Partial<ProviderTerms> = { username: '1000', password: 'secret', registers: true, expiresS: 600 };
/** A Tandem that has an account, an extension of another Tandem. */
function registered(peers: readonly Peer[] = [{ terms: ACCOUNT }], link: Link = PERFECT_LINK) {
  const scene = new Scene({ link });
  const provider = new SimulatedSwitch({ name: 'provider', address: PROVIDER, random: scene.random });
  scene.world.add(provider);
  const { tandem } = scene;
  calleesThrough(
    tandem,
    peers.map((peer, index) => providerOf(index + 1, { hostname: PROVIDER.address, ...peer })),
    ECHO,
  );
  return { scene, provider };
}

const states = ({ tandem }: Scene) =>
  [...tandem.directory.providers.keys()].map((id) => tandem.node.exchange.providers.of(id));
const providerEvents = ({ tandem }: Scene) =>
  tandem.events.map(({ body }) => body.type).filter((type) => type.startsWith('provider_'));

test('we register at a provider at the start, refresh, and unregister when we shut down', () => {
  const { scene, provider } = registered();
  scene.run(1_000_000);
  expect(states(scene)[0]!.registration).toMatchObject({ state: 'registered', status: 200 });
  expect(provider.directory.bindingCount).toBe(1);
  scene.tandem.shutDown(scene.world.now);
  scene.run(1_010_000);
  expect(provider.directory.bindingCount).toBe(0);
  expect(scene.tandem.node.stack.counters.providerRegistrations).toBe(0);
  expect(providerEvents(scene)).toEqual(['provider_registered', 'provider_unregistered']);
  expectLadder({ ladder: scene.world.ladder(['tandem', 'provider']) }, 'provider-registration');
});

test('a call to our account there is ours, by our line, whoever it comes from and whatever number it names', () => {
  const { scene, provider } = registered([{ terms: { ...ACCOUNT, number: OWN_NUMBER } }]);
  const address = { transport: 'udp', address: '192.0.2.50', port: 5060 } as const;
  const bob = scene.phoneOf('bob', '1001', provider, address);
  bob.plan(1_000, { kind: 'call', to: '1000' });
  scene.run(60_000);
  expect(bob.heard).toContain('answered');
  const call = scene.tandem.events.map(({ body }) => body).find(({ type }) => type === 'call_created');
  expect(call).toMatchObject({ call: { destination: { type: 'tel', target: OWN_NUMBER }, direction: 'incoming' } });
  expectLadder({ ladder: scene.world.ladder(['bob', 'provider', 'tandem']) }, 'provider-calls-in');
});

test('several accounts at one address are told apart', () => {
  const accounts = ['1000', '1002'].map((username) => ({ terms: { ...ACCOUNT, username } }));
  const { scene, provider } = registered(accounts);
  scene.run(10_000);
  const contacts = [...provider.directory.allBindings()].map(({ contact }) => contact);
  expect(new Set(contacts).size).toBe(2);
  expect(states(scene).map(({ registration }) => registration?.state)).toEqual(['registered', 'registered']);
});

test('a wrong password is told as what it is, and tried again ever more rarely', () => {
  const { scene } = registered([{ terms: { ...ACCOUNT, password: 'guessed' } }]);
  scene.run(3_600_000);
  expect(states(scene)[0]!.registration).toMatchObject({ state: 'waiting', status: 401 });
  const asked = scene.world.lines.filter((line) => line === 'tandem REGISTER provider').length;
  expect(asked).toBeLessThan(25);
  expect(providerEvents(scene)).toEqual([]);
});

test('a provider that restarts without our binding gets it back with the next refresh, at the worst of networks', () => {
  const { scene, provider } = registered(undefined, BAD_LINK);
  scene.run(100_000);
  provider.crash();
  provider.start(100_000);
  scene.run(1_500_000);
  expect(states(scene)[0]!.registration?.state).toBe('registered');
  expect(provider.directory.bindingCount).toBe(1);
});

test('what an account calls itself is its own affair: a stranger who names a line that does not exist is nobody', () => {
  const { scene } = registered();
  const mallory = scene.stranger('mallory', '');
  mallory.plan(1_000, { kind: 'call', to: 'line-00000000000000000000' });
  scene.run(10_000);
  expect(mallory.heard.at(-1)).toBe('failed 401');
});

test('RFC 3261 §11: OPTIONS tell that a provider is down and up again, and calls go through another one meanwhile', () => {
  const watched = { optionsIntervalS: 30, optionsFailuresMax: 2 };
  const { scene, provider } = registered([{ terms: watched }, { hostname: '192.0.2.11', terms: {} }]);
  const alice = scene.phone('alice', '1000');
  const carrier = scene.stranger('carrier', '', { manner: { kind: 'answers', afterMs: 100 }, hangsUpAfterMs: 1_000 });
  expect(carrier.addresses[0]!.address).toBe('192.0.2.11');
  scene.run(100_000);
  expect(states(scene)[0]).toMatchObject({ health: 'healthy', healthDetail: '200 OK' });
  provider.crash();
  scene.run(300_000);
  expect(states(scene)[0]).toMatchObject({ health: 'unhealthy', healthDetail: 'silent' });
  alice.plan(302_000, { kind: 'call', to: '+498912345678' });
  scene.run(310_000);
  expect(alice.heard).toContain('answered');
  provider.start(310_000);
  scene.run(500_000);
  expect(providerEvents(scene)).toEqual(['provider_healthy', 'provider_unhealthy', 'provider_healthy']);
});

test('terms that change begin what is wanted anew, and a provider that is deleted is left', () => {
  const { scene, provider } = registered();
  scene.run(10_000);
  const { tandem } = scene;
  const [row] = [...tandem.directory.providers.values()];
  const by = { kind: 'operator' } as const;
  const run = (ticket: number, command: Parameters<typeof tandem.execute>[1]) => {
    tandem.execute(ticket, command, by, scene.world.now);
    scene.run(scene.world.now + 10_000);
  };
  run(1, { kind: 'updateProvider', id: row!.id, changes: { terms: { ...row!.terms, username: '1002' } } });
  expect([...provider.directory.allBindings()]).toHaveLength(1);
  expect(provider.directory.extensionByName(CUSTOMER as CustomerId, '1002')!.id).toBe(
    [...provider.directory.allBindings()][0]!.extensionId,
  );
  for (const route of tandem.directory.dialRoutes.values()) run(2, { kind: 'deleteDialRoute', id: route.id });
  run(3, { kind: 'deleteProvider', id: row!.id });
  expect(provider.directory.bindingCount).toBe(0);
});

test('a provider is probed without its bindings being touched, and the password is judged', () => {
  for (const [password, status] of [
    ['secret', 200],
    ['guessed', 401],
  ] as const) {
    const { scene, provider } = registered([{ terms: { username: '1000', password } }]);
    const [id] = [...scene.tandem.directory.providers.keys()];
    scene.tandem.execute(7, { kind: 'probeProvider', id: id! }, { kind: 'operator' }, 0);
    scene.run(10_000);
    const settled = scene.tandem.settled.find(({ ticket }) => ticket === 7);
    const saidAs = '192.0.2.1:5060';
    expect(settled?.result).toMatchObject({
      kind: 'done',
      probe: {
        options: { status: 200, servers: ['udp 192.0.2.2:5060'], saidAs, seenAs: saidAs },
        register: { status },
      },
    });
    expect(provider.directory.bindingCount).toBe(0);
  }
});
