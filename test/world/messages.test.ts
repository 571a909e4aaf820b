import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../core/event.ts';
import { Scene } from '../sim/scene.ts';
import { expectLadder } from './golden.ts';

const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 50);

/** `message_created queued` and the like, in order. */
function told(scene: Scene): string[] {
  const bodies: readonly EventBody[] = scene.tandem.events.map(({ body }) => body);
  return bodies.flatMap((body) => ('message' in body ? [`${body.type} ${body.message.status}`] : []));
}

describe('RFC 3428: a text of one phone to another', () => {
  test('§4, §7: is passed on to the phone, and taken when the phone takes it', () => {
    const scene = new Scene();
    const alice = scene.phone('alice', '1000');
    const bob = scene.phone('bob', '1001');
    alice.plan(1_000, { kind: 'write', to: '1001', text: 'Grüße' });
    scene.run(40_000);
    expect(bob.heard.at(-1)).toBe('text of 1000: Grüße');
    expect(alice.heard.at(-1)).toBe('written 200');
    expect(told(scene)).toEqual(['message_created queued', 'message_updated delivered']);
    expectLadder(scene, 'message');
  });

  test('to a phone that is not registered gets 480, and to nobody 404', () => {
    const scene = new Scene();
    const alice = scene.phone('alice', '1000');
    alice.plan(1_000, { kind: 'write', to: '1001', text: 'a' });
    alice.plan(2_000, { kind: 'write', to: '7777', text: 'b' });
    scene.run(40_000);
    expect(alice.heard.slice(-2)).toEqual(['written 480', 'written 404']);
    expect(told(scene)).toEqual([]);
  });

  test('to a phone that is gone without a word gets 480 before the sender gives up', () => {
    const scene = new Scene();
    const alice = scene.phone('alice', '1000');
    const bob = scene.phone('bob', '1001');
    bob.plan(500, { kind: 'unplug' });
    alice.plan(1_000, { kind: 'write', to: '1001', text: 'a' });
    scene.run(60_000);
    expect(alice.heard.at(-1)).toBe('written 480');
    expect(told(scene)).toEqual(['message_created queued', 'message_updated failed']);
  });

  test(`over a bad network is told to the phone once, and to the sender what became of it (${SEEDS} seeds)`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const scene = new Scene({ seed, link: { delayMs: 20, jitterMs: 30, loss: 0.2, duplication: 0.1 } });
      const alice = scene.phone('alice', '1000');
      const bob = scene.phone('bob', '1001');
      alice.plan(35_000, { kind: 'write', to: '1001', text: 'a' });
      scene.run(200_000);
      const taken = bob.heard.filter((words) => words === 'text of 1000: a');
      expect(taken.length, `seed ${seed}`).toBeLessThanOrEqual(1);
      if (alice.heard.at(-1) === 'written 200') expect(taken.length, `seed ${seed}`).toBe(1);
      expect(told(scene).length === 2 || told(scene).length === 0, `seed ${seed}`).toBe(true);
      expect(scene.tandem.node.stack.counters, `seed ${seed}`).toMatchObject({ timersArmed: 0 });
    }
  });
});
