import { describe, expect, test } from 'vitest';
import type { ScriptSessionId } from '../../../core/kernel/ids.ts';
import { action, CALL, FlowStage, play } from '../stage.ts';

describe('a program that connects to us', () => {
  const SESSION = 'dddddddd-0000-4000-8000-000000000001' as ScriptSessionId;
  const LATER = 'dddddddd-0000-4000-8000-000000000002' as ScriptSessionId;

  function attached(stage: FlowStage): void {
    stage.runner.execute(5, { kind: 'attachScript', callId: CALL, session: SESSION });
    stage.settle();
  }

  test('takes over the call: what runs is broken off, and goes on behind it when the program is done', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([play('a'), play('b')]);
    attached(stage);
    expect(stage.settled).toEqual([{ kind: 'settled', ticket: 5, result: { kind: 'done', id: SESSION } }]);
    expect(stage.framesOf(SESSION)).toMatchObject([{ n: 1, type: 'session', session_id: SESSION }]);
    stage.say(SESSION, { id: 'x', type: 'actions', actions: [play('c')] });
    stage.say(SESSION, { id: 'x', type: 'command', command: 'end' });
    expect(stage.heard).toEqual(['a', 'stopPlaying', 'c', 'stopPlaying', 'b']);
  });

  test('drives a call without a flow too, which ends with it', () => {
    const stage = new FlowStage({ status: 'progressing' });
    attached(stage);
    stage.say(SESSION, { id: 'x', type: 'actions', actions: [play('c')] });
    stage.say(SESSION, { id: 'x', type: 'command', command: 'end' });
    expect(stage.heard).toEqual(['c', 'stopPlaying']);
    expect(stage.completed).toHaveLength(1);
    expect(stage.writes.flatMap(({ writes }) => writes).at(-1)).toMatchObject({ row: { status: 'ended' } });
  });

  test('leaves out of a recording what is not to be in it', () => {
    const stage = new FlowStage({ status: 'progressing' });
    attached(stage);
    const actions = [action('recording_pause'), action('recording_resume')];
    stage.say(SESSION, { id: 'x', type: 'actions', actions });
    for (const command of ['recording_pause', 'recording_resume']) {
      stage.say(SESSION, { id: 'y', type: 'command', command });
    }
    const modes = stage.demands.map((demand) => (demand.kind === 'pauseRecording' ? demand.mode : demand.kind));
    expect(modes).toEqual(['paused', 'running', 'paused', 'running']);
  });

  test('holds what is played, lets it go on and seeks in it', () => {
    const stage = new FlowStage({ status: 'progressing' });
    attached(stage);
    stage.say(SESSION, { id: 'x', type: 'actions', actions: [play('c')] });
    const command = (name: string, option = {}) =>
      stage.say(SESSION, { id: 'y', type: 'command', command: name, option });
    command('play_pause');
    command('play_seek', { position: 1500 });
    command('play_seek', { offset: -500 });
    command('play_resume');
    expect(stage.demands.filter(({ kind }) => kind === 'steerPlaying')).toEqual([
      { kind: 'steerPlaying', order: { kind: 'pause' } },
      { kind: 'steerPlaying', order: { kind: 'seek', toMs: 1500, from: 'begin' } },
      { kind: 'steerPlaying', order: { kind: 'seek', toMs: -500, from: 'here' } },
      { kind: 'steerPlaying', order: { kind: 'resume' } },
    ]);
    for (const option of [{}, { position: 1, offset: 1 }, { position: 'x' }, { offset: 0.5 }]) {
      command('play_seek', option);
      expect(stage.framesOf(SESSION).at(-1)).toMatchObject({
        type: 'refused',
        field: 'option',
        expected: 'position or offset, a whole number of ms',
      });
    }
  });

  test('mutes, deafens and puts out members of conferences', () => {
    const stage = new FlowStage({ status: 'progressing' });
    attached(stage);
    const id = '0190a000-0000-7000-8000-000000000077';
    const command = (name: string, option = {}) =>
      stage.say(SESSION, { id: 'y', type: 'command', command: name, option });
    command('conferencecall_update', { conferencecall_id: id, muted: true, gain_out: -6, role: 'listener' });
    command('conferencecall_kick', { conferencecall_id: id });
    expect(stage.demands.slice(-2)).toEqual([
      { kind: 'changeMember', id, changes: { isMuted: true, gainOutDb: -6, role: 'listener' } },
      { kind: 'kickMember', id },
    ]);
    for (const [option, field] of [
      [{}, 'option.conferencecall_id'],
      [{ conferencecall_id: id, muted: 'loud' }, 'option.muted'],
      [{ conferencecall_id: id, gain_in: 90 }, 'option.gain_in'],
    ] as const) {
      command('conferencecall_update', option);
      expect(stage.framesOf(SESSION).at(-1)).toMatchObject({ type: 'refused', field });
    }
    expect(stage.demands).toHaveLength(2);
  });

  test('is refused a call that another one drives, or that is over', () => {
    const stage = new FlowStage({ status: 'progressing' });
    attached(stage);
    stage.runner.execute(6, { kind: 'attachScript', callId: CALL, session: LATER });
    stage.settle();
    stage.end();
    stage.runner.execute(7, { kind: 'attachScript', callId: CALL, session: LATER });
    stage.settle();
    expect(stage.settled.slice(1)).toMatchObject([
      { ticket: 6, result: { refusal: { code: 'STATE_INVALID' } } },
      { ticket: 7, result: { refusal: { code: 'RESOURCE_NOT_FOUND' } } },
    ]);
  });

  test('comes back on another socket, and is told what it missed', () => {
    const stage = new FlowStage({ status: 'progressing' });
    attached(stage);
    stage.script({ kind: 'closed', session: SESSION, detail: 'reset' });
    stage.press('4');
    stage.runner.execute(6, { kind: 'attachScript', callId: CALL, session: LATER });
    stage.settle();
    expect(stage.settled[1]).toMatchObject({ result: { kind: 'done' } });
    expect(stage.framesOf(LATER)).toMatchObject([{ n: 1, type: 'session', session_id: SESSION }]);
    stage.say(LATER, { type: 'resume', session_id: LATER, after: 1 });
    expect(stage.framesOf(LATER).at(-1)).toMatchObject({ type: 'refused', field: 'session_id', expected: SESSION });
    stage.say(LATER, { type: 'resume', session_id: SESSION, after: 1 });
    expect(stage.framesOf(LATER).at(-1)).toMatchObject({ n: 2, event: 'dtmf_received' });
    stage.say(LATER, { id: 'x', type: 'actions', actions: [play('a')] });
    expect(stage.heard).toEqual(['a']);
    stage.advance(120_000);
    expect(stage.runner.runningCount).toBe(1);
    stage.say(SESSION, { id: 'y', type: 'actions', actions: [play('b')] });
    expect(stage.framesOf(SESSION).at(-1)).toMatchObject({ type: 'refused', id: 'y', code: 'RESOURCE_NOT_FOUND' });
  });

  test('that does not come back within a minute has lost the call, which goes on with its flow', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([play('a'), play('b')]);
    attached(stage);
    stage.script({ kind: 'closed', session: SESSION, detail: 'reset' });
    stage.advance(59_999);
    expect(stage.heard).toEqual(['a', 'stopPlaying']);
    stage.advance(1);
    expect(stage.heard).toEqual(['a', 'stopPlaying', 'b']);
  });

  test('cannot come back to a session that is over', () => {
    const stage = new FlowStage({ status: 'progressing' });
    attached(stage);
    stage.end();
    stage.say(LATER, { id: 'x', type: 'resume', session_id: SESSION, after: 1 });
    expect(stage.framesOf(LATER)).toMatchObject([{ type: 'refused', id: 'x', field: 'session_id' }]);
    expect(stage.closed.at(-1)).toMatchObject({ session: LATER });
  });
});
