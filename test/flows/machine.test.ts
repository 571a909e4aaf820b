import { describe, expect, test } from 'vitest';
import type { ScriptSessionId } from '../../core/kernel/ids.ts';
import { action, FlowStage, play, variable } from './stage.ts';

const FOUND = play(variable('voipbin.call.amd'));

function judge(stage: FlowStage, verdict: 'human' | 'machine' | 'not-sure'): void {
  const demand = stage.demands.findLast(({ kind }) => kind === 'judgeMachine');
  const token = demand?.kind === 'judgeMachine' ? demand.token : 0;
  stage.tell({ kind: 'judged', token, verdict, reason: 'long-greeting', afterMs: 1700 });
}

describe('platform §3.4: amd', () => {
  test.each(['human', 'machine', 'not-sure'] as const)(
    'waits for the verdict, and what follows knows it: %s',
    (verdict) => {
      const stage = new FlowStage({ status: 'progressing' });
      stage.start([action('amd', { machine_handle: 'continue' }), FOUND]);
      stage.advance(60_000);
      expect(stage.heard).toEqual(['judgeMachine']);
      judge(stage, verdict);
      expect(stage.heard).toEqual(['judgeMachine', verdict]);
      expect(stage.demands[0]).toMatchObject({ endsMachine: false });
    },
  );

  test('begins nothing more on a machine that is hung up', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('amd', { machine_handle: 'hangup' }), FOUND]);
    expect(stage.demands[0]).toMatchObject({ endsMachine: true });
    judge(stage, 'machine');
    expect(stage.heard).toEqual(['judgeMachine']);
    stage.end();
    expect(stage.runner.runningCount).toBe(0);
  });

  test('goes on at once with async, and a later verdict is known too', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('amd', { machine_handle: 'continue', async: true }), play('hello'), FOUND]);
    expect(stage.heard).toEqual(['judgeMachine', 'hello']);
    judge(stage, 'human');
    stage.advance(1000);
    expect(stage.heard).toEqual(['judgeMachine', 'hello', 'human']);
  });

  test('goes on where nothing can be judged', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('amd'), play('after')]);
    stage.tell({ kind: 'refused', demand: stage.demands[0]!, detail: 'it is over' });
    expect(stage.heard).toEqual(['judgeMachine', 'after']);
  });
});

test('a program asks for talk and tones, and is told of them, of machines too', () => {
  const session = 'dddddddd-0000-4000-8000-000000000001' as ScriptSessionId;
  const stage = new FlowStage({ status: 'progressing' });
  stage.start([play('a')]);
  stage.runner.execute(5, { kind: 'attachScript', callId: stage.call!.id, session });
  stage.settle();
  stage.say(session, { id: 'x', type: 'command', command: 'listen', option: { talk: 'yes' } });
  expect(stage.framesOf(session).at(-1)).toMatchObject({
    type: 'refused',
    field: 'option.talk',
    expected: 'true or false',
  });
  stage.say(session, { id: 'y', type: 'command', command: 'listen', option: { talk: true } });
  expect(stage.demands.at(-1)).toEqual({ kind: 'listen', talk: true, tones: false });
  stage.tell({ kind: 'talkChanged', change: 'begun', levelDbov: -20.4 });
  stage.tell({ kind: 'toneHeard', tone: 'beep', frequencyHz: 1000, durationMs: 300 });
  judge(stage, 'machine');
  expect(stage.framesOf(session).slice(-3)).toMatchObject([
    { event: 'call_talk_begun', data: { call_id: stage.call!.id, level: -20 } },
    { event: 'call_tone_heard', data: { tone: 'beep', frequency: 1000, duration: 300 } },
    { event: 'call_amd', data: { verdict: 'machine', reason: 'long-greeting', after: 1700 } },
  ]);
});
