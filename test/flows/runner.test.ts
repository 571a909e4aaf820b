import { describe, expect, test } from 'vitest';
import { action, FlowStage, play } from './stage.ts';

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
  });

  test('is one row and one event for each turn, and one more event for its beginning', () => {
    const stage = new FlowStage();
    stage.start([action('answer'), action('sleep', { duration: 500 }), action('hangup')]);
    expect(stage.events().map(({ type }) => type)).toEqual([
      'activeflow_created',
      'activeflow_updated',
      'activeflow_updated',
    ]);
    stage.advance(500);
    expect(stage.writes.at(-1)!.writes).toMatchObject([
      { kind: 'saveActiveflow', row: { status: 'ended', currentAction: null } },
    ]);
    expect(stage.completed).toEqual([]);
  });
});
