import { describe, expect, test } from 'vitest';
import { address } from '../../core/calls/address.ts';
import { CONFERENCE_SETTINGS } from '../../core/directory/records.ts';
import type { ActiveflowRecord } from '../../core/flows/activeflow-record.ts';
import type { CallId, ConferenceId, FlowId } from '../../core/kernel/ids.ts';
import { NEVER } from '../../core/kernel/time.ts';
import { action, CUSTOMER, callRecord, EPOCH, FlowStage, id, OTHER_CUSTOMER, play, variable } from './stage.ts';

const CONFERENCE = 'b0000000-0000-4000-8000-000000000001' as ConferenceId;

function addConference(stage: FlowStage, preFlowId: FlowId | null, customerId = CUSTOMER): void {
  stage.conferences.set(CONFERENCE, {
    id: CONFERENCE,
    customerId,
    type: 'conference',
    status: 'progressing',
    name: '',
    detail: '',
    data: {},
    timeoutS: 0,
    settings: CONFERENCE_SETTINGS,
    preFlowId,
    postFlowId: null,
    directHash: '',
    endedAt: null,
    createdAt: EPOCH,
    updatedAt: null,
    deletedAt: null,
  });
}

describe('a flow on a call', () => {
  test('runs one action after the other and completes when the last is done', () => {
    const stage = new FlowStage();
    const flow = stage.start([action('answer'), play('a'), action('sleep', { duration: 500 }), play('b')]);
    expect(stage.heard).toEqual(['answer', 'a']);
    stage.advance(1000);
    expect(stage.heard).toEqual(['answer', 'a']);
    stage.advance(500);
    expect(stage.heard).toEqual(['answer', 'a', 'b']);
    expect(stage.completed).toEqual([]);
    stage.advance(1000);
    expect(stage.completed).toEqual([flow]);
    expect(stage.runner.runningCount).toBe(0);
    expect(stage.runner.deadline()).toBe(NEVER);
  });

  test('is one row and one event for each turn, and one more event for its beginning', () => {
    const stage = new FlowStage();
    stage.start([action('answer'), action('sleep', { duration: 500 }), action('hangup')]);
    const types = stage.events().map(({ type }) => type);
    expect(types).toEqual(['activeflow_created', 'activeflow_updated', 'activeflow_updated']);
    stage.advance(500);
    expect(stage.writes.at(-1)!.writes).toMatchObject([
      { kind: 'saveActiveflow', row: { status: 'ended', currentAction: null, updatedAt: EPOCH + 500 } },
    ]);
    expect(stage.completed).toEqual([]);
  });

  test('shows where it stands, with the option as it was substituted', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow = stage.start([action('empty'), play(variable('who'), { id: id(1) })], {
      suppliedVariables: { who: 'x' },
    });
    expect(stage.runner.recordOf(flow)).toMatchObject({
      status: 'running',
      currentAction: { id: id(1), option: { stream_urls: ['x'] }, executedAt: EPOCH },
      executedActions: [{ type: 'empty' }],
    });
  });

  test('that fails to play goes on with the next action', () => {
    const stage = new FlowStage({ status: 'progressing', broken: ['a'] });
    stage.start([play('a'), play('b')]);
    stage.advance(0);
    expect(stage.heard).toEqual(['a', 'b']);
  });

  test('does not answer a call that is answered', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('answer'), play('a')]);
    expect(stage.heard).toEqual(['a']);
  });

  test('ends with the call, and asks nothing of it any more', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([play('a'), play('b')]);
    stage.end();
    stage.advance(60_000);
    expect(stage.heard).toEqual(['a']);
    expect(stage.completed).toEqual([]);
    expect(stage.runner.endings.get('call_ended')).toBe(1);
  });

  test('gives way to another one on the same call', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([play('a'), play('never')]);
    const second = stage.start([play('b')]);
    stage.advance(60_000);
    expect(stage.heard).toEqual(['a', 'stopPlaying', 'b']);
    expect(stage.completed).toEqual([second]);
  });

  test('shows the last 100 executed actions', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow = stage.start([
      ...Array.from({ length: 450 }, (_, at) => action('empty', {}, { id: id(at) })),
      play('a'),
    ]);
    const executed = stage.runner.recordOf(flow)!.executedActions;
    expect(executed).toHaveLength(100);
    expect(executed.at(-1)!.id).toBe(id(449));
  });
});

