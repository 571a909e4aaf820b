import { expect, test } from 'vitest';
import { compare } from '../../bench/compare.ts';

test('figures stand beside the baseline with their change', () => {
  const lines = compare('relay', { microseconds: 3.3, packets: 120_000 }, { microseconds: 3, packets: 120_000 }).split(
    '\n',
  );
  expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['relay'],
    ['figure', 'now', 'baseline', 'change'],
    ['microseconds', '3.3', '3', '+10 %'],
    ['packets', '120,000', '120,000', '0 %'],
  ]);
});

test('a figure that the baseline lacks stands alone', () => {
  const last = compare('relay', { microseconds: 3.3 }, undefined).split('\n').at(-1);
  expect(last?.trim().split(/ {2,}/)).toEqual(['microseconds', '3.3', '–']);
});
