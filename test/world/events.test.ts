import { describe, expect, test } from 'vitest';
import { Scene } from '../sim/scene.ts';
import type { Watcher } from '../sim/watcher.ts';
import { expectLadder } from './golden.ts';

const LOSSY = { delayMs: 20, jitterMs: 30, loss: 0.2, duplication: 0.1 };
const SEEDS = Number(process.env['TANDEM_SEEDS'] ?? 50);

/** Alice calls Bob at 1 s and hangs up at 8 s; Carol's lamp shows Bob. */
function watched(event: string, scene = new Scene()): { scene: Scene; carol: Watcher } {
  const alice = scene.phone('alice', '1000');
  scene.phone('bob', '1001', { manner: { kind: 'answers', afterMs: 2_000 } });
  const carol = scene.watcher('carol', '1002', event, '1001');
  carol.plan(500, { kind: 'subscribe', expiresS: 600 });
  alice.plan(1_000, { kind: 'call', to: '1001' });
  alice.plan(8_000, { kind: 'hangup' });
  return { scene, carol };
}

describe('RFC 4235: a busy lamp', () => {
  test('shows a phone ring, talk and rest', () => {
    const { scene, carol } = watched('dialog');
    scene.run(20_000);
    expect(carol.told).toEqual([
      'subscribed 200',
      'active',
      'active trying',
      'active early',
      'active confirmed',
      'active terminated',
    ]);
    expect(carol.documents.map((text) => /version="(\d+)"/.exec(text)?.[1])).toEqual(['0', '1', '2', '3', '4']);
    expect(carol.documents[2]).toContain('direction="recipient"');
    expect(carol.documents[2]).toContain('<remote><identity display="alice">sip:1000@192.0.2.1</identity>');
    expectLadder(scene, 'busy-lamp');
  });

  test('that begins to watch during a call is shown the call at once', () => {
    const { scene, carol } = watched('dialog');
    const late = scene.watcher('dave', '1000', 'dialog', '1001');
    late.plan(5_000, { kind: 'subscribe', expiresS: 600 });
    scene.run(20_000);
    expect(late.told).toEqual(['subscribed 200', 'active confirmed', 'active terminated']);
    expect(carol.told.at(-1)).toBe('active terminated');
  });

  test('shows who the phone calls, from the side of the caller', () => {
    const { scene } = watched('dialog');
    const lamp = scene.watcher('dave', '1002', 'dialog', '1000');
    lamp.plan(500, { kind: 'subscribe', expiresS: 600 });
    scene.run(20_000);
    expect(lamp.told).toEqual([
      'subscribed 200',
      'active',
      'active trying',
      'active early',
      'active confirmed',
      'active terminated',
    ]);
    expect(lamp.documents[2]).toContain('direction="initiator"');
    expect(lamp.documents[2]).toContain('<remote><identity>sip:1001@192.0.2.1</identity>');
  });
});

describe('RFC 6665: a subscription', () => {
  test('§4.2.1.4: that is refreshed lasts, and is told the present state once more', () => {
    const { scene, carol } = watched('dialog');
    carol.plan(300_000, { kind: 'subscribe', expiresS: 600 });
    scene.run(700_000);
    expect(carol.told.slice(-2)).toEqual(['subscribed 200', 'active terminated']);
    expect(scene.tandem.node.stack.counters.subscriptions).toBe(1);
  });

  test('§4.2.2: that nobody refreshes ends, and says so', () => {
    const { scene, carol } = watched('dialog');
    scene.run(700_000);
    expect(carol.told.at(-1)).toBe('terminated terminated');
    expect(scene.tandem.node.stack.counters).toMatchObject({ subscriptions: 0, timersArmed: 0 });
    expectLadder(scene, 'busy-lamp-expires');
  });

  test('§4.1.2.3: ends when the watcher leaves', () => {
    const { scene, carol } = watched('dialog');
    carol.plan(10_000, { kind: 'subscribe', expiresS: 0 });
    scene.run(60_000);
    expect(carol.told.slice(-2)).toEqual(['subscribed 200', 'terminated terminated']);
    expect(scene.tandem.node.stack.counters.subscriptions).toBe(0);
  });

  test('§4.2.2: ends when the watcher is gone without a word', () => {
    const { scene, carol } = watched('dialog');
    carol.plan(700, { kind: 'unplug' });
    scene.run(60_000);
    expect(scene.tandem.node.stack.counters).toMatchObject({ subscriptions: 0, timersArmed: 0 });
  });

  test(`shows the end of the call over a bad network, whatever is lost (${SEEDS} seeds)`, () => {
    let shownCount = 0;
    const unended: number[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { scene, carol } = watched('dialog', new Scene({ seed, link: LOSSY }));
      scene.run(900_000);
      const shown = carol.told.filter((words) => words.startsWith('active'));
      // One that subscribes late has nothing to see.
      if (shown.some((words) => /^active (trying|early|confirmed)/.test(words))) {
        shownCount++;
        if (shown.at(-1) !== 'active terminated') unended.push(seed);
      }
      expect(scene.tandem.node.stack.counters, `seed ${seed}`).toMatchObject({ subscriptions: 0, timersArmed: 0 });
    }
    expect(shownCount).toBeGreaterThan(SEEDS / 2);
    // Eleven NOTIFYs in a row, or their answers, may be lost: then the subscription is over (RFC 6665 §4.2.2). That is rare.
    expect(unended.length, `seeds ${unended}`).toBeLessThanOrEqual(SEEDS / 1_000);
  });
});

describe('RFC 3856: presence', () => {
  test('is closed until a phone registers, open when it has, and says when somebody talks', () => {
    const scene = new Scene();
    const alice = scene.phone('alice', '1000');
    const bob = scene.stranger('bob', '1001', { manner: { kind: 'answers', afterMs: 1_000 } });
    const carol = scene.watcher('carol', '1002', 'presence', '1001');
    carol.plan(0, { kind: 'subscribe', expiresS: 600 });
    bob.plan(1_000, { kind: 'register', expiresS: 3600 });
    alice.plan(2_000, { kind: 'call', to: '1001' });
    alice.plan(5_000, { kind: 'hangup' });
    bob.plan(8_000, { kind: 'register', expiresS: 0 });
    scene.run(20_000);
    const shown = carol.documents.map(
      (text) => `${/<basic>(\w+)/.exec(text)?.[1]} ${/<note>([\w ]+)/.exec(text)?.[1]}`,
    );
    expect([...new Set(shown)]).toEqual(['closed Not registered', 'open Available', 'open On the phone']);
    expect(shown.at(-1)).toBe('closed Not registered');
  });
});
