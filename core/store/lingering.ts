import { LiveMap } from '../kernel/live-map.ts';
import type { Write } from '../write.ts';
import { keyOf, tableOf } from './row-of-write.ts';

/** The last write of each row, however often it changed: what is kept while writes rest. */
export class Lingering {
  /** A map for each table: an id is its own key there, and no text has to be made to find a row. */
  readonly #tables = new Map<string, LiveMap<string, Write>>();
  #size = 0;

  /** Rows that are held. */
  get size(): number {
    return this.#size;
  }

  /** Whether there is a write of the same row. */
  has(write: Write): boolean {
    return this.#tables.get(tableOf(write))?.has(keyOf(write)) === true;
  }

  /** Takes the place of an earlier write of the same row. */
  put(write: Write): void {
    const name = tableOf(write);
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new LiveMap();
      this.#tables.set(name, table);
    }
    const before = table.size;
    table.set(keyOf(write), write);
    this.#size += table.size - before;
  }

  /** Hands over everything; nothing is held afterwards. */
  take(each: (write: Write) => void): void {
    for (const table of this.#tables.values()) {
      if (table.size === 0) continue;
      table.forEach(each);
      table.clear();
    }
    this.#size = 0;
  }
}
