import { assert } from './assert.ts';
import { type Instant, NEVER } from './time.ts';

/** One deadline in a heap: what it is moved or removed by. */
export interface Deadline<Value> {
  readonly value: Value;
}

class Entry<Value> implements Deadline<Value> {
  at: Instant;
  /** Ties are taken in the order of adding, so that a run with a seed repeats. */
  readonly number: number;
  readonly value: Value;
  /** Its place in the heap; -1 once it was taken or removed. */
  index: number;

  constructor(at: Instant, number: number, value: Value, index: number) {
    this.at = at;
    this.number = number;
    this.value = value;
    this.index = index;
  }
}

/**
 * Deadlines of thousands of machines in one binary heap: the earliest is known at once, adding, moving and removing
 * cost O(log n), and what rests costs nothing.
 */
export class DeadlineHeap<Value> {
  readonly #heap: Entry<Value>[] = [];
  #lastNumber = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** Returns the deadline, by which it is moved or removed. */
  add(at: Instant, value: Value): Deadline<Value> {
    const entry = new Entry(at, ++this.#lastNumber, value, this.#heap.length);
    this.#heap.push(entry);
    this.#rise(entry);
    return entry;
  }

  /** Sooner or later than before. It must still be in the heap. */
  move(deadline: Deadline<unknown>, at: Instant): void {
    const entry = deadline as Entry<Value>;
    assert(entry.index >= 0, 'a deadline that was taken or removed cannot move');
    if (entry.at === at) return;
    entry.at = at;
    this.#rise(entry);
    this.#sink(entry);
  }

  /** False when it was taken or removed before. */
  remove(deadline: Deadline<unknown>): boolean {
    const entry = deadline as Entry<Value>;
    const { index } = entry;
    if (index < 0) return false;
    entry.index = -1;
    const last = this.#heap.pop()!;
    if (last === entry) return true;
    this.#place(last, index);
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
    this.remove(first);
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
    const { index } = a;
    this.#place(a, b.index);
    this.#place(b, index);
  }

  #place(entry: Entry<Value>, index: number): void {
    entry.index = index;
    this.#heap[index] = entry;
  }
}

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}
