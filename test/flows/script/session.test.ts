import { describe, expect, test } from 'vitest';
import { HISTORY_FRAMES_MAX } from '../../../flows/script/history.ts';
import { action, CALL, FlowStage, id, play } from '../stage.ts';

const URL = 'ws://program.example/drive';

/** A call whose flow has connected to a program. */
function connected(after: unknown[] = []) {
  const stage = new FlowStage({ status: 'progressing' });
  const flow = stage.start([action('script', { url: URL }), ...after]);
  const session = stage.opened[0]!.session;
  stage.script({ kind: 'opened', session });
  const frames = stage.framesOf(session);
  /** Frames since the last look. */
  let seen = 0;
  const news = () => {
    const from = seen;
    seen = frames.length;
    return frames.slice(from);
  };
  news();
  return { stage, flow, session, frames, news };
}

function actionFrame(n: number, actionId: string, state: string, result: unknown = null) {
  return { n, type: 'action', id: actionId, state, result };
}

describe('a program that a flow calls', () => {
  test('is told first what the session is', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('script', { url: URL })], { suppliedVariables: { a: 'b' } });
    const { session, url } = stage.opened[0]!;
    expect(url).toBe(URL);
    expect(stage.framesOf(session)).toEqual([]);
    stage.script({ kind: 'opened', session });
    expect(stage.framesOf(session)).toMatchObject([
      {
        n: 1,
        type: 'session',
        session_id: session,
        call: { id: CALL },
        variables: { a: 'b', 'voipbin.call.id': CALL },
      },
    ]);
  });

  test('has its actions run one after the other, and is told of each', () => {
    const { stage, session, news } = connected();
    const actions = [play('a', { id: id(1) }), action('digits_receive', { duration: 5000, length: 2 }, { id: id(2) })];
    stage.say(session, { id: 'x', type: 'actions', mode: 'append', actions });
    expect(news()).toEqual([{ type: 'accepted', id: 'x' }, actionFrame(2, id(1), 'started')]);
    stage.advance(1000);
    expect(news()).toMatchObject([
      { n: 3, type: 'event', event: 'call_played', data: { outcome: 'finished' } },
      actionFrame(4, id(1), 'finished', { outcome: 'finished' }),
      actionFrame(5, id(2), 'started'),
    ]);
    stage.press('12');
    expect(news()).toMatchObject([
      { n: 6, type: 'event', event: 'dtmf_received', data: { call_id: CALL, digit: '1', duration: 100 } },
      { n: 7, event: 'dtmf_received' },
      actionFrame(8, id(2), 'finished', { digits: '12' }),
    ]);
    expect(stage.completed).toEqual([]);
  });

  test('adds to what waits, replaces it, or breaks off what runs', () => {
    const { stage, session, news } = connected();
    stage.say(session, { id: '1', type: 'actions', mode: 'append', actions: [play('a'), play('b')] });
    stage.say(session, { id: '2', type: 'actions', mode: 'append', actions: [play('c')] });
    stage.say(session, { id: '3', type: 'actions', mode: 'replace', actions: [play('d'), play('e')] });
    stage.advance(1000);
    expect(stage.heard).toEqual(['a', 'd']);
    news();
    stage.say(session, { id: '4', type: 'actions', mode: 'now', actions: [play('f')] });
    expect(stage.heard).toEqual(['a', 'd', 'stopPlaying', 'f']);
    expect(news()).toMatchObject([
      { type: 'accepted', id: '4' },
      { state: 'finished', result: { is_broken_off: true } },
      { state: 'started' },
    ]);
    stage.advance(60_000);
    expect(stage.heard).toEqual(['a', 'd', 'stopPlaying', 'f']);
  });

  test('learns which action failed and why, and goes on', () => {
    const stage = new FlowStage({ status: 'progressing', broken: ['a'] });
    stage.start([action('script', { url: URL })]);
    const { session } = stage.opened[0]!;
    stage.script({ kind: 'opened', session });
    const actions = [
      play('a', { id: id(1) }),
      action('fetch_flow', { flow_id: id(9) }, { id: id(2) }),
      action('script', { url: URL }, { id: id(3) }),
      play('b', { id: id(4) }),
    ];
    stage.say(session, { id: 'x', type: 'actions', mode: 'append', actions });
    stage.advance(0);
    expect(stage.framesOf(session).filter(({ state }) => state === 'failed')).toMatchObject([
      { id: id(1), result: { detail: 'no file' } },
      { id: id(2), result: { detail: `no flow ${id(9)}` } },
      { id: id(3), result: { detail: 'a program drives this call already' } },
    ]);
    expect(stage.heard).toEqual(['a', 'b']);
  });

  test.each([
    ['no JSON', '{', '', 'INVALID_JSON_BODY', ''],
    ['an array', [], '', 'INVALID_JSON_BODY', ''],
    ['an unknown type', { id: 'x', type: 'dance' }, 'x', 'INVALID_ARGUMENT', 'type'],
    ['an unknown mode', { id: 'x', type: 'actions', mode: 'soon', actions: [] }, 'x', 'INVALID_ARGUMENT', 'mode'],
    ['no actions', { id: 'x', type: 'actions' }, 'x', 'INVALID_TYPE', 'actions'],
    [
      'an unknown action',
      { id: 'x', type: 'actions', actions: [action('dance')] },
      'x',
      'INVALID_ACTION_TYPE',
      'actions[0].type',
    ],
    [
      'a wrong option',
      { id: 'x', type: 'actions', actions: [action('sleep', { duration: 'a' })] },
      'x',
      'INVALID_OPTION',
      'actions[0].option.duration',
    ],
    ['an unknown command', { id: 'x', type: 'command', command: 'dance' }, 'x', 'INVALID_ARGUMENT', 'command'],
    [
      'a command with a wrong option',
      { id: 'x', type: 'command', command: 'hangup', option: { reason: 'bored' } },
      'x',
      'INVALID_OPTION',
      'option.reason',
    ],
    [
      'too many actions',
      { id: 'x', type: 'actions', actions: Array.from({ length: 1001 }, () => action('empty')) },
      'x',
      'TOO_MANY_ACTIONS',
      'actions',
    ],
    ['a frame that is too long', `"${'x'.repeat(300_000)}"`, '', 'INVALID_ARGUMENT', ''],
  ])('that sends %s is refused, and nothing changes', (_, frame, frameId, code, field) => {
    const { stage, session, news } = connected();
    stage.say(session, frame);
    expect(news()).toMatchObject([{ type: 'refused', id: frameId, code, field, expected: expect.any(String) }]);
    expect(stage.demands).toEqual([]);
    expect(stage.runner.runningCount).toBe(1);
  });

  test('hangs up by command, and is told of the end', () => {
    const { stage, session, news } = connected();
    stage.say(session, { id: 'x', type: 'command', command: 'hangup', option: { reason: 'busy' } });
    expect(stage.demands).toEqual([{ kind: 'hangup', cause: 'busy', like: null }]);
    expect(news()).toMatchObject([
      { type: 'accepted', id: 'x' },
      { n: 2, type: 'event', event: 'call_hangup', data: { status: 'hangup' } },
      { n: 3, type: 'ended', reason: 'call_ended' },
    ]);
    expect(stage.closed).toEqual([{ session, reason: 'call_ended' }]);
  });

  test('skips, sets variables and records by command', () => {
    const { stage, flow, session } = connected();
    stage.say(session, { id: '1', type: 'actions', actions: [play('a'), play('b')] });
    stage.say(session, { id: '2', type: 'command', command: 'skip' });
    stage.say(session, { id: '3', type: 'command', command: 'variable_set', option: { key: 'k', value: 'v' } });
    stage.say(session, { id: '4', type: 'command', command: 'recording_start', option: { duration: 5 } });
    expect(stage.heard).toEqual(['a', 'stopPlaying', 'b', 'startRecording']);
    expect(stage.demands.at(-1)).toMatchObject({ limits: { durationMs: 5000 } });
    expect(stage.variables(flow)['k']).toBe('v');
  });

  test('that is done hands the call back to its flow', () => {
    const { stage, session, news } = connected([play('after')]);
    stage.say(session, { id: '1', type: 'actions', actions: [play('a')] });
    stage.say(session, { id: '2', type: 'command', command: 'end' });
    expect(stage.heard).toEqual(['a', 'stopPlaying', 'after']);
    expect(news().at(-1)).toMatchObject({ type: 'ended', reason: 'ended_by_program' });
  });

  test('cannot be reached: the next action follows', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('script', { url: URL }), play('after')]);
    stage.script({ kind: 'closed', session: stage.opened[0]!.session, detail: 'refused' });
    expect(stage.heard).toEqual(['after']);
  });

  test('that never opens is not waited for', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow = stage.start([action('script', { url: URL })]);
    stage.advance(15_000);
    expect(stage.completed).toEqual([flow]);
    expect(stage.closed).toHaveLength(1);
  });

  test('has no more than a thousand actions waiting', () => {
    const { stage, session, news } = connected();
    const actions = [action('sleep', { duration: 1000 }), ...Array.from({ length: 600 }, () => action('empty'))];
    stage.say(session, { id: '1', type: 'actions', actions });
    stage.say(session, { id: '2', type: 'actions', actions });
    expect(news().at(-1)).toMatchObject({ type: 'refused', id: '2', expected: 'at most 400 more actions' });
  });

  test('can jump back to what it has sent before', () => {
    const { stage, session } = connected();
    stage.say(session, { id: '1', type: 'actions', actions: [play('a', { id: id(1) })] });
    stage.advance(1000);
    const again = action('goto', { target_id: id(1), loop_count: 1 });
    stage.say(session, { id: '2', type: 'actions', actions: [again, play('b')] });
    stage.advance(5000);
    expect(stage.heard).toEqual(['a', 'a', 'b']);
  });

  test('jumps to the latest of the actions to which it gave the same id', () => {
    const { stage, session } = connected();
    stage.say(session, { id: '1', type: 'actions', actions: [play('a', { id: id(1) })] });
    const again = action('goto', { target_id: id(1), loop_count: 1 });
    stage.say(session, { id: '2', type: 'actions', actions: [play('b', { id: id(1) }), again] });
    stage.advance(5000);
    expect(stage.heard).toEqual(['a', 'b', 'b']);
  });

  test('that says now is not held up by what the broken off action names as its next', () => {
    const { stage, session } = connected();
    const actions = [play('a', { id: id(1) }), play('b', { id: id(2), next_id: id(1) })];
    stage.say(session, { id: '1', type: 'actions', actions });
    stage.advance(1000);
    stage.say(session, { id: '2', type: 'actions', mode: 'now', actions: [play('c')] });
    expect(stage.heard).toEqual(['a', 'b', 'stopPlaying', 'c']);
  });

  test('hears nothing of the end of an earlier play as the end of a later one', () => {
    const { stage, session } = connected();
    stage.say(session, { id: '1', type: 'actions', actions: [play('a')] });
    stage.say(session, { id: '2', type: 'actions', mode: 'now', actions: [play('b'), play('c')] });
    stage.tell({ kind: 'played', token: 1, outcome: 'finished', detail: '' });
    expect(stage.heard).toEqual(['a', 'stopPlaying', 'b']);
  });

  test('takes the answer to a request that was broken off for nothing', () => {
    const { stage, session } = connected();
    const hook = action('webhook_send', { uri: 'https://example.com', sync: true });
    stage.say(session, { id: '1', type: 'actions', actions: [hook] });
    stage.say(session, { id: '2', type: 'actions', mode: 'now', actions: [hook, play('after')] });
    const { number } = stage.requests[0]!;
    stage.runner.receive({ kind: 'failed', owner: 'flows', number, detail: 'late' }, stage.now);
    stage.settle();
    expect(stage.heard).toEqual([]);
    stage.reply(200, '');
    expect(stage.heard).toEqual(['after']);
  });

  test('may lead back into the flow, which it leaves by that', () => {
    const { stage, session, news } = connected([play('skipped'), play('there', { id: id(1) })]);
    const there = action('goto', { target_id: id(1), loop_count: 1 });
    stage.say(session, { id: '1', type: 'actions', actions: [there, play('never')] });
    expect(stage.heard).toEqual(['there']);
    expect(news().at(-1)).toMatchObject({ type: 'ended', reason: 'left' });
    expect(stage.closed).toEqual([{ session, reason: 'left' }]);
  });
});

