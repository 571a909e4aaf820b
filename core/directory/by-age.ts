import type { WallTime } from '../kernel/time.ts';

interface Dated {
  readonly id: string;
  readonly createdAt: WallTime;
}

/** Rows in the order in which they were made, so that a page of the newest costs no look at the others. */
export class ByAge<Row extends Dated> {
  readonly #rows: Row[] = [];

  get size(): number {
    return this.#rows.length;
  }

  /** Adds the row, or puts it in the place of the one with its id and time. */
  put(row: Row): void {
    const index = this.#find(row);
    this.#rows.splice(index, isSame(this.#rows[index], row) ? 1 : 0, row);
  }

  delete(row: Row): void {
    const index = this.#find(row);
    if (isSame(this.#rows[index], row)) this.#rows.splice(index, 1);
  }

  /** At most `count` rows made strictly before the time, newest first. */
  newestBefore(before: WallTime, count: number): Row[] {
    let end = this.#lowerBound((row) => row.createdAt < before);
    const found: Row[] = [];
    while (end > 0 && found.length < count) found.push(this.#rows[--end]!);
    return found;
  }

  #find(row: Dated): number {
    return this.#lowerBound(
      (other) => other.createdAt < row.createdAt || (other.createdAt === row.createdAt && other.id < row.id),
    );
  }

  /** Index of the first row that is not `below`. */
  #lowerBound(below: (row: Row) => boolean): number {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (below(this.#rows[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isSame(a: Dated | undefined, b: Dated): boolean {
  return a !== undefined && a.id === b.id && a.createdAt === b.createdAt;
}
