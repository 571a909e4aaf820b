import { expect, test } from 'vitest';
import type { ScriptSessionId } from '../../../core/kernel/ids.ts';
import { type Random, seeded } from '../../../core/kernel/random.ts';
import { action, CALL, FlowStage, type Frame, id, play } from '../stage.ts';

const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random.next() * items.length)]!;
}

/** Frames of a program that knows the protocol a little, and sometimes nothing of it. */
function randomFrame(random: Random, session: ScriptSessionId): unknown {
  const some = () =>
    Array.from({ length: Math.floor(random.next() * 3) }, () =>
      pick(random, [
        () => play(pick(random, ['a', 'broken'])),
        () => action('sleep', { duration: 30 }),
        () => action('goto', { target_id: id(1), loop_count: 2 }, { id: id(1) }),
        () => action('fetch_flow', { flow_id: pick(random, ['f0000000-0000-4000-8000-000000000001', id(5)]) }),
        () => action('digits_receive', { length: 1, duration: 40 }),
        () => action('script', { url: 'ws://elsewhere' }),
        () => action('stop'),
        () => action('dance'),
      ])(),
    );
  const command = pick(random, ['skip', 'skip', 'variable_set', 'recording_stop', 'end', 'dance']);
  return pick<() => unknown>(random, [
    () => ({ id: 'a', type: 'actions', mode: pick(random, ['append', 'replace', 'now', 'soon']), actions: some() }),
    () => ({ id: 'a', type: 'actions', mode: pick(random, ['append', 'now']), actions: some() }),
    () => ({ id: 'c', type: 'command', command, option: { key: 'k', value: 'v' } }),
    () => ({ type: 'resume', session_id: session, after: Math.floor(random.next() * 12) - 1 }),
    () => pick(random, ['', '{', 'null', '[]', '{"type":"actions"}', '{"type":{}}', '5']),
  ])();
}

/** Numbered frames that a program has seen, in the order of their numbers. */
function numbered(frames: readonly Frame[]): number[] {
  const numbers = new Set(frames.flatMap(({ n }) => (typeof n === 'number' ? [n] : [])));
  return [...numbers].sort((a, b) => a - b);
}

test('whatever programs send and sockets do, frames have no holes and every session ends', () => {
  for (const seed of SEEDS) {
    const random = seeded(seed);
    const stage = new FlowStage({ status: 'progressing', playMs: 30, broken: ['broken'] });
    stage.addFlow(1, [play('x'), action('empty')]);
    stage.start([action('script', { url: 'ws://program' }), play('after')]);
    const session = stage.opened[0]!.session;
    stage.script({ kind: 'opened', session });
    let isConnected = true;
    for (let step = 0; step < 60; step++) {
      const openings = stage.opened.length;
      if (isConnected && random.next() < 0.6) stage.say(session, randomFrame(random, session));
      else if (random.next() < 0.3) stage.press('1');
      else stage.advance(pick(random, [5, 20, 60]));
      if (isConnected && random.next() < 0.1) {
        stage.script({ kind: 'closed', session, detail: 'reset' });
        isConnected = false;
      }
      if (!isConnected) stage.advance(1000);
      if (stage.opened.length > openings) {
        isConnected = true;
        stage.script({ kind: 'opened', session });
        stage.say(session, { type: 'resume', session_id: session, after: numbered(stage.framesOf(session)).at(-1) });
      }
    }
    if (stage.call !== undefined) stage.end();
    expect(stage.runner.runningCount, `seed ${seed}`).toBe(0);
    expect(stage.runner.deadline(), `seed ${seed}`).toBe(Number.POSITIVE_INFINITY);
    const numbers = numbered(stage.framesOf(session));
    expect(numbers, `seed ${seed}`).toEqual(numbers.map((_, index) => index + 1));
    if (isConnected) {
      const told = stage.framesOf(session).filter(({ type }) => type === 'ended');
      expect(told.length, `seed ${seed}`).toBeGreaterThan(0);
    }
    expect(stage.framesOf(session).filter(({ n }) => n === 1)[0], `seed ${seed}`).toMatchObject({ call: { id: CALL } });
  }
});
