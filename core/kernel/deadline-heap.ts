import { assert } from './assert.ts';
import { type Instant, NEVER } from './time.ts';

interface Entry<Value> {
  at: Instant;
  /** Ties are taken in the order of adding, so that a run with a seed repeats. */
  readonly handle: number;
  readonly value: Value;
  index: number;
}

/**
 * Deadlines of thousands of machines in one binary heap: the earliest is known at once, adding, moving and removing
 * cost O(log n), and what rests costs nothing.
 */
export class DeadlineHeap<Value> {
  readonly #heap: Entry<Value>[] = [];
  readonly #entries = new Map<number, Entry<Value>>();
  #lastHandle = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Returns the handle with which the deadline is moved or removed. */
  add(at: Instant, value: Value): number {
    const handle = ++this.#lastHandle;
    const entry: Entry<Value> = { at, handle, value, index: this.#heap.length };
    this.#entries.set(handle, entry);
    this.#heap.push(entry);
    this.#rise(entry);
    return handle;
  }

  /** Sooner or later than before. The handle must still be in the heap. */
  move(handle: number, at: Instant): void {
    const entry = this.#entries.get(handle);
    assert(entry !== undefined, 'a deadline that was taken or removed cannot move');
    if (entry.at === at) return;
    entry.at = at;
    this.#rise(entry);
    this.#sink(entry);
  }

  /** False when it was taken or removed before. */
  remove(handle: number): boolean {
    const entry = this.#entries.get(handle);
    if (entry === undefined) return false;
    this.#entries.delete(handle);
    const last = this.#heap.pop()!;
    if (last === entry) return true;
    this.#place(last, entry.index);
    this.#rise(last);
    this.#sink(last);
    return true;
  }

  /** Earliest deadline, or `NEVER`. */
  next(): Instant {
    return this.#heap[0]?.at ?? NEVER;
  }

  /** Removes the earliest deadline if it is due at `now`, and returns its value. */
  takeDue(now: Instant): Value | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.remove(first.handle);
    return first.value;
  }

  #rise(entry: Entry<Value>): void {
    while (entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1]!;
      if (!isBefore(entry, parent)) return;
      this.#swap(entry, parent);
    }
  }

  #sink(entry: Entry<Value>): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1];
      const right = this.#heap[2 * entry.index + 2];
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, entry)) return;
      this.#swap(entry, child);
    }
  }

  #swap(a: Entry<Value>, b: Entry<Value>): void {
    const index = a.index;
    this.#place(a, b.index);
    this.#place(b, index);
  }

  #place(entry: Entry<Value>, index: number): void {
    entry.index = index;
    this.#heap[index] = entry;
  }
}

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.at < b.at || (a.at === b.at && a.handle < b.handle);
}
