/** A queue of slots in which each is at most once, so that it never overflows. */
export class SlotQueue {
  readonly #slots: Int32Array;
  readonly #isQueued: Uint8Array;
  #first = 0;
  #count = 0;

  constructor(slotCount: number) {
    this.#slots = new Int32Array(slotCount);
    this.#isQueued = new Uint8Array(slotCount);
  }

  /** Queues a slot unless it is queued already. */
  push(slot: number): void {
    if (this.#isQueued[slot] === 1) return;
    this.#isQueued[slot] = 1;
    this.#slots[(this.#first + this.#count++) % this.#slots.length] = slot;
  }

  /** The slot queued first, or -1. */
  shift(): number {
    if (this.#count === 0) return -1;
    const slot = this.#slots[this.#first]!;
    this.#first = (this.#first + 1) % this.#slots.length;
    this.#count--;
    this.#isQueued[slot] = 0;
    return slot;
  }
}