describe('a program whose socket breaks', () => {
  test('is called again, sees its session, and gets what it missed', () => {
    const { stage, session, news } = connected();
    stage.say(session, { id: '1', type: 'actions', actions: [play('a', { id: id(1) })] });
    news();
    stage.script({ kind: 'closed', session, detail: 'reset' });
    stage.press('5');
    stage.advance(1000);
    expect(news()).toEqual([]);
    expect(stage.opened).toHaveLength(2);
    stage.script({ kind: 'opened', session });
    expect(news()).toMatchObject([{ n: 1, type: 'session' }]);
    stage.say(session, { type: 'resume', session_id: session, after: 2 });
    expect(news().map(({ n }) => n)).toEqual([3, 4, 5]);
    stage.press('6');
    expect(news()).toMatchObject([{ n: 6, event: 'dtmf_received' }]);
  });

  test('and that does not resume has everything told again', () => {
    const { stage, session, news } = connected();
    stage.press('5');
    stage.script({ kind: 'closed', session, detail: 'reset' });
    stage.script({ kind: 'opened', session });
    news();
    stage.say(session, { id: 'x', type: 'actions', actions: [] });
    expect(news()).toMatchObject([
      { n: 2, event: 'dtmf_received' },
      { type: 'accepted', id: 'x' },
    ]);
  });

  test('is called again with longer and longer pauses, and given up after a minute', () => {
    const { stage, session } = connected([play('after')]);
    stage.script({ kind: 'closed', session, detail: 'reset' });
    for (let second = 0; second < 59; second++) {
      const before = stage.opened.length;
      stage.advance(1000);
      if (stage.opened.length > before) stage.script({ kind: 'closed', session, detail: 'refused' });
    }
    expect(stage.opened.length).toBe(1 + 9);
    expect(stage.heard).toEqual([]);
    stage.advance(1000);
    expect(stage.heard).toEqual(['after']);
  });

  test('cannot go back further than what is kept', () => {
    const { stage, session, news } = connected();
    stage.script({ kind: 'closed', session, detail: 'reset' });
    for (let press = 0; press < HISTORY_FRAMES_MAX; press++) stage.press('1');
    stage.script({ kind: 'opened', session });
    news();
    stage.say(session, { type: 'resume', session_id: session, after: 0 });
    expect(news()).toMatchObject([{ type: 'refused', field: 'after', expected: 'a number from 1 to 1001' }]);
    stage.say(session, { type: 'resume', session_id: session, after: 1 });
    expect(news().map(({ n }) => n)).toEqual(Array.from({ length: HISTORY_FRAMES_MAX }, (_, index) => index + 2));
  });
});
