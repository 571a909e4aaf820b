import { expect, test } from 'vitest';
import { Roster } from '../../core/calls/roster.ts';
import type { ConferencecallId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';

test('a roster names those who came and have not gone, in their order, and stays as it was when others come and go', () => {
  const random = seeded(3);
  let roster = Roster.NOBODY;
  let expected: ConferencecallId[] = [];
  const kept: { roster: Roster; ids: readonly ConferencecallId[] }[] = [];
  for (let i = 0; i < 2_000; i++) {
    const goes = expected.length > 0 && random.next() < (i < 1_000 ? 0.2 : 0.8);
    const id = goes ? expected[Math.floor(random.next() * expected.length)]! : (`stay${i}` as ConferencecallId);
    roster = goes ? roster.without(id) : roster.with(id);
    expected = goes ? expected.filter((other) => other !== id) : [...expected, id];
    if (i % 100 === 0) kept.push({ roster, ids: expected });
    expect(roster.size).toBe(expected.length);
  }
  for (const before of [...kept, { roster, ids: expected }]) expect(before.roster.ids).toEqual(before.ids);
  expect(roster.without('nobody' as ConferencecallId)).toBe(roster);
});
