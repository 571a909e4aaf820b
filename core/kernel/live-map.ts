/**
 * A map of what lives as long as a call, a request or a message: the interface of `Map`, whose order it keeps, but what
 * is deleted from it is garbage at once. When entries of a `Map` come and go, V8 lays it out anew every few dozen of them,
 * and each layout that was left names the next one and all values of its time. One that has reached the old generation
 * keeps these, and theirs, until the old generation is marked: next to every call that ever was has been copied twice
 * then, at each of two young collections. Here layouts name places, and a place that is left is empty.
 */
export class LiveMap<Key, Value> implements Iterable<[Key, Value]> {
  readonly #places = new Map<Key, number>();
  readonly #values: (Value | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#places.size;
  }

  get(key: Key): Value | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#values[place];
  }

  has(key: Key): boolean {
    return this.#places.has(key);
  }

  set(key: Key, value: Value): this {
    const place = this.#places.get(key);
    if (place !== undefined) {
      this.#values[place] = value;
      return this;
    }
    const taken = this.#free.pop() ?? this.#values.length;
    this.#values[taken] = value;
    this.#places.set(key, taken);
    return this;
  }

  /** Whether there was one. */
  delete(key: Key): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    this.#places.delete(key);
    this.#values[place] = undefined;
    this.#free.push(place);
    return true;
  }

  clear(): void {
    this.#places.clear();
    // The memory of an array that is cut short keeps what was in it, too.
    this.#values.fill(undefined);
    this.#values.length = 0;
    this.#free.length = 0;
  }

  /** Calls it with each value and its key, in the order in which the keys were added. */
  forEach(act: (value: Value, key: Key) => void): void {
    this.#places.forEach((place, key) => {
      act(this.#values[place] as Value, key);
    });
  }

  keys(): MapIterator<Key> {
    return this.#places.keys();
  }

  /** Values in the order in which their keys were added; those deleted meanwhile are left out, as in `Map`. */
  *values(): Generator<Value> {
    for (const place of this.#places.values()) yield this.#values[place] as Value;
  }

  *[Symbol.iterator](): Generator<[Key, Value]> {
    for (const [key, place] of this.#places) yield [key, this.#values[place] as Value];
  }
}
