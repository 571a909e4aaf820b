import { expect, test } from 'vitest';
import { type Random, seeded } from '../../core/kernel/random.ts';
import type { Phone } from '../sim/phone.ts';
import { Scene } from '../sim/scene.ts';
import { Watcher } from '../sim/watcher.ts';
import { expectLegalJournal, expectNothingLeft, explained } from './invariants.ts';

const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 50);
const HOUR_MS = 3_600_000;

/** Who can be connected to, who only connects, and who is somewhere else each time. */
const WAYS = [
  { transport: 'tcp' },
  { transport: 'tcp', ownHost: '192.168.1.9', contactUser: '' },
  { transport: 'ws', ownHost: 'x7q2.invalid', contactUser: '' },
  { transport: 'ws', ownHost: 'k0z9.invalid' },
  { transport: 'udp' },
] as const;

const MANNERS = [
  { kind: 'answers', afterMs: 1_500 },
  { kind: 'answers', afterMs: 2_000, early: 'speaks' },
  { kind: 'rings' },
  { kind: 'is busy' },
] as const;

function oneOf<Thing>(random: Random, things: readonly Thing[]): Thing {
  return things[Math.floor(random.next() * things.length)]!;
}

/** Alice calls Bob, whom a lamp in a browser watches. Connections break at any moment, and come back or do not. */
function scene(seed: number): { readonly scene: Scene; readonly breaks: readonly (() => void)[] } {
  const random = seeded(seed);
  const made = new Scene({ seed });
  const headers: Readonly<Record<string, string>> = oneOf(random, [
    {},
    { Require: '100rel' },
    { 'Session-Expires': '90' },
  ]);
  const alice = made.phone('alice', '1000', { ...oneOf(random, WAYS), headers });
  const bob = made.phone('bob', '1001', { ...oneOf(random, WAYS), manner: oneOf(random, MANNERS) });
  const lamp = made.watcher('lamp', '1002', 'dialog', '1001', { ownHost: 'l4mp.invalid' });
  lamp.plan(500, { kind: 'subscribe', expiresS: 600 });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  for (const phone of [alice, bob]) {
    const at = 3_000 + random.next() * 8_000;
    if (random.next() < 0.6) phone.plan(at, { kind: 'hold' });
    else phone.plan(at, { kind: 'move', to: '192.0.2.77' });
    if (random.next() < 0.5) phone.plan(4_000 + random.next() * 12_000, { kind: 'hangup' });
  }
  const moments = Array.from({ length: 3 }, () => 900 + random.next() * 9_000).sort((a, b) => a - b);
  const breaks = moments.map((at, index) => () => {
    made.run(at);
    const party = oneOf<Phone | Watcher>(random, [alice, bob, bob, lamp]);
    const inside = party.addresses[0]!;
    if (inside.transport === 'udp') return;
    made.world.cut(inside);
    if (random.next() < 0.3) return;
    made.world.translate(inside, { ...inside, port: 50_001 + index });
    if (party instanceof Watcher) party.plan(at + 500, { kind: 'subscribe', expiresS: 600 });
    else party.plan(at + random.next() * 3_000, { kind: 'register', expiresS: 3600 });
  });
  return { scene: made, breaks };
}

test(`connections that break at any moment leave no call, no subscription and no timer behind (${SEEDS} seeds)`, async () => {
  const causes = new Set<string | null>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { scene: broken, breaks } = scene(seed);
    await explained(seed, 'broken connections', broken, () => {
      for (const happens of breaks) happens();
      broken.run(3 * HOUR_MS);
      expectLegalJournal(broken);
      expectNothingLeft(broken);
      const { counters } = broken.tandem.node.stack;
      expect(counters).toMatchObject({ legs: 0, dialogs: 0, subscriptions: 0, timersArmed: 0 });
      for (const { body } of broken.tandem.events) if (body.type === 'call_hangup') causes.add(body.call.cause);
    });
  }
  // Some end as if nothing had happened, others by their connection or by silence.
  expect([...causes]).toEqual(expect.arrayContaining(['normal', 'network-failed', 'media-lost', 'unavailable']));
});
