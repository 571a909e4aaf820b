import { describe, expect, test } from 'vitest';
import type { ActiveflowRecord } from '../../core/flows/activeflow-record.ts';
import type { FlowId, RecordingId } from '../../core/kernel/ids.ts';
import { action, FlowStage, id, OTHER_CUSTOMER, play, variable } from './stage.ts';

/** Runs the actions, each playing for a second, and tells what was heard in a minute. */
function heard(actions: unknown, variables: Record<string, string> = {}, setUp: (stage: FlowStage) => void = () => {}) {
  const stage = new FlowStage({ status: 'progressing' });
  setUp(stage);
  stage.start(actions, { suppliedVariables: variables });
  stage.advance(60_000);
  return stage.heard;
}

/** `met` is heard when the condition is true, `other` alone when it is not. */
function judged(type: string, option: object, variables: Record<string, string> = {}): string[] {
  return heard(
    [action(type, { ...option, false_target_id: id(1) }), play('met'), play('other', { id: id(1) })],
    variables,
  );
}

const MET = ['met', 'other'];
const OTHER = ['other'];

describe('goto', () => {
  test('with a count of 2 around a play lets it run three times, then goes on', () => {
    const again = action('goto', { target_id: id(1), loop_count: 2 });
    expect(heard([play('a', { id: id(1) }), again, play('b')])).toEqual(['a', 'a', 'a', 'b']);
  });

  test.each([0, -1])('with a count of %i goes on', (count) => {
    const again = action('goto', { target_id: id(1), loop_count: count });
    expect(heard([play('a', { id: id(1) }), again])).toEqual(['a']);
  });

  test('that is reached again has no more jumps than in all', () => {
    const inner = action('goto', { target_id: id(1), loop_count: 1 });
    const outer = action('goto', { target_id: id(1), loop_count: 2 });
    expect(heard([play('a', { id: id(1) }), inner, outer])).toEqual(['a', 'a', 'a', 'a']);
  });
});

describe('branch', () => {
  const menu = (option: object = {}) => [
    action('branch', { target_ids: { '1': id(1) }, default_target_id: id(2), ...option }, { id: id(3) }),
    play('one', { id: id(1), next_id: id(3) }),
    play('default', { id: id(2) }),
  ];

  test('goes where the digits lead and clears them, so that the next time it goes to the default', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([action('sleep', { duration: 1000 }), ...menu()]);
    stage.press('1');
    stage.advance(60_000);
    expect(stage.heard).toEqual(['one', 'default']);
  });

  test('reads the variable it names', () => {
    expect(heard(menu({ variable: 'choice' }), { choice: '1' })).toEqual(['one', 'default']);
  });

  test('without a default goes on', () => {
    expect(heard([action('branch', { target_ids: { '1': id(1) } }), play('next'), play('one', { id: id(1) })])).toEqual(
      ['next', 'one'],
    );
  });

  test.each(['__proto__', 'constructor', 'toString'])('is not led astray by the value %s', (choice) => {
    expect(heard(menu({ variable: 'choice' }), { choice })).toEqual(['default']);
  });
});

describe('condition_variable', () => {
  test.each([
    ['test value', '==', 'test value'],
    ['test value 1', '!=', 'test value 2'],
    ['test value 123', '>', 'test value 111'],
    ['test value 123', '>=', 'test value 123'],
    ['test value 111', '<', 'test value 123'],
    ['test value 111', '<=', 'test value 111'],
    ['Z', '<', 'a'],
    ['\u{1f600}', '>', '\uffff'],
  ])('text %j %s %j is true, bytes compared', (variable, condition, value) => {
    expect(judged('condition_variable', { condition, variable, value_type: 'string', value_string: value })).toEqual(
      MET,
    );
  });

  test.each([
    ['test value', '==', 'test value 1'],
    ['test value', '!=', 'test value'],
    ['test value 111', '>', 'test value 123'],
    ['test value 111', '>=', 'test value 123'],
    ['test value 123', '<', 'test value 111'],
    ['test value 123', '<=', 'test value 111'],
  ])('text %j %s %j is false', (variable, condition, value) => {
    expect(judged('condition_variable', { condition, variable, value_type: 'string', value_string: value })).toEqual(
      OTHER,
    );
  });

  test.each([
    ['123', '==', 123, MET],
    ['abc', '==', 0, OTHER],
    ['', '==', 0, OTHER],
    ['1e2', '>', 99.5, MET],
    ['5', '<=', 4, OTHER],
  ])('number %j %s %d', (variable, condition, value, outcome) => {
    expect(judged('condition_variable', { condition, variable, value_type: 'number', value_number: value })).toEqual(
      outcome,
    );
  });

  test.each([
    ['abc', '==', 3, MET],
    ['ä', '==', 2, MET],
    ['', '>', 0, OTHER],
  ])('length of %j %s %d', (variable, condition, value, outcome) => {
    expect(judged('condition_variable', { condition, variable, value_type: 'length', value_length: value })).toEqual(
      outcome,
    );
  });

  test('gets its variable by substitution', () => {
    const option = { condition: '==', variable: variable('colour'), value_type: 'string', value_string: 'red' };
    expect(judged('condition_variable', option, { colour: 'red' })).toEqual(MET);
  });
});

