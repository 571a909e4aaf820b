import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByAge } from '../../core/directory/by-age.ts';

const row = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), createdAt: fc.integer({ min: 0, max: 5 }) });
const step = fc.record({ kind: fc.constantFrom('put' as const, 'delete' as const), row });

test('pages are those of a sorted list, whatever was put, replaced and deleted', () => {
  fc.assert(
    fc.property(
      fc.array(step),
      fc.integer({ min: 0, max: 7 }),
      fc.integer({ min: 0, max: 4 }),
      (steps, before, count) => {
        const rows = new ByAge<{ id: string; createdAt: number }>();
        const model = new Map<string, { id: string; createdAt: number }>();
        for (const { kind, row } of steps) {
          rows[kind](row);
          const key = `${row.createdAt}${row.id}`;
          if (kind === 'put') model.set(key, row);
          else model.delete(key);
        }
        const expected = [...model.entries()]
          .sort(([a], [b]) => (a < b ? 1 : -1))
          .map(([, row]) => row)
          .filter(({ createdAt }) => createdAt < before)
          .slice(0, count);
        expect(rows.newestBefore(before, count)).toEqual(expected);
      },
    ),
    { seed: 1 },
  );
});
