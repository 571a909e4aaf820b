import type { Selectable } from 'kysely';
import type { CustomerId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { Schema } from './schema.ts';
import { compiler, type Query, queryOf } from './statement.ts';
import type { StoreReader } from './writer.ts';

/** Tables of rows that grow for ever and are not held in memory. */
export type RecordTable = 'calls' | 'conferencecalls' | 'recordings' | 'activeflows';

export interface Page {
  readonly pageSize: number;
  /** Only rows made strictly before: the time of the last row on the page before. */
  readonly before: WallTime;
}

interface Dated {
  readonly createdAt: WallTime;
}

/** Records of one kind as the store has them, those that live among them. */
export class Archive<Table extends RecordTable, Row extends Dated & { readonly id: string }> {
  protected readonly reader: StoreReader;
  protected readonly rowOf: (row: Selectable<Schema[Table]>) => Row;
  readonly #table: Table;

  constructor(reader: StoreReader, table: Table, rowOf: (row: Selectable<Schema[Table]>) => Row) {
    this.reader = reader;
    this.rowOf = rowOf;
    this.#table = table;
  }

  /** A customer's records, newest first. A page may be shorter than asked for, so that rows of one millisecond stay together. */
  async page(customerId: CustomerId, { pageSize, before }: Page): Promise<readonly Row[]> {
    const rows = await this.reader.read(rowsBefore(this.#table, customerId, before, pageSize));
    return wholeMilliseconds(rows.map(this.rowOf), pageSize);
  }

  /** Undefined when there is none, or it was deleted. The caller judges whose it is. */
  async byId(id: Row['id']): Promise<Row | undefined> {
    const [row] = await this.reader.read(rowById(this.#table, id));
    return row === undefined ? undefined : this.rowOf(row);
  }
}

function rowById<Table extends RecordTable>(table: Table, id: string): Query<Selectable<Schema[Table]>> {
  // A generic table would make every builder type a union over all tables; the signature is the check.
  const query = compiler
    .selectFrom(table as 'calls')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null);
  return queryOf(query) as Query<never>;
}

/** Rows made strictly before a time, newest first, one more than a page: see `wholeMilliseconds`. */
function rowsBefore<Table extends RecordTable>(
  table: Table,
  customerId: CustomerId,
  before: WallTime,
  pageSize: number,
): Query<Selectable<Schema[Table]>> {
  const query = compiler
    .selectFrom(table as 'calls')
    .selectAll()
    .where('customer_id', '=', customerId)
    .where('created_at', '<', before)
    .where('deleted_at', 'is', null)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(pageSize + 1);
  return queryOf(query) as Query<never>;
}

/**
 * The page of what `rowsBefore` read. The token of the next page is the last row's time in whole milliseconds, and
 * both calls of two phones are often created in the same one: such rows are never parted by the end of a page, or
 * the next page would miss some. A page that is one single millisecond is given as it is.
 */
function wholeMilliseconds<Row extends Dated>(rows: readonly Row[], pageSize: number): readonly Row[] {
  if (rows.length <= pageSize) return rows;
  const next = Math.floor(rows[pageSize]!.createdAt);
  let end = pageSize;
  while (end > 0 && Math.floor(rows[end - 1]!.createdAt) === next) end -= 1;
  return rows.slice(0, end === 0 ? pageSize : end);
}
