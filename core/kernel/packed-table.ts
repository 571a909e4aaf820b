import { PackedRecords } from './packed-records.ts';

/** How a value becomes a text, and one like it again. */
export interface TextForm<Value> {
  encode(value: Value): string;
  decode(text: string, key: string): Value;
}

const CAPACITY_MIN = 16;
/** How many values are kept as they are, twice over: those of a small installation are never read from their text. */
const RECENT_MAX = 4_096;

/**
 * Values by key as a `Map` has them, but for millions: they lie outside the heap as texts, so the garbage collector has
 * nothing to mark, and become objects when they are asked for. What is in use stays an object, and stays the same one.
 *
 * Each key has a slot, a small number that is its own until it is deleted: what belongs to it can lie in arrays.
 */
export class PackedTable<Value> {
  readonly #form: TextForm<Value>;
  readonly #recentMax: number;
  readonly #records = new PackedRecords();
  /** Open addressing with linear probing (Knuth, TAOCP 6.4): slot + 1, or 0 where nothing is. */
  #table = new Int32Array(CAPACITY_MIN);
  /** By slot. */
  #hashes = new Int32Array(CAPACITY_MIN);
  /** By slot: where its record lies; in a free slot `~(next free slot + 1)`. */
  #locations = new Int32Array(CAPACITY_MIN);
  #slotEnd = 0;
  /** First free slot below `#slotEnd` + 1, or 0. */
  #freeSlot = 0;
  #size = 0;
  #recent = new Map<string, Value>();
  #lessRecent = new Map<string, Value>();
  /** How often those that are not in use became texts alone. */
  turnover = 0;

  /** `recentMax`: values that are kept as they are; 0 where none is asked for twice. */
  constructor(form: TextForm<Value>, recentMax = RECENT_MAX) {
    this.#form = form;
    this.#recentMax = recentMax;
  }

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    return this.slotOf(key) !== -1;
  }

  get(key: string): Value | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const slot = this.slotOf(key);
    return slot === -1 ? undefined : this.#valueAt(slot, key);
  }

  /** Returns the slot of the key. */
  set(key: string, value: Value): number {
    const text = this.#form.encode(value);
    let slot = this.slotOf(key);
    if (slot === -1) slot = this.#add(key, text);
    else this.#locations[slot] = this.#records.replace(this.#locations[slot]!, key, text);
    this.#remember(key, value);
    return slot;
  }

  /** False when there is none. */
  delete(key: string): boolean {
    const slot = this.slotOf(key);
    if (slot === -1) return false;
    this.#recent.delete(key);
    this.#lessRecent.delete(key);
    this.#unlink(slot);
    this.#records.remove(this.#locations[slot]!);
    this.#locations[slot] = ~this.#freeSlot;
    this.#freeSlot = slot + 1;
    this.#size--;
    return true;
  }

  /** -1 when there is no such key. */
  slotOf(key: string): number {
    const hash = hashOf(key);
    const mask = this.#table.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const slot = this.#table[place]! - 1;
      if (slot === -1) return -1;
      if (this.#hashes[slot] === hash && this.#records.keyAt(this.#locations[slot]!) === key) return slot;
    }
  }

  /** The slot must be one that a key has. */
  keyAt(slot: number): string {
    return this.#records.keyAt(this.#locations[slot]!);
  }

  /** In the order of slots. Changes meanwhile may or may not be seen. */
  *keys(): IterableIterator<string> {
    for (let slot = 0; slot < this.#slotEnd; slot++) if (this.#locations[slot]! >= 0) yield this.keyAt(slot);
  }

  *values(): IterableIterator<Value> {
    for (const key of this.keys()) yield this.#recent.get(key) ?? this.#read(this.slotOf(key), key);
  }

  #valueAt(slot: number, key: string): Value {
    const value = this.#lessRecent.get(key) ?? this.#read(slot, key);
    this.#remember(key, value);
    return value;
  }

  #read(slot: number, key: string): Value {
    return this.#form.decode(this.#records.textAt(this.#locations[slot]!), key);
  }

  #remember(key: string, value: Value): void {
    if (this.#recentMax === 0) return;
    if (this.#recent.size >= this.#recentMax) {
      this.#lessRecent = this.#recent;
      this.#recent = new Map();
      this.turnover++;
    }
    this.#recent.set(key, value);
  }

  #add(key: string, text: string): number {
    if (2 * (this.#size + 1) > this.#table.length) this.#grow();
    const slot = this.#freeSlot > 0 ? this.#freeSlot - 1 : this.#slotEnd++;
    if (this.#freeSlot > 0) this.#freeSlot = ~this.#locations[slot]!;
    this.#hashes[slot] = hashOf(key);
    this.#locations[slot] = this.#records.add(key, text);
    this.#link(slot);
    this.#size++;
    return slot;
  }

  #link(slot: number): void {
    const mask = this.#table.length - 1;
    let place = this.#hashes[slot]! & mask;
    while (this.#table[place] !== 0) place = (place + 1) & mask;
    this.#table[place] = slot + 1;
  }

  /** Those behind it move up, so that no search ends before it should. */
  #unlink(slot: number): void {
    const mask = this.#table.length - 1;
    let hole = this.#hashes[slot]! & mask;
    while (this.#table[hole] !== slot + 1) hole = (hole + 1) & mask;
    for (let place = (hole + 1) & mask; this.#table[place] !== 0; place = (place + 1) & mask) {
      const home = this.#hashes[this.#table[place]! - 1]! & mask;
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      this.#table[hole] = this.#table[place]!;
      hole = place;
    }
    this.#table[hole] = 0;
  }

  #grow(): void {
    this.#hashes = larger(this.#hashes);
    this.#locations = larger(this.#locations);
    this.#table = new Int32Array(2 * this.#table.length);
    for (let slot = 0; slot < this.#slotEnd; slot++) if (this.#locations[slot]! >= 0) this.#link(slot);
  }
}

function larger(array: Int32Array): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(2 * array.length);
  copy.set(array);
  return copy;
}

/** FNV-1a, its bits mixed once more, because only the low ones count (MurmurHash3's finalizer). */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