describe('condition_datetime at 18:30 UTC on Sunday the 22nd of November', () => {
  test.each([
    [{ condition: '==', hour: 18, minute: 30 }, MET],
    [{ condition: '==', hour: -1, minute: 30 }, MET],
    [{ condition: '==', minute: 31 }, OTHER],
    [{ condition: '>', hour: 19 }, MET],
    [{ condition: '<', hour: 19 }, OTHER],
    [{ condition: '==', month: 11, day: 22 }, MET],
    [{ condition: '==', month: 0, day: 0, hour: 18 }, MET],
    [{ condition: '==', weekdays: [0] }, MET],
    [{ condition: '==', weekdays: [1, 2, 3, 4, 5] }, OTHER],
    [{ condition: '==' }, MET],
  ])('%j', (option, outcome) => {
    expect(judged('condition_datetime', option)).toEqual(outcome);
  });
});

describe('fetch', () => {
  const fetching = [action('fetch', { event_url: 'https://example.com/next' }), play('after')];

  test.each([
    ['with ids', [play('a', { id: id(1) }), play('b', { id: id(2) })]],
    ['without ids', [play('a'), play('b')]],
  ])('runs the actions that it gets %s, then the action after', (_, actions) => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow = stage.start(fetching);
    const request = stage.requests[0]!;
    expect(request).toMatchObject({ method: 'POST', url: 'https://example.com/next', timeoutMs: 10_000 });
    expect(JSON.parse(request.body)).toEqual({ activeflow_id: flow, reference_id: stage.call!.id });
    stage.reply(200, actions);
    stage.advance(60_000);
    expect(stage.heard).toEqual(['a', 'b', 'after']);
  });

  test.each([
    ['404', 404, []],
    ['invalid JSON', 200, '[{'],
    ['no array', 200, {}],
    ['an unknown action', 200, [action('dance')]],
    ['an action that is not built', 200, [action('talk')]],
  ])('that gets %s ends the activeflow', (_, status, body) => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow = stage.start(fetching);
    stage.reply(status, body);
    stage.advance(60_000);
    expect(stage.heard).toEqual([]);
    expect(stage.completed).toEqual([flow]);
    expect(stage.runner.endings.get('broken')).toBe(1);
  });

  test('that fails ends the activeflow', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flow = stage.start(fetching);
    stage.replyFailed('timeout');
    expect(stage.completed).toEqual([flow]);
  });

  test('whose answer comes after the call has ended does nothing', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start(fetching);
    stage.end();
    stage.reply(200, [play('a')]);
    expect(stage.heard).toEqual([]);
    expect(stage.completed).toEqual([]);
  });
});

describe('on completion', () => {
  test('a flow that names itself is followed four times, the fifth is refused', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const flowId = stage.addFlow(1, [play('a')]);
    stage.flows.set(flowId, { ...stage.flows.get(flowId)!, onCompleteFlowId: flowId });
    stage.startRaw({ flowId });
    stage.advance(60_000);
    expect(stage.heard).toEqual(['a', 'a', 'a', 'a', 'a']);
    expect(stage.completed).toHaveLength(1);
  });

  test('the next one inherits the variables, and knows whom it follows', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const last = stage.addFlow(1, [
      play(`${variable('colour')} ${variable('voipbin.activeflow.complete_count')}`),
      action('sleep', { duration: 9 }),
    ]);
    const first = stage.start([action('variable_set', { key: 'colour', value: 'red' })], { onCompleteFlowId: last });
    expect(stage.heard).toEqual(['red 1']);
    const created = stage.events().filter(({ type }) => type === 'activeflow_created');
    expect(created[1]!.body).toMatchObject({ activeflow: { parentId: first } });
  });

  test('of another customer nothing follows', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const other = stage.addFlow(1, [play('a')], { customerId: OTHER_CUSTOMER });
    stage.start([action('empty')], { onCompleteFlowId: other });
    expect(stage.heard).toEqual([]);
    expect(stage.completed).toHaveLength(1);
  });

  test('after the call has ended what needs no call still runs', () => {
    const stage = new FlowStage({ status: 'progressing' });
    const last = stage.addFlow(1, [
      play('a'),
      action('webhook_send', { uri: 'https://example.com', data: variable('voipbin.call.id') }),
    ]);
    stage.start([action('sleep', { duration: 5000 })], { onCompleteFlowId: last });
    const call = stage.call!.id;
    stage.end();
    expect(stage.requests).toMatchObject([{ url: 'https://example.com', body: call }]);
    expect(stage.heard).toEqual([]);
    expect(stage.completed).toEqual([]);
    expect(stage.runner.runningCount).toBe(0);
  });
});

