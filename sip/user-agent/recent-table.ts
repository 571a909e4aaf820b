/**
 * A table that holds at least the half of its limit that was used last, and never more than its limit. It forgets in
 * two generations, so that a flood costs the same few steps for each row: a `Map` that loses its first key at every
 * insertion walks over the holes of all before it.
 */
export class RecentTable<Row> {
  readonly #generationMax: number;
  #current = new Map<string, Row>();
  #previous = new Map<string, Row>();

  constructor(rowsMax: number) {
    this.#generationMax = Math.max(1, rowsMax >> 1);
  }

  get size(): number {
    return this.#current.size + this.#previous.size;
  }

  /** The row, which counts as used now. */
  get(key: string): Row | undefined {
    const row = this.#current.get(key);
    if (row !== undefined || this.#previous.size === 0) return row;
    const older = this.#previous.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  /** Puts a row; returns how many others were forgotten to make room. */
  set(key: string, row: Row): number {
    this.#previous.delete(key);
    const isFull = this.#current.size >= this.#generationMax && !this.#current.has(key);
    const forgotten = isFull ? this.#previous.size : 0;
    if (isFull) [this.#previous, this.#current] = [this.#current, new Map<string, Row>()];
    this.#current.set(key, row);
    return forgotten;
  }

  delete(key: string): boolean {
    return this.#current.delete(key) || this.#previous.delete(key);
  }

  *rows(): Generator<Row> {
    yield* this.#previous.values();
    yield* this.#current.values();
  }
}
