import { expect, test } from 'vitest';
import { ownTrunkOf, storeOwnTrunks } from '../sim/own-trunks.ts';
import { calleesThrough, dialsOut, ECHO, OUTSIDE, OWN_NUMBER } from '../sim/providers.ts';
import { Scene } from '../sim/scene.ts';
import { SimulatedSwitch } from '../sim/switch.ts';
import { expectNothingLeft } from './invariants.ts';

const PEER = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
const ANSWERS = { manner: { kind: 'answers', afterMs: 1_000 } } as const;

/** We are registered over TCP at an exchange of the customer's, where Bob has a phone. */
function connected() {
  const scene = new Scene();
  const { tandem, world } = scene;
  const alice = dialsOut(scene);
  const exchange = new SimulatedSwitch({ name: 'exchange', address: PEER, random: scene.random });
  world.add(exchange);
  const account = { username: '1000', fromUser: '1000', password: 'secret', registers: true, expiresS: 600 };
  const numberRules = [{ prefix: OUTSIDE, replacement: '1001' }];
  const terms = { ...account, numberRules, transport: 'tcp', number: OWN_NUMBER } as const;
  storeOwnTrunks(tandem, [ownTrunkOf(1, { hostname: PEER.address, terms })]);
  calleesThrough(tandem, [], ECHO);
  const bob = scene.phoneOf('bob', '1001', exchange, { ...PEER, address: '192.0.2.50' }, ANSWERS);
  const connection = exchange.addresses.find(({ transport }) => transport === 'tcp')!;
  /** Every connection with the exchange breaks; it can be connected to again at once. */
  const breakConnections = (): void => {
    world.cut(connection);
    world.translate(connection, connection);
    exchange.transportFailed({ ...connection, address: '192.0.2.1' }, world.now);
    world.settle();
  };
  const said = (): readonly string[] =>
    world.hops
      .filter(({ from, to }) => [from, to].sort().join() === 'exchange,tandem')
      .map(({ from, message }) => {
        const via = message.type === 'request' ? message.topVia.transport : '';
        return `${from} ${message.type === 'request' ? `${message.method} ${via}` : message.status}`;
      });
  return { scene, alice, bob, exchange, breakConnections, said };
}

const types = ({ tandem }: Scene) =>
  tandem.events.map(({ body }) => body.type).filter((type) => type.startsWith('trunk_'));

test('RFC 5626 §4.2.2: an account whose connection breaks is not registered any more, and registers over the next', () => {
  const { scene, exchange, breakConnections, said } = connected();
  scene.run(900);
  expect([types(scene), exchange.directory.bindingCount]).toEqual([['trunk_registered'], 2]);
  expect(said().filter((words) => words.includes('REGISTER'))).toEqual(['tandem REGISTER TCP', 'tandem REGISTER TCP']);
  breakConnections();
  expect(types(scene)).toEqual(['trunk_registered', 'trunk_unregistered']);
  // At the exchange the binding has gone with its connection.
  expect(exchange.directory.bindingCount).toBe(1);
  scene.run(60_000);
  expect(types(scene).at(-1)).toBe('trunk_registered');
  expect(exchange.directory.bindingCount).toBe(2);
});

test.each(['alice', 'bob'])(
  'a call over a trunk goes on when its connection breaks, and %s hangs it up over the next',
  (who) => {
    const { scene, alice, bob, exchange, breakConnections, said } = connected();
    scene.run(4_000);
    expect([alice.heard.at(-1), bob.isTalking]).toEqual(['answered', true]);
    breakConnections();
    expect([scene.tandem, exchange].map(({ node }) => node.stack.counters.dialogs)).toEqual([2, 2]);
    (who === 'alice' ? alice : bob).plan(6_000, { kind: 'hangup' });
    scene.run(7_000);
    expect([alice.heard.at(-1), bob.heard.at(-1)].sort()).toEqual(['ended normal local', 'ended normal remote']);
    expect(said().filter((words) => words.includes('BYE'))).toEqual([
      who === 'alice' ? 'tandem BYE TCP' : 'exchange BYE TCP',
    ]);
    scene.run(60_000);
    expectNothingLeft(scene);
  },
);

test('a call over a trunk that is not answered yet goes on too: the exchange listens where its Via says', () => {
  const { scene, alice, bob, breakConnections } = connected();
  scene.run(1_500);
  expect(alice.heard.at(-1)).toBe('ringing 180');
  breakConnections();
  scene.run(4_000);
  expect([alice.heard.at(-1), bob.isTalking]).toEqual(['answered', true]);
  alice.plan(6_000, { kind: 'hangup' });
  scene.run(60_000);
  expect(bob.heard.at(-1)).toBe('ended normal remote');
  expectNothingLeft(scene);
});
