import { describe, expect, test } from 'vitest';
import type { TransportAddress } from '../../core/ports.ts';
import { RecordRouter } from '../sim/record-router.ts';
import { Scene, SERVER } from '../sim/scene.ts';

const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 50);
type Routing = 'loose' | 'strict';
const CHAINS: readonly (readonly Routing[])[] = [
  [],
  ['loose'],
  ['loose', 'loose'],
  ['loose', 'loose', 'loose'],
  ['strict'],
  ['loose', 'strict'],
  ['strict', 'loose', 'strict'],
];

/** Alice behind proxies, the first of them nearest to her, and Bob at the switch; each calls the other. */
function behind(routings: readonly Routing[], options: ConstructorParameters<typeof Scene>[0] = {}) {
  const scene = new Scene(options);
  const addresses = routings.map(
    (_, index): TransportAddress => ({ transport: 'udp', address: `192.0.2.${200 + index}`, port: 5070 }),
  );
  const routers = routings.map((routing, index) => {
    const next = addresses[index + 1] ?? SERVER;
    return new RecordRouter({ name: `proxy${index + 1}`, address: addresses[index]!, next, home: SERVER, routing });
  });
  for (const router of routers) scene.world.add(router);
  const manner = { kind: 'answers', afterMs: 1_000 } as const;
  const alice = scene.phone('alice', '1000', { manner, ...(addresses[0] && { proxy: addresses[0] }) });
  const bob = scene.phone('bob', '1001', { manner });
  return { scene, routers, alice, bob };
}

describe.each(CHAINS.map((chain) => ({ chain })))('RFC 3261 §16.12: a phone behind proxies ($chain)', ({ chain }) => {
  test('calls, holds, resumes and hangs up, all through each of them', () => {
    const { scene, routers, alice, bob } = behind(chain);
    alice.plan(1_000, { kind: 'call', to: '1001' });
    alice.plan(4_000, { kind: 'hold' });
    alice.plan(6_000, { kind: 'resume' });
    alice.plan(8_000, { kind: 'hangup' });
    scene.run(60_000);
    expect(alice.heard.slice(1)).toEqual([
      'ringing 180',
      'answered',
      'reanswered 200',
      'reanswered 200',
      'ended normal local',
    ]);
    expect(bob.heard.at(-1)).toBe('ended normal remote');
    // Two REGISTERs; INVITE twice and its two ACKs; two re-INVITEs with ACK; BYE.
    expect(routers.map(({ passed }) => passed)).toEqual(routers.map(() => 11));
  });

  test('is called by its Path, and hung up on', () => {
    const { scene, routers, alice, bob } = behind(chain);
    bob.plan(1_000, { kind: 'call', to: '1000' });
    bob.plan(5_000, { kind: 'hangup' });
    scene.run(60_000);
    expect(bob.heard.slice(1)).toEqual(['ringing 180', 'answered', 'ended normal local']);
    expect(alice.heard.slice(1)).toEqual(['called by 1001', 'ended normal remote']);
    // Two REGISTERs; INVITE, ACK and BYE.
    expect(routers.map(({ passed }) => passed)).toEqual(routers.map(() => 5));
  });
});

test(`calls through three proxies end on both sides over a bad network (${SEEDS} seeds)`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const link = { delayMs: 5, jitterMs: 10, loss: 0.1, duplication: 0.05 };
    const { scene, alice, bob } = behind(['loose', 'loose', 'loose'], { seed, link });
    alice.plan(35_000, { kind: 'call', to: '1001' });
    bob.plan(40_000, { kind: 'hangup' });
    scene.run(400_000);
    expect([alice.isIdle, bob.isIdle], `seed ${seed}`).toEqual([true, true]);
    expect(scene.tandem.node.stack.counters, `seed ${seed}`).toMatchObject({ legs: 0, dialogs: 0, timersArmed: 0 });
  }
});
