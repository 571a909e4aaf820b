import type { CustomerId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import { ByAge } from './by-age.ts';

/** What every row of a customer has. */
export interface CustomerRow {
  readonly id: string;
  readonly customerId: CustomerId;
  readonly createdAt: WallTime;
  readonly deletedAt: WallTime | null;
}

/**
 * The rows of one kind that are not deleted: by id, by the names under which a row is unique, and each customer's by
 * age.
 */
export class LiveRows<Row extends CustomerRow> {
  readonly byId = new Map<Row['id'], Row>();
  readonly #namesOf: (row: Row) => readonly string[];
  readonly #byName = new Map<string, Row>();
  readonly #byAge = new Map<CustomerId, ByAge<Row>>();

  /** `namesOf` gives every name under which the row is found; no two live rows share one. */
  constructor(namesOf: (row: Row) => readonly string[]) {
    this.#namesOf = namesOf;
  }

  /** Adds or replaces the row, or takes it away when it is deleted. Returns the live row that had its id before. */
  put(row: Row): Row | undefined {
    const old = this.byId.get(row.id);
    if (old !== undefined) for (const name of this.#namesOf(old)) this.#byName.delete(name);
    if (row.deletedAt === null) {
      this.byId.set(row.id, row);
      for (const name of this.#namesOf(row)) this.#byName.set(name, row);
      this.#agesOf(row.customerId).put(row);
    } else if (old !== undefined) {
      this.byId.delete(row.id);
      this.#agesOf(row.customerId).delete(row);
    }
    return old;
  }

  byName(name: string): Row | undefined {
    return this.#byName.get(name);
  }

  /** At most `count` of the customer's rows made strictly before the time, newest first. */
  before(customerId: CustomerId, before: WallTime, count: number): readonly Row[] {
    return this.#byAge.get(customerId)?.newestBefore(before, count) ?? [];
  }

  countOf(customerId: CustomerId): number {
    return this.#byAge.get(customerId)?.size ?? 0;
  }

  #agesOf(customerId: CustomerId): ByAge<Row> {
    let ages = this.#byAge.get(customerId);
    if (ages === undefined) {
      ages = new ByAge();
      this.#byAge.set(customerId, ages);
    }
    return ages;
  }
}
