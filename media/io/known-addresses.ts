import { parseIpv6, STRANGER_IPV6 } from './addresses.ts';

/** Of a number the last so many bits are its place here (`address-book.ts`). */
const PLACE_MASK = 0xffff;
const FIRST_CAPACITY = 16;
const NONE = 0;

/**
 * The IPv6 addresses that a media thread knows, found by their bits for each packet that comes, by their number for each
 * that goes. Nothing is allocated but when an address is learnt. Place 0 stands for all others.
 */
export class KnownAddresses {
  /** Number of the address at each place. */
  numbers = Float64Array.of(STRANGER_IPV6);
  /** Four words of an address for each place, as they lie in a socket address. */
  #words = new Uint32Array(4);
  /** Places by hash: open addressing with linear probing. */
  #table = new Uint16Array(FIRST_CAPACITY);
  #size = 0;
  readonly #seed: number;

  /** `seed`: any 32 bits that a peer cannot know, so that it cannot choose addresses that meet in one place. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Takes an address, an IPv6 one, that is found from now on. What had its place before is forgotten. */
  learn(number: number, address: string): void {
    const place = placeOf(number);
    const groups = parseIpv6(address)!;
    if (this.numbers[place] !== undefined) this.forget(this.numbers[place]);
    this.#makeRoomFor(place);
    // Bytes in network order, read as words of this machine.
    const bytes = new DataView(this.#words.buffer, 16 * place);
    for (const [index, group] of groups.entries()) bytes.setUint16(2 * index, group);
    this.numbers[place] = number;
    this.#size++;
    if (2 * this.#size > this.#table.length) this.#rehash(2 * this.#table.length);
    else this.#enter(place);
  }

  /** What is not known, or not any more, changes nothing. */
  forget(number: number): void {
    const place = placeOf(number);
    if (place === NONE || this.numbers[place] !== number) return;
    this.numbers[place] = NONE;
    this.#size--;
    const table = this.#table;
    const mask = table.length - 1;
    let hole = this.#home(place);
    while (table[hole] !== place) hole = (hole + 1) & mask;
    // Who lies behind the hole and would not be found across it moves into it.
    for (let at = (hole + 1) & mask; table[at] !== NONE; at = (at + 1) & mask) {
      const wished = this.#home(table[at]!);
      if (((at - wished) & mask) < ((at - hole) & mask)) continue;
      table[hole] = table[at]!;
      hole = at;
    }
    table[hole] = NONE;
  }

  /** Place of the address whose four words begin at `at`; 0 for a stranger. */
  find(words: Uint32Array, at: number): number {
    const table = this.#table;
    const known = this.#words;
    const mask = table.length - 1;
    const a = words[at]!;
    const b = words[at + 1]!;
    const c = words[at + 2]!;
    const d = words[at + 3]!;
    for (let index = this.#hash(a, b, c, d) & mask; ; index = (index + 1) & mask) {
      const place = table[index]!;
      if (place === NONE) return NONE;
      const own = 4 * place;
      if (known[own] === a && known[own + 1] === b && known[own + 2] === c && known[own + 3] === d) return place;
    }
  }

  /** Writes the four words of the address of `packed[index]` to `at`; false when its number is not known any more. */
  write(packed: Float64Array, index: number, words: Uint32Array, at: number): boolean {
    const number = Math.floor(packed[index]! / 65536);
    const place = placeOf(number);
    if (place === NONE || this.numbers[place] !== number) return false;
    const own = 4 * place;
    for (let word = 0; word < 4; word++) words[at + word] = this.#words[own + word]!;
    return true;
  }

  #makeRoomFor(place: number): void {
    if (place < this.numbers.length) return;
    let capacity = Math.max(FIRST_CAPACITY, this.numbers.length);
    while (capacity <= place) capacity *= 2;
    const [numbers, words] = [this.numbers, this.#words];
    this.numbers = new Float64Array(capacity);
    this.numbers.set(numbers);
    this.#words = new Uint32Array(4 * capacity);
    this.#words.set(words);
  }

  #rehash(capacity: number): void {
    this.#table = new Uint16Array(capacity);
    for (let place = 1; place < this.numbers.length; place++) if (this.numbers[place] !== NONE) this.#enter(place);
  }

  #enter(place: number): void {
    const mask = this.#table.length - 1;
    let index = this.#home(place);
    while (this.#table[index] !== NONE) index = (index + 1) & mask;
    this.#table[index] = place;
  }

  /** Where the address at this place is looked for first. */
  #home(place: number): number {
    const words = this.#words;
    const at = 4 * place;
    return this.#hash(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) & (this.#table.length - 1);
  }

  #hash(a: number, b: number, c: number, d: number): number {
    let hash = this.#seed;
    hash = Math.imul(hash ^ a, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ b, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 13) ^ c, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 16) ^ d, 0x85ebca6b);
    return hash ^ (hash >>> 15);
  }
}

function placeOf(number: number): number {
  return number & PLACE_MASK;
}
