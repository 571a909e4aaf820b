/** The earliest of one time for each of millions of slots: a binary heap in arrays, which costs the garbage collector nothing. */
export class SlotDeadlines {
  /** Slots, each not later than the two below it. */
  #heap = new Int32Array(16);
  #size = 0;
  /** By slot. */
  #times = new Float64Array(16);
  /** By slot: its place in the heap + 1; 0 for none. */
  #places = new Int32Array(16);

  get size(): number {
    return this.#size;
  }

  /** Sets or moves the time of a slot. */
  set(slot: number, time: number): void {
    this.#reserve(slot);
    this.#times[slot] = time;
    const place = this.#places[slot]! - 1;
    if (place === -1) {
      this.#put(slot, this.#size++);
      this.#rise(slot);
    } else {
      this.#rise(slot);
      this.#sink(slot);
    }
  }

  /** A slot without a time stays without. */
  clear(slot: number): void {
    const place = (this.#places[slot] ?? 0) - 1;
    if (place === -1) return;
    this.#places[slot] = 0;
    const last = this.#heap[--this.#size]!;
    if (last === slot) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  /** The earliest time; `Infinity` when there is none. */
  next(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[this.#heap[0]!]!;
  }

  /** The slot whose time is the earliest; -1 when there is none. */
  first(): number {
    return this.#size === 0 ? -1 : this.#heap[0]!;
  }

  #rise(slot: number): void {
    let place = this.#places[slot]! - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above]!;
      if (this.#times[parent]! <= this.#times[slot]!) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(slot, place);
  }

  #sink(slot: number): void {
    let place = this.#places[slot]! - 1;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#size) break;
      const isRightEarlier =
        below + 1 < this.#size && this.#times[this.#heap[below + 1]!]! < this.#times[this.#heap[below]!]!;
      if (isRightEarlier) below++;
      const child = this.#heap[below]!;
      if (this.#times[child]! >= this.#times[slot]!) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(slot, place);
  }

  #put(slot: number, place: number): void {
    this.#heap[place] = slot;
    this.#places[slot] = place + 1;
  }

  #reserve(slot: number): void {
    if (slot >= this.#times.length) {
      const length = 2 ** Math.ceil(Math.log2(slot + 1));
      const [times, places] = [new Float64Array(length), new Int32Array(length)];
      times.set(this.#times);
      places.set(this.#places);
      [this.#times, this.#places] = [times, places];
    }
    if (this.#size < this.#heap.length) return;
    const heap = new Int32Array(2 * this.#heap.length);
    heap.set(this.#heap);
    this.#heap = heap;
  }
}
