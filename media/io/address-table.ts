const FIRST_CAPACITY = 8;
/** No packed address is 0. */
const EMPTY = 0;

/**
 * Slots by packed address (`addresses.ts`), for a look at each packet: a `Map` would need the number as an object, made
 * anew for every look. Open addressing with linear probing; what is taken out leaves no mark behind.
 */
export class AddressTable {
  #addresses = new Float64Array(FIRST_CAPACITY);
  #slots = new Int32Array(FIRST_CAPACITY);
  #mask = FIRST_CAPACITY - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The slot of `addresses[index]`, or -1. */
  find(addresses: Float64Array, index: number): number {
    const address = addresses[index]!;
    const table = this.#addresses;
    for (let at = home(address) & this.#mask; ; at = (at + 1) & this.#mask) {
      const found = table[at]!;
      if (found === address) return this.#slots[at]!;
      if (found === EMPTY) return -1;
    }
  }

  has(address: number): boolean {
    return this.#addresses[this.#placeOf(address)] === address;
  }

  set(address: number, slot: number): void {
    const at = this.#placeOf(address);
    this.#slots[at] = slot;
    if (this.#addresses[at] === address) return;
    this.#addresses[at] = address;
    this.#size++;
    if (2 * this.#size > this.#mask) this.#grow();
  }

  delete(address: number): void {
    let hole = this.#placeOf(address);
    if (this.#addresses[hole] !== address) return;
    this.#size--;
    const mask = this.#mask;
    // Who lies behind the hole and would not be found across it moves into it.
    for (let at = (hole + 1) & mask; this.#addresses[at] !== EMPTY; at = (at + 1) & mask) {
      const wished = home(this.#addresses[at]!) & mask;
      if (((at - wished) & mask) < ((at - hole) & mask)) continue;
      this.#addresses[hole] = this.#addresses[at]!;
      this.#slots[hole] = this.#slots[at]!;
      hole = at;
    }
    this.#addresses[hole] = EMPTY;
  }

  /** Where the address is, or would be. */
  #placeOf(address: number): number {
    let at = home(address) & this.#mask;
    while (this.#addresses[at] !== EMPTY && this.#addresses[at] !== address) at = (at + 1) & this.#mask;
    return at;
  }

  #grow(): void {
    const [addresses, slots] = [this.#addresses, this.#slots];
    const capacity = 2 * addresses.length;
    this.#addresses = new Float64Array(capacity);
    this.#slots = new Int32Array(capacity);
    this.#mask = capacity - 1;
    for (const [i, address] of addresses.entries()) {
      if (address === EMPTY) continue;
      const at = this.#placeOf(address);
      this.#addresses[at] = address;
      this.#slots[at] = slots[i]!;
    }
  }
}

/** Spreads addresses that differ in few bits: phones count their ports, networks their hosts. */
function home(address: number): number {
  const low = address >>> 0;
  const high = (address / 4294967296) >>> 0;
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
