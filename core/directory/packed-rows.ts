import type { CustomerId } from '../kernel/ids.ts';
import { PackedTable, type TextForm } from '../kernel/packed-table.ts';
import type { WallTime } from '../kernel/time.ts';
import type { CustomerRow } from './live-rows.ts';
import { SlotsByAge } from './slots-by-age.ts';

const PLAIN: TextForm<string> = { encode: (text) => text, decode: (text) => text };

/** As `LiveRows`, for rows of which there are millions; each has one name. */
export class PackedRows<Row extends CustomerRow> {
  readonly byId: PackedTable<Row>;
  readonly #nameOf: (row: Row) => string;
  /** Ids. */
  readonly #byName = new PackedTable<string>(PLAIN);
  readonly #byAge = new Map<CustomerId, SlotsByAge>();

  constructor(form: TextForm<Row>, nameOf: (row: Row) => string) {
    this.byId = new PackedTable(form);
    this.#nameOf = nameOf;
  }

  /** Adds or replaces the row, or takes it away when it is deleted. Returns the live row that had its id before. */
  put(row: Row): Row | undefined {
    const old = this.byId.get(row.id);
    const name = this.#nameOf(row);
    if (old !== undefined && (row.deletedAt !== null || this.#nameOf(old) !== name))
      this.#byName.delete(this.#nameOf(old));
    if (row.deletedAt === null) {
      const slot = this.byId.set(row.id, row);
      this.#byName.set(name, row.id);
      this.#agesOf(row.customerId).add(row.createdAt, row.id, slot);
    } else if (old !== undefined) {
      this.#agesOf(row.customerId).delete(row.createdAt, row.id, this.byId.slotOf(row.id));
      this.byId.delete(row.id);
    }
    return old;
  }

  byName(name: string): Row | undefined {
    const id = this.#byName.get(name);
    return id === undefined ? undefined : this.byId.get(id);
  }

  /** At most `count` of the customer's rows made strictly before the time, newest first. */
  before(customerId: CustomerId, before: WallTime, count: number): readonly Row[] {
    const slots = this.#byAge.get(customerId)?.newestBefore(before, count) ?? [];
    return slots.map((slot) => this.byId.get(this.byId.keyAt(slot))!);
  }

  #agesOf(customerId: CustomerId): SlotsByAge {
    let ages = this.#byAge.get(customerId);
    if (ages === undefined) {
      ages = new SlotsByAge((slot) => this.byId.keyAt(slot));
      this.#byAge.set(customerId, ages);
    }
    return ages;
  }
}