describe('a jump', () => {
  const finish = '00000000-0000-0000-0000-000000000002';
  const next = '00000000-0000-0000-0000-000000000003';

  test.each([
    [finish, ['a']],
    [next, ['a', 'b', 'c']],
    [id(3), ['a', 'c']],
  ])('to %s', (target, heard) => {
    for (const actions of [
      [play('a', { next_id: target }), play('b'), play('c', { id: id(3) })],
      [play('a'), action('branch', { default_target_id: target }), play('b'), play('c', { id: id(3) })],
    ]) {
      const stage = new FlowStage({ status: 'progressing' });
      stage.start(actions);
      stage.advance(60_000);
      expect(stage.heard).toEqual(heard);
      expect(stage.completed).toHaveLength(1);
    }
  });

  test('of an action that fetched others is taken after those', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow_id = stage.addFlow(1, [play('inner')]);
    stage.start([action('fetch_flow', { flow_id }, { next_id: id(2) }), play('skipped'), play('there', { id: id(2) })]);
    stage.advance(60_000);
    expect(stage.heard).toEqual(['inner', 'there']);
  });

  test('to a target that came of a variable and is nowhere ends the activeflow', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow = stage.start([action('branch', { default_target_id: variable('t') })], {
      suppliedVariables: { t: id(9) },
    });
    expect(stage.completed).toEqual([flow]);
    expect(stage.runner.endings.get('broken')).toBe(1);
  });
});

describe('a loop', () => {
  test('that never waits ends the activeflow', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow = stage.start([action('empty', {}, { id: id(1), next_id: id(1) })]);
    expect(stage.completed).toEqual([flow]);
    expect(stage.runner.endings.get('runaway')).toBe(1);
  });

  test('whose only waiting fails at once ends the activeflow', () => {
    const stage = new FlowStage({ status: 'progressing', broken: ['a'] });
    stage.start([play('a', { id: id(1), next_id: id(1) })]);
    stage.advance(100);
    expect(stage.runner.endings.get('runaway')).toBe(1);
  });

  test('of flows within flows ends the activeflow', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flowId = stage.addFlow(1, [action('fetch_flow', { flow_id: 'f0000000-0000-4000-8000-000000000001' })]);
    stage.startRaw({ flowId });
    expect(stage.runner.endings.get('broken')).toBe(1);
  });

  test('that waits goes on as long as the call', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('sleep', { duration: 100 }, { id: id(1), next_id: id(1) })]);
    stage.advance(1_000_000);
    expect(stage.runner.runningCount).toBe(1);
  });
});

