import { expect, test } from 'vitest';
import type { TransportProtocol } from '../../core/ports.ts';
import type { Request } from '../../sip/message.ts';
import { Scene } from '../sim/scene.ts';
import { Voices } from '../sim/voices.ts';
import { expectLadder } from './golden.ts';

const ANSWERS = { manner: { kind: 'answers', afterMs: 1_000 } } as const;

/** Alice has a desk phone over UDP, Bob one that opens a connection. */
function scene(transport: TransportProtocol, particulars: Parameters<Scene['phone']>[2] = {}) {
  const made = new Scene();
  const alice = made.phone('alice', '1000');
  const bob = made.phone('bob', '1001', { transport, ...ANSWERS, ...particulars });
  return { scene: made, alice, bob, connection: bob.addresses[0]! };
}

/** The switch's INVITE to Bob. */
function inviteOf({ world }: Scene): Request {
  const hop = world.hops.find(({ to, message }) => to === 'bob' && message.type === 'request');
  return hop?.message as Request;
}

test('RFC 7118 §5.2: a browser that knows no address of its own registers, calls and is called by its connection', () => {
  const { scene: web, alice, bob } = scene('ws', { ownHost: 'x7q2.invalid' });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  alice.plan(4_000, { kind: 'hangup' });
  bob.plan(6_000, { kind: 'call', to: '1000' });
  bob.plan(8_000, { kind: 'hangup' });
  web.run(60_000);
  expect(alice.heard).toEqual([
    'registered 200',
    'ringing 180',
    'answered',
    'ended normal local',
    'called by 1001',
    'ended canceled remote',
  ]);
  const invite = inviteOf(web);
  expect(invite.uri.text).toBe('sip:1001@x7q2.invalid:5060;transport=ws');
  expect(invite.first('Via')).toMatch(/^SIP\/2\.0\/WS 192\.0\.2\.1:5060;/);
  expect(invite.first('Contact')).toBe('<sip:192.0.2.1:5060;transport=ws>');
  expectLadder(web, 'websocket');
});

test('RFC 5626 §5.3: a phone whose connection broke is called in vain at once, until it registers over another', () => {
  const { scene: broken, alice, bob, connection } = scene('tcp');
  broken.run(500);
  broken.world.cut(connection);
  expect(broken.tandem.directory.bindingCount).toBe(1);
  alice.plan(1_000, { kind: 'call', to: '1001' });
  broken.run(1_500);
  expect(alice.heard.at(-1)).toBe('failed 480');
  broken.world.translate(connection, { ...connection, port: 50_001 });
  bob.plan(2_000, { kind: 'register', expiresS: 3600 });
  alice.plan(3_000, { kind: 'call', to: '1001' });
  alice.plan(6_000, { kind: 'hangup' });
  broken.run(60_000);
  expect(alice.heard.slice(2)).toEqual(['ringing 180', 'answered', 'ended normal local']);
  expectLadder(broken, 'connection-broken');
});

test('RFC 5626 §5.3: after a restart of the switch a phone is called in vain at once, until its connection is there again', () => {
  const { scene: restarted, alice, bob, connection } = scene('tcp');
  const { world, tandem } = restarted;
  restarted.run(500);
  tandem.crash();
  world.cut(connection);
  tandem.start(500);
  expect(tandem.directory.bindingCount).toBe(2);
  alice.plan(1_000, { kind: 'call', to: '1001' });
  restarted.run(1_100);
  // The switch cannot know before it tries.
  expect(alice.heard.slice(1)).toEqual(['ringing 180', 'failed 480']);
  world.translate(connection, { ...connection, port: 50_001 });
  bob.plan(2_000, { kind: 'register', expiresS: 3600 });
  alice.plan(3_000, { kind: 'call', to: '1001' });
  alice.plan(6_000, { kind: 'hangup' });
  restarted.run(60_000);
  expect(alice.heard.slice(3)).toEqual(['ringing 180', 'answered', 'ended normal local']);
  expectLadder(restarted, 'connection-restart');
});

test('a call goes on while the connection of a phone is broken, and ends on both sides when it is hung up', () => {
  const { scene: broken, alice, connection } = scene('tcp');
  alice.plan(1_000, { kind: 'call', to: '1001' });
  broken.run(3_000);
  broken.world.cut(connection);
  broken.run(5_000);
  expect(alice.heard.at(-1)).toBe('answered');
  alice.plan(6_000, { kind: 'hangup' });
  broken.run(60_000);
  expect(alice.heard.at(-1)).toBe('ended normal local');
  expect(broken.tandem.node.stack.counters).toMatchObject({ legs: 0, dialogs: 0 });
});