describe('the medium', () => {
  test.each([
    ['api', { type: 'api' }],
    ['recording', { type: 'recording', id: 'e0000000-0000-4000-8000-000000000001' as RecordingId }],
  ] as const)('of a flow on %s lets actions of calls be skipped silently', (_, reference) => {
    const stage = new FlowStage();
    const flow = stage.start([play('a'), action('variable_set', { key: 'b', value: 'c' }), action('block')], {
      reference,
    });
    expect(stage.heard).toEqual([]);
    expect(stage.variables(flow)['b']).toBe('c');
    expect(stage.runner.recordOf(flow)).toMatchObject({ currentAction: { type: 'block' } });
  });

  test('of a flow on a call lets block be skipped', () => {
    expect(heard([action('block'), play('a')])).toEqual(['a']);
  });
});

describe('digits_receive', () => {
  test.each([
    ['4', undefined],
    ['#', '#'],
    ['*', '*'],
    ['123', '123'],
    ['12#', '12'],
    ['1*', '1'],
  ])('of length 3 with the keys #* after %s has %j', (pressed, digits) => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([
      action('digits_receive', { duration: 5000, length: 3, key: '#*' }),
      play(`got ${variable('voipbin.call.digits')}`),
    ]);
    stage.press(pressed);
    expect(stage.heard).toEqual(digits === undefined ? [] : [`got ${digits}`]);
  });

  test('goes on with what there is when its time is over', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([
      action('digits_receive', { duration: 5000, length: 3 }),
      play(`got ${variable('voipbin.call.digits')}`),
    ]);
    stage.press('1');
    stage.advance(4999);
    expect(stage.heard).toEqual([]);
    stage.advance(1);
    expect(stage.heard).toEqual(['got 1']);
  });

  test('counts the digit that was pressed before it', () => {
    const stage = new FlowStage({ status: 'progressing' });
    stage.start([
      play('menu'),
      action('digits_receive', { duration: 5000, length: 2 }),
      play(`got ${variable('voipbin.call.digits')}`),
    ]);
    stage.press('471');
    stage.advance(1000);
    stage.press('2');
    expect(stage.heard).toEqual(['menu', 'got 12']);
  });
});

test('a digit during echo replaces those before it', () => {
  const stage = new FlowStage({ status: 'progressing' });
  const flow = stage.start([action('echo', { duration: 5000 })]);
  stage.press('12');
  expect(stage.variables(flow)['voipbin.call.digits']).toBe('2');
});

test('stop in a flow within a flow ends the whole activeflow', () => {
  const stop = (stage: FlowStage) => void stage.addFlow(1, [action('stop'), play('never')]);
  const fetchFlow = action('fetch_flow', { flow_id: 'f0000000-0000-4000-8000-000000000001' });
  expect(heard([fetchFlow, play('after')], {}, stop)).toEqual([]);
});

test('a flow of another customer is not fetched: the activeflow ends', () => {
  const other = (stage: FlowStage) => void stage.addFlow(1, [play('secret')], { customerId: OTHER_CUSTOMER });
  const fetchFlow = action('fetch_flow', { flow_id: 'f0000000-0000-4000-8000-000000000001' });
  expect(heard([fetchFlow, play('after')], {}, other)).toEqual([]);
});

test('an activeflow whose flow is edited goes on with what it began with', () => {
  const stage = new FlowStage({ status: 'progressing' });
  const flowId = stage.addFlow(1, [play('a'), play('b')]);
  const flow = stage.startRaw({ flowId: flowId as FlowId });
  stage.addFlow(1, [play('c')]);
  stage.advance(1000);
  expect(stage.heard).toEqual(['a', 'b']);
  const record: ActiveflowRecord | undefined = stage.runner.recordOf(flow);
  expect(record?.executedActions).toHaveLength(1);
});