describe('the call', () => {
  test.each([
    ['normal', 'normal'],
    ['busy', 'busy'],
    ['noanswer', 'no-answer'],
    ['cancel', 'canceled'],
    [undefined, 'normal'],
  ])('is hung up for %s', (reason, cause) => {
    const stage = new FlowStage();
    stage.start([action('hangup', reason === undefined ? {} : { reason })]);
    expect(stage.demands).toEqual([{ kind: 'hangup', cause, like: null }]);
  });

  test('is connected, and goes on with its flow when the other leaves', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const destinations = [{ type: 'extension', target: '1001' }];
    stage.start([action('connect', { destinations, early_media: true }), play('after')]);
    expect(stage.demands).toMatchObject([
      { kind: 'connect', destinations: [address('extension', '1001')], isEarlyMediaHeard: true, anonymous: '' },
    ]);
    stage.tell({ kind: 'connected', token: 1, peer: callRecord() });
    stage.tell({ kind: 'disconnected', token: 99, cause: 'normal' });
    expect(stage.heard).toEqual(['connect']);
    stage.tell({ kind: 'disconnected', token: 1, cause: 'normal' });
    expect(stage.heard).toEqual(['connect', 'after']);
  });

  test("is hung up for the callee's cause with relay_reason", () => {
    const stage = new FlowStage({ status: 'progressing' });
    const destinations = [{ type: 'extension', target: '1001' }];
    stage.start([action('connect', { destinations, relay_reason: true }), play('never')]);
    stage.tell({ kind: 'disconnected', token: 1, cause: 'busy' });
    expect(stage.demands.at(-1)).toEqual({ kind: 'hangup', cause: 'busy', like: null });
    expect(stage.heard).toEqual(['connect', 'hangup']);
  });

  test('joins a conference after the flow that the conference wants before', () => {
    const stage = new FlowStage({ status: 'progressing' });
    addConference(stage, stage.addFlow(1, [play('name please')]));
    stage.start([action('conference_join', { conference_id: CONFERENCE }), play('after')]);
    stage.advance(1000);
    expect(stage.heard).toEqual(['name please', 'joinConference']);
    const join = stage.demands.at(-1)!;
    stage.tell({ kind: 'left', token: 'token' in join ? join.token : 0 });
    expect(stage.heard).toEqual(['name please', 'joinConference', 'after']);
  });

  test('joins no conference of another customer', () => {
    const stage = new FlowStage({ status: 'progressing' });
    addConference(stage, null, OTHER_CUSTOMER);
    const flow = stage.start([action('conference_join', { conference_id: CONFERENCE })]);
    expect(stage.heard).toEqual([]);
    expect(stage.completed).toEqual([flow]);
  });

  test('is played a list several times', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('play', { stream_urls: ['a'], times: 3 })]);
    expect(stage.demands).toMatchObject([{ kind: 'play', urls: ['a'], times: 3 }]);
  });

  test('is recorded after a beep, and the flow knows the recording', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const option = { beep_start: true, duration: 5, end_of_silence: 2, end_of_key: '#', format: 'ogg' };
    stage.start([action('recording_start', option), play(variable('voipbin.recording.recording_name'))]);
    expect(stage.heard).toEqual(['beep']);
    stage.advance(200);
    expect(stage.heard).toEqual(['beep', 'startRecording', 'call_recording']);
    const limits = {
      durationMs: 5000,
      silenceMs: 2000,
      endKey: '#',
      onEndFlowId: null,
      form: { format: 'ogg', channels: 'stereo' },
    };
    expect(stage.demands[1]).toEqual({ kind: 'startRecording', limits });
  });

  test('is sent digits for as long as they take', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('digits_send', { digits: '12#', duration: 100, interval: 50 }), play('after')]);
    stage.advance(399);
    expect(stage.heard).toEqual(['sendDigits']);
    stage.advance(1);
    expect(stage.heard).toEqual(['sendDigits', 'after']);
  });

  test('hears itself for as long as is said, else three minutes', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('echo'), action('echo', { duration: 1000 })]);
    stage.advance(179_999);
    expect(stage.heard).toEqual(['echo']);
    stage.advance(1001);
    expect(stage.heard).toEqual(['echo', 'stopEcho', 'echo', 'stopEcho']);
  });
});

describe('a webhook', () => {
  const option = { uri: 'https://example.com/hook', method: 'PUT', data_type: 'text/plain', data: 'x' };

  test('is sent, and not waited for', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('webhook_send', option), play('after')]);
    expect(stage.heard).toEqual(['after']);
    const headers = { 'content-type': 'text/plain' };
    expect(stage.requests).toMatchObject([{ method: 'PUT', url: option.uri, headers, body: 'x' }]);
    stage.reply(200, '');
    expect(stage.heard).toEqual(['after']);
  });

  test.each(['reply', 'replyFailed'] as const)('with sync is waited for, whatever comes of it: %s', (outcome) => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('webhook_send', { ...option, sync: true }), play('after')]);
    expect(stage.heard).toEqual([]);
    if (outcome === 'reply') stage.reply(500, 'x');
    else stage.replyFailed('refused');
    expect(stage.heard).toEqual(['after']);
  });
});

test('what ran when the process died is ended, what had ended stays as it is', () => {
  const stage = new FlowStage();
  const flow = stage.start([play('a')]);
  const row: ActiveflowRecord = stage.runner.recordOf(flow)!;
  const later = new FlowStage();
  later.runner.restore([row, { ...row, status: 'ended' }], 10);
  expect(later.writes).toMatchObject([{ writes: [{ row: { id: flow, status: 'ended', updatedAt: EPOCH + 10 } }] }]);
  expect(later.events().map(({ type }) => type)).toEqual(['activeflow_updated']);
});

test('news of a call without a flow, and answers to nobody, do nothing', () => {
  const stage = new FlowStage();
  stage.runner.tell('c0000000-0000-4000-8000-000000000009' as CallId, { kind: 'answered' });
  stage.runner.receive({ kind: 'failed', owner: 'flows', number: 9, detail: '' }, 0);
  stage.runner.receiveStore({ kind: 'stored', receipt: 7 }, 0);
  stage.settle();
  expect(stage.demands).toEqual([]);
});
