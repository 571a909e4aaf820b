import { expect, test } from 'vitest';
import { formatParameters, NO_PARAMETERS, parseParameters } from '../../../sip/grammar/parameters.ts';

test('parameters come in their order, names in lower case, values unquoted', () => {
  const parameters = parseParameters(' ; Tag = a ;flag;note="b \\"c\\""', 0)!;
  expect([...parameters]).toEqual([
    ['tag', 'a'],
    ['flag', ''],
    ['note', 'b "c"'],
  ]);
  expect(parameters.size).toBe(3);
  expect([parameters.get('note'), parameters.get('flag'), parameters.get('tag')]).toEqual(['b "c"', '', 'a']);
  expect([parameters.has('flag'), parameters.has('Tag')]).toEqual([true, false]);
});

test('no parameters have no names, not even the empty one', () => {
  expect(parseParameters('  ', 0)).toBe(NO_PARAMETERS);
  expect([NO_PARAMETERS.size, [...NO_PARAMETERS], NO_PARAMETERS.has(''), NO_PARAMETERS.get('')]).toEqual([
    0,
    [],
    false,
    undefined,
  ]);
});

test('a value is replaced at its place, or comes last, and the parameters before stay as they were', () => {
  const before = parseParameters(';a=1;b;c=3', 0)!;
  expect(formatParameters(before.with('b', '2'))).toBe(';a=1;b=2;c=3');
  expect(formatParameters(before.with('d', 'four 4'))).toBe(';a=1;b;c=3;d="four 4"');
  expect(formatParameters(NO_PARAMETERS.with('a', '1'))).toBe(';a=1');
  expect([formatParameters(before), NO_PARAMETERS.size]).toEqual([';a=1;b;c=3', 0]);
});

test('64 parameters are read, and no more', () => {
  const text = (count: number) => Array.from({ length: count }, (_, index) => `;p${index}`).join('');
  expect(parseParameters(text(64), 0)?.size).toBe(64);
  expect(parseParameters(text(65), 0)).toBeUndefined();
});
