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

/**
 * One page of `list`, which gives rows newest first. The token is a time, so a page never ends between rows that were
 * made in the same millisecond: it ends before them, or, when they alone fill a page, takes them all.
 */
export async function pageOf<Row extends { readonly createdAt: WallTime }>(
  request: PageRequest,
  list: (pageSize: number) => Promise<readonly Row[]> | readonly Row[],
): Promise<Page<Row>> {
  const { pageSize } = request;
  const rows = await list(pageSize + 1);
  if (rows.length <= pageSize) return { rows, nextPageToken: '' };
  const next = rows[pageSize]!;
  const complete = rows.filter((row) => row.createdAt > next.createdAt);
  if (complete.length > 0) return { rows: complete, nextPageToken: rfc3339(complete.at(-1)!.createdAt) };
  const ties = (await list(TIES_MAX)).filter((row) => row.createdAt === next.createdAt);
  return { rows: ties, nextPageToken: rfc3339(next.createdAt) };
}