test('a browser that goes away while it rings is waited for no longer', () => {
  const web = new Scene();
  const alice = web.phone('alice', '1000');
  const bob = web.phone('bob', '1001', { transport: 'ws', ownHost: 'x7q2.invalid', manner: { kind: 'rings' } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  web.run(3_000);
  expect(alice.heard.at(-1)).toBe('ringing 180');
  web.world.cut(bob.addresses[0]!);
  web.run(3_100);
  expect(alice.heard.at(-1)).toBe('failed 480');
  web.run(60_000);
  expect(web.tandem.node.stack.counters).toMatchObject({ legs: 0, dialogs: 0, inviteClientTransactions: 0 });
});

/** Behind NAT, or in a browser: there is no way to it but its connection. */
const UNREACHABLE = [
  ['tcp', '192.168.1.9'],
  ['ws', 'x7q2.invalid'],
] as const;

test.each(UNREACHABLE)(
  'RFC 3261 §17.2.4: over %s, who is called rings no longer when the caller is gone',
  (transport, ownHost) => {
    const made = new Scene();
    const alice = made.phone('alice', '1000', { transport, ownHost });
    const bob = made.phone('bob', '1001');
    alice.plan(1_000, { kind: 'call', to: '1001' });
    made.run(3_000);
    expect(bob.heard.at(-1)).toBe('called by 1000');
    made.world.cut(alice.addresses[0]!);
    made.run(3_100);
    expect(bob.heard.at(-1)).toBe('ended canceled remote');
    if (transport === 'ws') expectLadder(made, 'caller-gone');
    made.run(60_000);
    expect(made.tandem.node.stack.counters).toMatchObject({ legs: 0, dialogs: 0, inviteServerTransactions: 0 });
    expect(made.tandem.node.exchange.calls.ledger.liveCount).toBe(0);
  },
);

test.each(UNREACHABLE)(
  'RFC 5626 §4.2.2: over %s, a call lives on without its connection, and is hung up over the next',
  (transport, ownHost) => {
    const particulars = { ownHost, contactUser: '' } as const;
    const { scene: broken, alice, bob, connection } = scene(transport, particulars);
    alice.plan(1_000, { kind: 'call', to: '1001' });
    broken.run(3_000);
    broken.world.cut(connection);
    broken.world.translate(connection, { ...connection, port: 50_001 });
    bob.plan(4_000, { kind: 'register', expiresS: 3600 });
    alice.plan(6_000, { kind: 'hangup' });
    broken.run(6_100);
    expect(bob.heard.at(-1)).toBe('ended normal remote');
    broken.run(60_000);
    expect(broken.tandem.node.stack.counters).toMatchObject({ legs: 0, dialogs: 0 });
  },
);

test.each(UNREACHABLE)(
  'over %s, a call whose peer neither speaks nor comes back ends when its media have been silent',
  (transport, ownHost) => {
    const { scene: broken, alice, connection } = scene(transport, { ownHost });
    const { world, tandem } = broken;
    world.add(new Voices(tandem, [alice]));
    alice.plan(1_000, { kind: 'call', to: '1001' });
    broken.run(3_000);
    world.cut(connection);
    broken.run(60_000);
    expect(alice.heard.at(-1)).toBe('answered');
    broken.run(70_000);
    expect(alice.heard.at(-1)).toBe('ended network-failed remote');
    broken.run(140_000);
    expect(tandem.node.stack.counters).toMatchObject({ legs: 0, dialogs: 0 });
  },
);

test('RFC 6665 §4.2.2: a lamp in a browser that is gone is told nothing more, and costs nothing', () => {
  const made = new Scene();
  const alice = made.phone('alice', '1000');
  const lamp = made.watcher('lamp', '1001', 'dialog', '1000', { ownHost: 'x7q2.invalid' });
  lamp.plan(100, { kind: 'subscribe', expiresS: 600 });
  made.run(1_000);
  expect(lamp.told).toEqual(['subscribed 200', 'active']);
  made.world.cut(lamp.addresses[0]!);
  expect(made.tandem.node.stack.counters.subscriptions).toBe(0);
  const { notifications } = made.tandem.node.stack.counters;
  alice.plan(2_000, { kind: 'call', to: '1001' });
  made.run(60_000);
  expect(made.tandem.node.stack.counters.notifications).toBe(notifications);
});
