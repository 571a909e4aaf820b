import type { WallTime } from '../kernel/time.ts';

/** As `ByAge`, for rows that are known by slot: their times in one array, so that millions of them are no objects. */
export class SlotsByAge {
  /** Tells two rows of one time apart. */
  readonly #idAt: (slot: number) => string;
  #times = new Float64Array(16);
  #slots = new Int32Array(16);
  #size = 0;

  constructor(idAt: (slot: number) => string) {
    this.#idAt = idAt;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a row; again, it changes nothing. */
  add(createdAt: WallTime, id: string, slot: number): void {
    const index = this.#find(createdAt, id);
    if (this.#slots[index] === slot && index < this.#size) return;
    if (this.#size === this.#slots.length) this.#grow();
    this.#times.copyWithin(index + 1, index, this.#size);
    this.#slots.copyWithin(index + 1, index, this.#size);
    this.#times[index] = createdAt;
    this.#slots[index] = slot;
    this.#size++;
  }

  delete(createdAt: WallTime, id: string, slot: number): void {
    const index = this.#find(createdAt, id);
    if (index >= this.#size || this.#slots[index] !== slot) return;
    this.#times.copyWithin(index, index + 1, this.#size);
    this.#slots.copyWithin(index, index + 1, this.#size);
    this.#size--;
  }

  /** Slots of at most `count` rows made strictly before the time, newest first. */
  newestBefore(before: WallTime, count: number): readonly number[] {
    const end = this.#lowerBound((index) => this.#times[index]! < before);
    return [...this.#slots.subarray(Math.max(0, end - count), end)].reverse();
  }

  /** Rows come in the order of their age nearly always: the last one is looked at first. */
  #find(createdAt: WallTime, id: string): number {
    const isBelow = (index: number): boolean => {
      const time = this.#times[index]!;
      return time < createdAt || (time === createdAt && this.#idAt(this.#slots[index]!) < id);
    };
    return this.#size > 0 && isBelow(this.#size - 1) ? this.#size : this.#lowerBound(isBelow);
  }

  /** Index of the first row that is not below. */
  #lowerBound(isBelow: (index: number) => boolean): number {
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBelow(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const [times, slots] = [new Float64Array(2 * this.#size), new Int32Array(2 * this.#size)];
    times.set(this.#times);
    slots.set(this.#slots);
    [this.#times, this.#slots] = [times, slots];
  }
}
