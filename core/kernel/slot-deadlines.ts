import { type Instant, NEVER } from './time.ts';

/**
 * One deadline per slot in a binary heap of typed arrays: setting, moving and removing cost O(log n) and allocate
 * nothing, and there is nothing in it for the garbage collector. Moving a deadline later is cheap to avoid: leave it, and
 * decide again when it comes.
 */
export class SlotDeadlines {
  #at: Float64Array;
  #heap: Int32Array;
  #position: Int32Array;
  #size = 0;

  /** Room for so many slots from the start; for more it is made when they come. */
  constructor(slots = 16) {
    this.#at = new Float64Array(slots).fill(NEVER);
    this.#heap = new Int32Array(slots);
    this.#position = new Int32Array(slots).fill(-1);
  }

  get size(): number {
    return this.#size;
  }

  next(): Instant {
    return this.#size === 0 ? NEVER : this.#at[this.#heap[0]!]!;
  }

  /** Sets or moves the deadline of a slot; `NEVER` removes it. */
  set(slot: number, at: Instant): void {
    if (at === NEVER) {
      this.remove(slot);
      return;
    }
    if (slot >= this.#at.length) this.#reach(slot);
    this.#at[slot] = at;
    if (this.#position[slot] === -1) this.#place(slot, this.#size++);
    this.#rise(slot);
    this.#sink(slot);
  }

  remove(slot: number): void {
    const hole = this.#position[slot] ?? -1;
    if (hole === -1) return;
    this.#position[slot] = -1;
    const last = this.#heap[--this.#size]!;
    if (last === slot) return;
    this.#place(last, hole);
    this.#rise(last);
    this.#sink(last);
  }

  /** The slot with the earliest deadline; -1 when there is none. */
  first(): number {
    return this.#size === 0 ? -1 : this.#heap[0]!;
  }

  /** Removes and returns the slot with the earliest deadline if it is due, else -1. */
  takeDue(now: Instant): number {
    if (this.#size === 0) return -1;
    const slot = this.#heap[0]!;
    if (this.#at[slot]! > now) return -1;
    this.remove(slot);
    return slot;
  }

  #reach(slot: number): void {
    const [before, slots] = [this.#at.length, 2 * slot];
    const [at, heap, position] = [new Float64Array(slots), new Int32Array(slots), new Int32Array(slots)];
    at.set(this.#at);
    heap.set(this.#heap);
    position.set(this.#position);
    position.fill(-1, before);
    [this.#at, this.#heap, this.#position] = [at, heap, position];
  }

  #place(slot: number, position: number): void {
    this.#heap[position] = slot;
    this.#position[slot] = position;
  }

  #rise(slot: number): void {
    const at = this.#at[slot]!;
    for (let position = this.#position[slot]!; position > 0; ) {
      const up = (position - 1) >> 1;
      const parent = this.#heap[up]!;
      if (this.#at[parent]! <= at) return;
      this.#place(parent, position);
      this.#place(slot, up);
      position = up;
    }
  }

  #sink(slot: number): void {
    const at = this.#at[slot]!;
    for (let position = this.#position[slot]!; ; ) {
      let down = 2 * position + 1;
      if (down >= this.#size) return;
      if (down + 1 < this.#size && this.#at[this.#heap[down + 1]!]! < this.#at[this.#heap[down]!]!) down++;
      const child = this.#heap[down]!;
      if (this.#at[child]! >= at) return;
      this.#place(child, position);
      this.#place(slot, down);
      position = down;
    }
  }
}
