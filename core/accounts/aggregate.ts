import type { AccountCommand, Refusal } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { CustomerRow } from '../directory/live-rows.ts';
import type { EventBody } from '../event.ts';
import type { CustomerId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import { notFound } from '../refusal.ts';
import type { AccountWrite, Change, Definition, Ground } from './change.ts';

export type Happening = 'created' | 'updated' | 'deleted';

interface ChangedRow extends CustomerRow {
  readonly updatedAt: WallTime | null;
}

interface AggregateOptions<Row extends ChangedRow> {
  /** The word for one of them. */
  readonly what: string;
  readonly rowsOf: (directory: Directory) => Pick<ReadonlyMap<string, Row>, 'get'>;
  /** Under which no two of them live. */
  readonly nameOf: (row: Row) => string;
  readonly writeOf: (row: Row) => AccountWrite;
  readonly eventOf: (row: Row, happening: Happening) => EventBody;
}

/** What the commands on one kind of row have in common. */
export class Aggregate<Row extends ChangedRow> {
  readonly #options: AggregateOptions<Row>;

  constructor(options: AggregateOptions<Row>) {
    this.#options = options;
  }

  /** The key by which the one with this name is reserved, whether it exists or not. */
  key(name: string): string {
    return `${this.#options.what} ${name}`;
  }

  /** The same key, for one that is named by its id. */
  keyOfId(id: string, directory: Directory): string {
    const row = this.#options.rowsOf(directory).get(id);
    return this.key(row === undefined ? id : this.#options.nameOf(row));
  }

  /** The row that was made, saved and told. */
  created(row: Row, { directory }: Ground): Change | Refusal {
    if (!directory.customers.has(row.customerId)) return notFound('customer', row.customerId, 'customer_id');
    return this.#change(row, 'created');
  }

  /** As `created`, for a row that needs no customer. */
  createdForAll(row: Row): Change {
    return this.#change(row, 'created');
  }

  /** The row with this id after the changes, unless it is gone or `changesOf` refuses. */
  updated(id: string, ground: Ground, changesOf: (old: Row) => Partial<Row> | Refusal): Change | Refusal {
    const old = this.#options.rowsOf(ground.directory).get(id);
    if (old === undefined) return notFound(this.#options.what, id);
    const changes = changesOf(old);
    if ('code' in changes) return changes;
    return this.#change({ ...old, ...changes, updatedAt: ground.at }, 'updated');
  }

  /** The row with this id marked as deleted, with whatever its end changes besides. */
  deleted(id: string, ground: Ground, changes: Partial<Row> = {}): Change | Refusal {
    const old = this.#options.rowsOf(ground.directory).get(id);
    if (old === undefined) return notFound(this.#options.what, id);
    return this.#change({ ...old, ...changes, updatedAt: ground.at, deletedAt: ground.at }, 'deleted');
  }

  /** A deletion that has no other effect. */
  deletion<C extends AccountCommand & { readonly id: string }>(changes: Partial<Row> = {}): Definition<C> {
    return {
      keysOf: ({ id }, directory) => [this.keyOfId(id, directory)],
      changeOf: ({ id }, ground) => this.deleted(id, ground, changes),
    };
  }

  #change(row: Row, happening: Happening): Change {
    const { writeOf, eventOf } = this.#options;
    return { id: row.id, customerId: row.customerId, writes: [writeOf(row)], events: [eventOf(row, happening)] };
  }
}

/** The dates of a row that is made now. */
export function newRow(customerId: CustomerId, at: WallTime) {
  return { customerId, createdAt: at, updatedAt: null, deletedAt: null };
}
