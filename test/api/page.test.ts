import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type List, pageOf, readPage } from '../../api/page.ts';

interface Row {
  readonly id: number;
  readonly createdAt: number;
}

/** As a table in memory lists: as many as are asked for. */
function exactly(rows: readonly Row[]): List<Row> {
  return async (pageSize, before = Number.MAX_SAFE_INTEGER) =>
    rows
      .filter((row) => row.createdAt < before)
      .sort((a, b) => b.createdAt - a.createdAt)
      .slice(0, pageSize);
}

/** As an archive lists: a page ends with a whole millisecond. */
function inWholeMilliseconds(rows: readonly Row[]): List<Row> {
  return async (pageSize, before) => {
    const found = await exactly(rows)(pageSize + 1, before);
    const next = found[pageSize];
    if (next === undefined) return found;
    const whole = found.filter((row) => Math.floor(row.createdAt) > Math.floor(next.createdAt));
    return whole.length > 0 ? whole : found.slice(0, pageSize);
  };
}

async function allPages(list: List<Row>, pageSize: number): Promise<number[]> {
  const ids: number[] = [];
  for (let token = ''; ; ) {
    const request = readPage({ page_size: String(pageSize), page_token: token });
    if ('code' in request) throw new Error(request.message);
    const page = await pageOf(request, list);
    ids.push(...page.rows.map((row) => row.id));
    if (page.nextPageToken === '') return ids;
    expect(page.nextPageToken).not.toBe(token);
    token = page.nextPageToken;
  }
}

test('whatever was made at the same time, the pages together hold every row once', async () => {
  const times = fc.array(fc.oneof(fc.integer({ min: 1, max: 6 }), fc.double({ min: 1, max: 4, noNaN: true })), {
    maxLength: 14,
  });
  await fc.assert(
    fc.asyncProperty(times, fc.integer({ min: 1, max: 5 }), async (createdAts, pageSize) => {
      const rows = createdAts.map((createdAt, id) => ({ id, createdAt: 1_767_225_600_000 + createdAt }));
      for (const list of [exactly(rows), inWholeMilliseconds(rows)]) {
        const ids = await allPages(list, pageSize);
        expect(ids.toSorted((a, b) => a - b)).toEqual(rows.map((row) => row.id));
      }
    }),
    { numRuns: 500, seed: 20_260_103 },
  );
});

test('pairs of calls that are made together are not lost at the end of a page', async () => {
  const rows = [1, 1, 2, 2, 3, 3].map((createdAt, id) => ({ id, createdAt }));
  expect(await allPages(inWholeMilliseconds(rows), 2)).toHaveLength(6);
});

test.each(['0', '-1', '101', 'many', '', undefined])('a page size of %j means 100', (size) => {
  expect(readPage({ page_size: size })).toEqual({ pageSize: 100, before: undefined });
});
