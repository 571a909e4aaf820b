import { expect, test } from 'vitest';
import { type Random, seeded } from '../../core/kernel/random.ts';
import { action, FlowStage, id, variable } from './stage.ts';

const SEEDS = Array.from({ length: 300 }, (_, index) => index + 1);

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random.next() * items.length)]!;
}

/** Actions that lead anywhere, in every way in which actions can. */
function randomActions(random: Random, count: number): object[] {
  const target = () => id(Math.floor(random.next() * count));
  const make: (() => object)[] = [
    () => action('empty'),
    () => action('goto', { target_id: target(), loop_count: Math.floor(random.next() * 5) }),
    () => action('branch', { variable: 'v', target_ids: { a: target() }, default_target_id: target() }),
    () => action('variable_set', { key: 'v', value: pick(random, ['a', '', `${variable('v')}${variable('v')}a`]) }),
    () =>
      action('condition_variable', { condition: '==', variable: 'a', value_string: 'a', false_target_id: target() }),
    () => action('sleep', { duration: Math.floor(random.next() * 50) }),
    () => action('play', { stream_urls: [pick(random, ['a', 'broken'])] }),
    () => action('digits_receive', { length: 1, duration: 20 }),
    () => action('fetch_flow', { flow_id: `f0000000-0000-4000-8000-00000000000${pick(random, [1, 2, 3])}` }),
    () => action('fetch', { event_url: 'https://example.com' }),
    () => action('conference_join', { conference_id: id(1) }),
    () => action('stop'),
    () => action('hangup'),
  ];
  return Array.from({ length: count }, (_, index) => {
    const made = pick(random, make)();
    const next = random.next() < 0.2 ? { next_id: target() } : {};
    return { ...made, ...next, id: id(index) };
  });
}

test('no flow runs away, and every one ends with its call', () => {
  for (const seed of SEEDS) {
    const random = seeded(seed);
    const stage = new FlowStage({ status: 'progressing', playMs: 30, broken: ['broken'] });
    for (const number of [1, 2]) stage.addFlow(number, randomActions(random, 4));
    stage.start(randomActions(random, 8));
    for (let step = 0; step < 30 && stage.runner.runningCount > 0; step++) {
      stage.advance(20);
      if (random.next() < 0.3) stage.press(pick(random, ['1', '#']));
      if (stage.requests.length > 0 && random.next() < 0.5) stage.reply(200, randomActions(random, 3));
    }
    if (stage.call !== undefined && stage.runner.runningCount > 0) stage.end();
    expect(stage.runner.runningCount, `seed ${seed}`).toBe(0);
    expect(stage.runner.deadline(), `seed ${seed}`).toBe(Number.POSITIVE_INFINITY);
    expect(stage.completed.length, `seed ${seed}`).toBeLessThanOrEqual(1);
    // Whatever happened, the store's last word is that it ended.
    const rows = stage.writes.flatMap(({ writes }) => writes);
    expect(rows.at(-1), `seed ${seed}`).toMatchObject({ kind: 'saveActiveflow', row: { status: 'ended' } });
  }
});
