import { expect, test } from 'vitest';
import { splitList } from '../../../sip/grammar/list.ts';

test.each([
  ['', []],
  ['a', ['a']],
  ['a, b ,c', ['a', 'b', 'c']],
  ['"a,b" <sip:c,d@e>, f', ['"a,b" <sip:c,d@e>', 'f']],
  ['"a\\",b", c', ['"a\\",b"', 'c']],
  ['a,,b,', ['a', '', 'b', '']],
  ['"never closed, b', ['"never closed, b']],
  ['<never closed, b', ['<never closed, b']],
])('%j has the elements %j', (text, elements) => {
  expect(splitList(text)).toEqual(elements);
});

test('a list of thousands is not split without limit', () => {
  expect(splitList('a,'.repeat(10_000)).length).toBe(128);
});
