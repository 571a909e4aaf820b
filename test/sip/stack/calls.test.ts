import { expect, test } from 'vitest';
import type { LegId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import type { TransportAddress } from '../../../core/ports.ts';
import { BackToBack } from '../../sim/back-to-back.ts';
import { type Link, Network, PERFECT_LINK } from '../../sim/network.ts';
import { Phone, type PhoneOptions } from '../../sim/phone.ts';
import { party, World } from '../../sim/world.ts';

const SERVER: TransportAddress = { transport: 'udp', address: '192.0.2.1', port: 5060 };

const COLUMNS = ['alice', 'switch', 'bob'];

type Particulars = Partial<Pick<PhoneOptions, 'manner' | 'hangsUpAfterMs'>>;

/** alice (1000) and bob (1001), registered at 0 ms. */
function scene(particulars: {
  alice?: Particulars;
  bob?: Particulars;
  bobHost?: string;
  link?: Link;
  seed?: number;
  transport?: 'udp' | 'tcp';
}) {
  const random = seeded(particulars.seed ?? 1);
  const transport = particulars.transport ?? 'udp';
  const server = { ...SERVER, transport };
  const world = new World(new Network(particulars.link ?? PERFECT_LINK, random));
  const own = (address: string, username: string) => ({
    address: { transport, address, port: 5060 },
    username,
    password: 'secret',
    server,
    random,
  });
  const alice = new Phone({ name: 'alice', ...own('192.0.2.10', '1000'), ...particulars.alice });
  const bob = new Phone({ name: 'bob', ...own(particulars.bobHost ?? '192.0.2.11', '1001'), ...particulars.bob });
  const hub = new BackToBack(server, random);
  for (const member of [alice, party('switch', hub.addresses, hub), bob]) world.add(member);
  alice.plan(0, { kind: 'register', expiresS: 3600 });
  bob.plan(0, { kind: 'register', expiresS: 3600 });
  return { world, alice, bob, hub };
}

const legsEnded = (hub: BackToBack) =>
  hub.events.flatMap((event) => (event.kind === 'ended' || event.kind === 'failed' ? [event.leg] : []));

test('a phone that answers the challenge is registered and called at the address it came from', async () => {
  const { world, alice, bob, hub } = scene({ bob: { manner: { kind: 'answers', afterMs: 2_000 } } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  alice.plan(8_000, { kind: 'hangup' });
  world.run();
  expect(alice.heard).toEqual(['registered 200', 'ringing 180', 'answered', 'ended normal local']);
  expect(bob.heard).toEqual(['registered 200', 'called by 1000', 'ended normal remote']);
  expect(legsEnded(hub)).toEqual([1, 2]);
  await expect(world.ladder(COLUMNS)).toMatchFileSnapshot('ladders/call.txt');
});

test('the called side may hang up as well', () => {
  const { world, alice, bob } = scene({ bob: { manner: { kind: 'answers', afterMs: 100 }, hangsUpAfterMs: 3_000 } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  world.run();
  expect(alice.heard.at(-1)).toBe('ended normal remote');
  expect(bob.heard.at(-1)).toBe('ended normal local');
});

test('a busy phone refuses, and its word reaches the caller', async () => {
  const { world, alice, bob } = scene({ bob: { manner: { kind: 'is busy' } } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  world.run();
  expect(alice.heard.at(-1)).toBe('failed 486');
  expect(bob.heard).toEqual(['registered 200', 'refused', 'ended busy local']);
  await expect(world.ladder(COLUMNS)).toMatchFileSnapshot('ladders/busy.txt');
});

test('a caller who gives up cancels the ringing phone', async () => {
  const { world, alice, bob } = scene({ bob: { manner: { kind: 'rings' } } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  alice.plan(5_000, { kind: 'hangup' });
  world.run();
  expect(alice.heard.at(-1)).toBe('ended normal local');
  expect(bob.heard.at(-1)).toBe('ended canceled remote');
  await expect(world.ladder(COLUMNS)).toMatchFileSnapshot('ladders/cancel.txt');
});

test('unknown numbers and unregistered extensions are told apart', () => {
  const { world, alice } = scene({});
  alice.plan(1_000, { kind: 'call', to: '4711' });
  alice.plan(2_000, { kind: 'call', to: '1002' });
  world.run();
  expect(alice.heard.slice(1)).toEqual(['failed 404', 'failed 480']);
});

test('hold and resume are re-INVITEs that are answered', async () => {
  const { world, alice } = scene({ bob: { manner: { kind: 'answers', afterMs: 100 } } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  alice.plan(3_000, { kind: 'hold' });
  alice.plan(4_000, { kind: 'resume' });
  alice.plan(5_000, { kind: 'hangup' });
  world.run();
  expect(alice.heard).toEqual([
    'registered 200',
    'ringing 180',
    'answered',
    'reanswered 200',
    'reanswered 200',
    'ended normal local',
  ]);
  await expect(world.ladder(COLUMNS)).toMatchFileSnapshot('ladders/hold.txt');
});

/** Offers of the switch to both sides of the call, as when it holds them or takes them back. */
function reoffer(hub: BackToBack, now: number): void {
  const offer = new TextEncoder().encode('v=0\r\n');
  for (const leg of [1, 2] as LegId[]) hub.signaling.reoffer(leg, offer);
  hub.settle(now);
}

const reanswersOf = (hub: BackToBack, leg: number) =>
  hub.events.flatMap((event) => (event.kind === 'reanswered' && event.leg === leg ? [event.status] : []));

test('the switch offers anew to caller and callee, and both answer', () => {
  const { world, alice, bob, hub } = scene({ bob: { manner: { kind: 'answers', afterMs: 100 } } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  world.run(3_000);
  reoffer(hub, world.now);
  world.run(4_000);
  reoffer(hub, world.now);
  alice.plan(5_000, { kind: 'hangup' });
  world.run();
  expect([reanswersOf(hub, 1), reanswersOf(hub, 2)]).toEqual([
    [200, 200],
    [200, 200],
  ]);
  expect(alice.heard).toEqual([
    'registered 200',
    'ringing 180',
    'answered',
    'reoffered',
    'reoffered',
    'ended normal local',
  ]);
  expect(bob.heard.at(-1)).toBe('ended normal remote');
});

test('offers of the switch and the phones that meet get 491, and none is lost without a word', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { world, alice, bob, hub } = scene({
      seed,
      link: { delayMs: 20, jitterMs: 0, loss: 0, duplication: 0 },
      bob: { manner: { kind: 'answers', afterMs: 100 } },
    });
    alice.plan(1_000, { kind: 'call', to: '1001' });
    world.run(3_000);
    alice.plan(3_005, { kind: 'hold' });
    bob.plan(3_005, { kind: 'hold' });
    reoffer(hub, world.now);
    world.run(10_000);
    // Whose turn comes first is chance; neither offer is lost without a word.
    for (const [leg, phone] of [
      [1, alice],
      [2, bob],
    ] as const) {
      const own = phone.heard.filter((word) => word.startsWith('reanswered'));
      const where = `seed ${seed} leg ${leg}\n${world.ladder(COLUMNS)}`;
      expect(own, where).toHaveLength(1);
      expect(reanswersOf(hub, leg), where).toHaveLength(1);
      expect([...own, `reanswered ${reanswersOf(hub, leg)[0]}`], where).toContain('reanswered 200');
    }
    expect(world.lines.filter((line) => line.includes('491')).length).toBeGreaterThanOrEqual(4);
    reoffer(hub, world.now);
    alice.plan(12_000, { kind: 'hangup' });
    world.run();
    expect([reanswersOf(hub, 1).at(-1), reanswersOf(hub, 2).at(-1)]).toEqual([200, 200]);
    expect(hub.stack.counters).toMatchObject({ dialogs: 0, legs: 0, timersArmed: 0 });
  }
});

test('over TCP nothing is retransmitted, and calls take their connections', () => {
  const { world, alice, bob, hub } = scene({ transport: 'tcp', bob: { manner: { kind: 'answers', afterMs: 500 } } });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  alice.plan(5_000, { kind: 'hangup' });
  world.run();
  expect(bob.heard).toEqual(['registered 200', 'called by 1000', 'ended normal remote']);
  expect(hub.stack.counters.retransmissions).toBe(0);
});

test('a phone behind NAT is reached where it was seen, and followed when its NAT gives it another port', () => {
  const { world, alice, bob } = scene({ bob: { manner: { kind: 'answers', afterMs: 500 } }, bobHost: '192.168.1.20' });
  const [inside] = bob.addresses;
  const outside = { transport: 'udp', address: '203.0.113.5' } as const;
  world.translate(inside!, { ...outside, port: 30_001 });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  world.run(5_000);
  world.translate(inside!, { ...outside, port: 30_002 });
  bob.plan(6_000, { kind: 'hold' });
  alice.plan(8_000, { kind: 'hangup' });
  world.run();
  expect(bob.heard).toEqual(['registered 200', 'called by 1000', 'reanswered 200', 'ended normal remote']);
  expect(world.unroutable).toBe(0);
});

test('any loss, duplication and reordering: legs end exactly once, and nothing stays behind', () => {
  const seeds = Number(process.env['TANDEM_SEEDS'] ?? 60);
  for (let seed = 1; seed <= seeds; seed++) {
    const random = seeded(seed * 7919);
    const link = {
      delayMs: 20,
      jitterMs: random.next() * 600,
      loss: random.next() * 0.2,
      duplication: random.next() * 0.2,
    };
    const answers = random.next() < 0.7;
    const { world, alice, bob, hub } = scene({
      seed,
      link,
      bob: answers ? { manner: { kind: 'answers', afterMs: random.next() * 4_000 } } : { manner: { kind: 'is busy' } },
    });
    const hangupAt = 41_000 + random.next() * 8_000;
    alice.plan(40_000, { kind: 'call', to: '1001' });
    for (const step of [1, 2]) {
      if (random.next() < 0.5) alice.plan(42_000 + step * 1_500, { kind: 'hold' });
      if (random.next() < 0.5) bob.plan(42_000 + step * 1_500 + random.next() * 500, { kind: 'hold' });
    }
    alice.plan(hangupAt, { kind: 'hangup' });
    if (random.next() < 0.5) bob.plan(hangupAt + (random.next() - 0.5) * 1_000, { kind: 'hangup' });
    alice.plan(120_000, { kind: 'hangup' });
    bob.plan(120_000, { kind: 'hangup' });
    world.run();
    const where = `seed ${seed}\n${world.ladder(COLUMNS)}`;
    const legs = new Set(hub.events.flatMap((event) => ('leg' in event ? [event.leg] : [])));
    expect(legsEnded(hub).sort(), where).toEqual([...legs].sort());
    for (const { layer, sessions } of [alice, bob]) {
      expect([sessions.legCount, layer.timersArmed, sessions.timersArmed], where).toEqual([0, 0, 0]);
      expect(layer.live, where).toEqual({ inviteClient: 0, nonInviteClient: 0, inviteServer: 0, nonInviteServer: 0 });
    }
    expect(hub.stack.counters, where).toMatchObject({
      inviteClientTransactions: 0,
      nonInviteClientTransactions: 0,
      inviteServerTransactions: 0,
      nonInviteServerTransactions: 0,
      dialogs: 0,
      legs: 0,
      timersArmed: 0,
      parseFailures: 0,
    });
  }
});
