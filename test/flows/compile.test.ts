import { describe, expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { ACTION_KINDS } from '../../flows/action-catalogue.ts';
import { ACTIONS } from '../../flows/actions/actions.ts';
import { checkFlowText } from '../../flows/check.ts';
import { compile } from '../../flows/compile.ts';
import { action, id, play, variable } from './stage.ts';

function problemsOf(actions: unknown) {
  const compiled = compile(actions, seeded(1));
  return 'problems' in compiled ? compiled.problems : [];
}

test('every type that is called built has something that runs it, and no other', () => {
  const built = [...ACTION_KINDS].flatMap(([type, kind]) => (kind.isBuilt ? [type] : []));
  expect([...ACTIONS.keys()].sort()).toEqual(built.sort());
});

test('all 43 public types of the reference are known, with its inner one and four of ours', () => {
  expect(ACTION_KINDS.size).toBe(48);
});

describe('compiling', () => {
  test('generates ids where there are none, and keeps those that are there in lower case', () => {
    const compiled = compile([play('a'), play('b', { id: id(1).toUpperCase() })], seeded(1));
    if ('problems' in compiled) throw new Error('it compiles');
    expect(compiled.actions[0]!.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(compiled.actions[1]!.id).toBe(id(1));
  });

  test('ignores fields and options that it does not know', () => {
    expect(problemsOf([action('answer', { colour: 'red' }, { note: 1 })])).toEqual([]);
  });

  test.each([
    ['no array', {}, 'INVALID_TYPE', 'actions', 'an object'],
    ['no action', [1], 'INVALID_TYPE', 'actions[0]', '1'],
    ['an unknown type', [action('dance')], 'INVALID_ACTION_TYPE', 'actions[0].type', '"dance"'],
    ['no type', [{}], 'INVALID_ACTION_TYPE', 'actions[0].type', 'nothing'],
    ['a type that is not built', [action('answer'), action('talk')], 'NOT_BUILT', 'actions[1].type', 'talk'],
    ['an id that is none', [play('a', { id: 'x' })], 'INVALID_ID', 'actions[0].id', '"x"'],
    [
      'a reserved id',
      [play('a', { id: '00000000-0000-0000-0000-000000000001' })],
      'INVALID_ID',
      'actions[0].id',
      undefined,
    ],
    ['an id twice', [play('a', { id: id(1) }), play('b', { id: id(1) })], 'DUPLICATE_ID', 'actions[1].id', undefined],
    [
      'a missing target',
      [action('goto', { target_id: id(9), loop_count: 1 })],
      'UNKNOWN_TARGET',
      'actions[0].option.target_id',
      undefined,
    ],
    ['no target', [action('goto', {})], 'MISSING_OPTION', 'actions[0].option.target_id', 'nothing'],
    ['a missing next', [play('a', { next_id: id(9) })], 'UNKNOWN_TARGET', 'actions[0].next_id', undefined],
    [
      'a missing branch',
      [action('branch', { target_ids: { '1': id(9) } })],
      'UNKNOWN_TARGET',
      'actions[0].option.target_ids.1',
      undefined,
    ],
    [
      'a text for a number',
      [action('sleep', { duration: '5' })],
      'INVALID_OPTION',
      'actions[0].option.duration',
      '"5"',
    ],
    [
      'a number out of range',
      [action('digits_send', { digits: '1', duration: 99 })],
      'INVALID_OPTION',
      'actions[0].option.duration',
      '99',
    ],
    [
      'a word that is none of them',
      [action('recording_start', { end_of_key: '5' })],
      'INVALID_OPTION',
      'actions[0].option.end_of_key',
      '"5"',
    ],
    [
      'an item of the wrong kind',
      [action('play', { stream_urls: ['a', 2] })],
      'INVALID_OPTION',
      'actions[0].option.stream_urls[1]',
      '2',
    ],
    [
      'nothing to play',
      [action('play', { stream_urls: [] })],
      'INVALID_OPTION',
      'actions[0].option.stream_urls',
      'an array of 0',
    ],
    [
      'a wrong address',
      [action('connect', { destinations: [{ type: 'fax', target: '1' }] })],
      'INVALID_OPTION',
      'actions[0].option.destinations[0].type',
      '"fax"',
    ],
    ['an option that is none', [action('answer', [])], 'INVALID_OPTION', 'actions[0].option', 'an array of 0'],
    ['too many actions', Array.from({ length: 1001 }, () => action('empty')), 'TOO_MANY_ACTIONS', 'actions', '1001'],
  ])('%s is refused with its place', (_, actions, code, field, got) => {
    const problems = problemsOf(actions);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code, field, ...(got === undefined ? {} : { got }) });
  });

  test('refuses options that are so deep that walking through them would end the process', () => {
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
    expect(problemsOf([action('empty', { deep })])).toMatchObject([{ field: 'actions[0].option', got: 'more' }]);
    expect(problemsOf([action('empty', { a: [{ b: [1] }] })])).toEqual([]);
  });

  test('takes a reference to a variable where a text would be read later', () => {
    const option = { destinations: [{ type: variable('type'), target: variable('who') }] };
    expect(problemsOf([action('connect', option), action('sleep', { duration: variable('ms') })])).toEqual([]);
  });

  test('tells all problems at once', () => {
    expect(problemsOf([action('dance'), action('sleep', { duration: -1 })])).toHaveLength(2);
  });
});

describe('checking a text', () => {
  test.each([
    ['[{"type":"answer",}]', 1, 19],
    ['[\n  {"type": "answer"}\n  {"type": "hangup"}\n]', 3, 3],
    ['', 1, 1],
    ['{"actions" []}', 1, 12],
    ['[1]x', 1, 4],
    ['[01]', 1, 2],
    ["['a']", 1, 2],
    ['[{"type":"answer"}', 1, 19],
  ])('of broken JSON %j tells line %i and column %i', (text, line, column) => {
    expect(checkFlowText(text)).toMatchObject([{ code: 'INVALID_JSON', line, column }]);
  });

  test('takes an array of actions, or an object that has them', () => {
    expect(checkFlowText('[{"type":"answer"}]')).toEqual([]);
    expect(checkFlowText('{"name":"a","actions":[{"type":"answer"}]}')).toEqual([]);
    expect(checkFlowText('{}')).toMatchObject([{ field: 'actions', got: 'nothing' }]);
    expect(checkFlowText('5')).toMatchObject([{ code: 'INVALID_TYPE', field: '' }]);
  });
});

test('a text that is cut or changed anywhere is either a flow, or its first fault has a place', () => {
  const text = JSON.stringify([play('a "b" \\ é', { id: id(1) }), action('sleep', { duration: 1.5e3 })], null, 1);
  const random = seeded(5);
  for (let round = 0; round < 2000; round++) {
    const at = Math.floor(random.next() * text.length);
    const broken = text.slice(0, at) + (round % 2 === 0 ? '' : text.slice(at + 1));
    for (const problem of checkFlowText(broken)) {
      if (problem.code !== 'INVALID_JSON') continue;
      const line = broken.split('\n')[problem.line - 1];
      expect(line, broken).toBeDefined();
      expect(problem.column, broken).toBeLessThanOrEqual(line!.length + 1);
      expect(problem.expected, broken).not.toBe(problem.got);
    }
  }
});
