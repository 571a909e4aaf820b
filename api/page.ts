import type { Refusal } from '../core/command.ts';
import { rfc3339, type WallTime } from '../core/kernel/time.ts';

/** Largest and default number of rows on a page (platform §1.1). */
const PAGE_SIZE = 100;
/** Rows made within one millisecond that a page takes rather than lose some. */
const TIES_MAX = 10_000;

export interface PageRequest {
  readonly pageSize: number;
  /** Rows made strictly before this; undefined for the newest. */
  readonly before: WallTime | undefined;
}

/** Reads `page_size` (anything unusable means the largest) and `page_token` of a query. */
export function readPage(query: unknown): PageRequest | Refusal {
  const { page_size: size, page_token: token } = query as Record<string, unknown>;
  const asked = typeof size === 'string' && /^\d{1,9}$/.test(size) ? Number(size) : 0;
  const pageSize = asked >= 1 && asked <= PAGE_SIZE ? asked : PAGE_SIZE;
  if (token === undefined || token === '') return { pageSize, before: undefined };
  const before = typeof token === 'string' && /^\d{4}-\d\d-\d\dT/.test(token) ? Date.parse(token) : Number.NaN;
  if (Number.isFinite(before)) return { pageSize, before };
  return {
    code: 'INVALID_ARGUMENT',
    message: 'page_token is not one of ours',
    field: 'page_token',
    expected: 'the next_page_token of another page',
    got: String(token).slice(0, 100),
  };
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextPageToken: string;
}

interface Dated {
  readonly createdAt: WallTime;
}

/** Gives at most so many rows made strictly before the time, newest first. */
export type List<Row> = (pageSize: number, before: WallTime | undefined) => Promise<readonly Row[]>;

/**
 * One page of `list`. The token is a time in whole milliseconds, so a page never ends between rows that were made in
 * the same one: it ends before them, or, when they alone fill a page, takes them all. `list` may do likewise and give
 * fewer than there are, but none only when there are none.
 */
export async function pageOf<Row extends Dated>(request: PageRequest, list: List<Row>): Promise<Page<Row>> {
  const { pageSize, before } = request;
  const rows = await list(pageSize + 1, before);
  const next = rows[pageSize];
  if (next === undefined) {
    const last = rows.at(-1);
    const isLastPage = last === undefined || (await list(1, millisecond(last))).length === 0;
    return { rows, nextPageToken: isLastPage ? '' : tokenOf(last) };
  }
  const complete = rows.filter((row) => millisecond(row) > millisecond(next));
  if (complete.length > 0) return { rows: complete, nextPageToken: tokenOf(complete.at(-1)!) };
  const ties = (await list(TIES_MAX, before)).filter((row) => millisecond(row) === millisecond(next));
  return { rows: ties, nextPageToken: tokenOf(next) };
}

function millisecond(row: Dated): WallTime {
  return Math.floor(row.createdAt);
}

function tokenOf(row: Dated): string {
  return rfc3339(millisecond(row));
}
