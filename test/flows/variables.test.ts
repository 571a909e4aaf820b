import { describe, expect, test } from 'vitest';
import { acceptSupplied, suppliedVariablesDefect, Variables } from '../../flows/variables.ts';
import { action, FlowStage, variable } from './stage.ts';

function many(count: number, value = 'x'): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key ${index}`, value]));
}

describe('supplied variables', () => {
  test.each([
    [{}, {}],
    [
      { a: '1', b: '2' },
      { a: '1', b: '2' },
    ],
    [{ 'voipbin.x': '1', a: '2' }, { a: '2' }],
    [{ '  VOIPBIN.activeflow.id  ': '1' }, {}],
    [{ '   ': '1' }, {}],
    [{ '  spaced  ': '1' }, { spaced: '1' }],
    [{ a: 'x'.repeat(32_768) }, { a: 'x'.repeat(32_768) }],
    [{ a: 'x'.repeat(32_769), b: '1' }, {}],
    [many(101), {}],
    [many(3, 'x'.repeat(22_000)), {}],
  ])('case %#: are taken as far as they may be', (supplied, taken) => {
    expect(Object.fromEntries(acceptSupplied(supplied))).toEqual(taken);
  });

  test('within the limits have no defect', () => {
    expect(suppliedVariablesDefect(many(100))).toBeUndefined();
  });

  test('beyond a limit say which', () => {
    expect(suppliedVariablesDefect(many(101))).toEqual({ expected: 'at most 100 variables', got: '101' });
    expect(suppliedVariablesDefect({ a: 'ä'.repeat(16_385) })).toMatchObject({ got: '32770 bytes in a' });
  });
});

describe('substitution', () => {
  const variables = new Variables();
  variables.setAll({
    n: 'x',
    nested: variable('n'),
    'two words': 'y',
  });

  test.each([
    [`test ${variable('n')} and ${variable('n')} and ${variable('none')}`, 'test x and x and '],
    [variable('nested'), variable('n')],
    [variable('two words'), 'y'],
    ['$n {n} ${n', '$n {n} ${n'],
    [variable(''), ''],
  ])('of %j gives %j', (text, substituted) => {
    expect(variables.substitute(text)).toBe(substituted);
  });

  test('reaches every text of a tree, and leaves all else as it is', () => {
    const tree = { a: [1, variable('n'), { b: variable('n') }], c: null, d: true };
    expect(variables.substituteTree(tree)).toEqual({ a: [1, 'x', { b: 'x' }], c: null, d: true });
    expect(tree.a[1]).toBe(variable('n'));
  });

  test('of a tree without references gives the same tree', () => {
    const tree = { a: ['b', { c: 'd' }] };
    expect(variables.substituteTree(tree)).toBe(tree);
  });

  test('does not grow without end', () => {
    const large = new Variables();
    large.set('x', 'x'.repeat(32_768));
    expect(large.substitute(variable('x').repeat(1000)).length).toBeLessThanOrEqual(256 * 1024);
  });
});

test('a value beyond 32 KiB, or one too many for 256 KiB in all, is not set', () => {
  const variables = new Variables();
  expect(variables.set('a', 'x'.repeat(32_769))).toBe(false);
  const set = Array.from({ length: 9 }, (_, index) => variables.set(`k${index}`, 'x'.repeat(32_000)));
  expect(set.filter(Boolean)).toHaveLength(8);
  expect(variables.set('k0', 'x')).toBe(true);
  expect(variables.set('k8', 'x'.repeat(31_000))).toBe(true);
});

test('reserved variables win over those supplied, and those over inherited ones', () => {
  const stage = new FlowStage({ status: 'progressing' });
  const next = stage.addFlow(1, [action('sleep', { duration: 9 })]);
  stage.start([action('variable_set', { key: 'voipbin.call.id', value: 'mine' }), action('empty')], {
    onCompleteFlowId: next,
    suppliedVariables: { a: 'supplied', 'voipbin.queue.id': 'mine' },
    variables: { 'voipbin.queue.id': 'reserved', a: 'reserved' },
  });
  const created = stage.events().flatMap(({ type, body }) => {
    return type === 'activeflow_created' ? [(body as { activeflow: { id: never } }).activeflow.id] : [];
  });
  expect(stage.variables(created[1]!)).toMatchObject({
    a: 'reserved',
    'voipbin.queue.id': 'reserved',
    'voipbin.call.id': stage.call!.id,
    'voipbin.call.source.target': '+4930111',
    'voipbin.call.source.name': 'Anna',
    'voipbin.call.master_call_id': '00000000-0000-0000-0000-000000000000',
    'voipbin.activeflow.reference_type': 'call',
    'voipbin.activeflow.complete_count': '1',
  });
});

test('variable_set substitutes first, so that a value can grow', () => {
  const stage = new FlowStage({ status: 'progressing' });
  const set = (value: string) => action('variable_set', { key: 'x', value });
  const flow = stage.start([set('a'), set(`${variable('x')}b`), action('sleep', { duration: 9 })]);
  expect(stage.variables(flow)['x']).toBe('ab');
});

test('the reference data are the call as it is at that moment', () => {
  const stage = new FlowStage();
  const data = action('variable_set', { key: 'data', value: variable('voipbin.flow.reference_data') });
  const flow = stage.start([action('answer'), data, action('sleep', { duration: 9 })]);
  expect(JSON.parse(stage.variables(flow)['data']!)).toEqual({ id: stage.call!.id, status: 'progressing' });
});
