/**
 * First in, first out. An array that is emptied by `shift` gives its memory back and takes new memory with the next
 * `push`; between machines that hand over one thing at a time, this is once a thing. A queue keeps its slots.
 */
export class Queue<Thing> {
  /** As many as a power of two, so that a counter finds its slot by its lower bits. */
  #slots: (Thing | undefined)[] = new Array(8).fill(undefined);
  #taken = 0;
  #given = 0;

  get length(): number {
    return this.#given - this.#taken;
  }

  push(thing: Thing): void {
    if (this.length === this.#slots.length) this.#grow();
    this.#slots[this.#given & (this.#slots.length - 1)] = thing;
    this.#given += 1;
  }

  /** The oldest thing; undefined when there is none. */
  shift(): Thing | undefined {
    if (this.#taken === this.#given) return undefined;
    const place = this.#taken & (this.#slots.length - 1);
    const thing = this.#slots[place];
    this.#slots[place] = undefined;
    this.#taken += 1;
    if (this.#taken === this.#given) this.#emptied();
    return thing;
  }

  clear(): void {
    while (this.shift() !== undefined);
  }

  #grow(): void {
    const things = this.#slots;
    const first = this.#taken & (things.length - 1);
    this.#slots = [...things.slice(first), ...things.slice(0, first), ...new Array(things.length).fill(undefined)];
    this.#given -= this.#taken;
    this.#taken = 0;
  }

  /** The counters stay small, and a crowd that has passed leaves no room behind. */
  #emptied(): void {
    this.#taken = 0;
    this.#given = 0;
    if (this.#slots.length > SLOTS_KEPT_MAX) this.#slots = new Array(8).fill(undefined);
  }
}

const SLOTS_KEPT_MAX = 1_024;
