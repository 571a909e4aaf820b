import { assert } from './assert.ts';

/** Records begin at multiples of this. */
const UNIT_SIZE_BYTES = 16;
const HEADER_SIZE_BYTES = 8;
const PAGE_UNITS = 65_536;
/** What is larger gets a page of its own. */
const SHARED_UNITS_MAX = 4_096;
const UTF8_BYTES_MAX = 3;

interface Page {
  readonly bytes: Buffer;
  /** The same memory. A record begins with the sizes of its key and its text in bytes. */
  readonly words: Uint32Array;
}

/**
 * Texts with a key each, in pages outside the heap: the garbage collector sees a page, not what is in it. A record is
 * known by its location, a number below 2^31, which may be given to another once it is removed.
 */
export class PackedRecords {
  readonly #pages: (Page | undefined)[] = [];
  /** Locations by their size in units. */
  readonly #free = new Map<number, number[]>();
  readonly #freePages: number[] = [];
  /** Where the newest shared page has room. */
  #next = 0;
  #nextEnd = 0;
  #scratch = Buffer.allocUnsafeSlow(4_096);

  /** Returns where the record lies. */
  add(key: string, text: string): number {
    const keySize = this.#write(key, text);
    const size = this.#writtenSize;
    return this.#place(this.#allocate(unitsOf(size)), keySize, size);
  }

  /** Gives the record at `location` another text. Returns where it lies now. */
  replace(location: number, key: string, text: string): number {
    const keySize = this.#write(key, text);
    const size = this.#writtenSize;
    if (unitsOf(size) === this.#unitsAt(location)) return this.#place(location, keySize, size);
    this.remove(location);
    return this.#place(this.#allocate(unitsOf(size)), keySize, size);
  }

  remove(location: number): void {
    const units = this.#unitsAt(location);
    if (units > SHARED_UNITS_MAX) {
      const page = Math.floor(location / PAGE_UNITS);
      this.#pages[page] = undefined;
      this.#freePages.push(page);
      return;
    }
    this.#release(location, units);
  }

  keyAt(location: number): string {
    const { bytes, words } = this.#pageOf(location);
    const start = startOf(location);
    return bytes.toString('utf8', start, start + words[(start - HEADER_SIZE_BYTES) >> 2]!);
  }

  textAt(location: number): string {
    const { bytes, words } = this.#pageOf(location);
    const start = startOf(location);
    const header = (start - HEADER_SIZE_BYTES) >> 2;
    const textStart = start + words[header]!;
    return bytes.toString('utf8', textStart, textStart + words[header + 1]!);
  }

  #writtenSize = 0;

  /** Encodes both into `#scratch`: how long they get is known only then. Returns the size of the key. */
  #write(key: string, text: string): number {
    const sizeMax = (key.length + text.length) * UTF8_BYTES_MAX;
    if (sizeMax > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(2 * sizeMax);
    const keySize = this.#scratch.write(key, 0, 'utf8');
    this.#writtenSize = keySize + this.#scratch.write(text, keySize, 'utf8');
    return keySize;
  }

  #place(location: number, keySize: number, size: number): number {
    const { bytes, words } = this.#pageOf(location);
    const start = startOf(location);
    const header = (start - HEADER_SIZE_BYTES) >> 2;
    words[header] = keySize;
    words[header + 1] = size - keySize;
    this.#scratch.copy(bytes, start, 0, size);
    return location;
  }

  #allocate(units: number): number {
    if (units > SHARED_UNITS_MAX) return this.#addPage(units) * PAGE_UNITS;
    const free = this.#free.get(units)?.pop();
    if (free !== undefined) return free;
    if (this.#next + units > this.#nextEnd) {
      if (this.#nextEnd > this.#next) this.#release(this.#next, this.#nextEnd - this.#next);
      this.#next = this.#addPage(PAGE_UNITS) * PAGE_UNITS;
      this.#nextEnd = this.#next + PAGE_UNITS;
    }
    const location = this.#next;
    this.#next += units;
    return location;
  }

  #release(location: number, units: number): void {
    const free = this.#free.get(units);
    if (free === undefined) this.#free.set(units, [location]);
    else free.push(location);
  }

  #addPage(units: number): number {
    const bytes = Buffer.allocUnsafeSlow(units * UNIT_SIZE_BYTES);
    const page = { bytes, words: new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) };
    const index = this.#freePages.pop() ?? this.#pages.length;
    assert((index + 1) * PAGE_UNITS <= 2 ** 31, 'locations are numbers of 31 bits');
    this.#pages[index] = page;
    return index;
  }

  #pageOf(location: number): Page {
    const page = this.#pages[Math.floor(location / PAGE_UNITS)];
    assert(page !== undefined, 'a record is read where one lies');
    return page;
  }

  #unitsAt(location: number): number {
    const { words } = this.#pageOf(location);
    const header = (startOf(location) - HEADER_SIZE_BYTES) >> 2;
    return unitsOf(words[header]! + words[header + 1]!);
  }
}

/** First byte behind the header, in the page. */
function startOf(location: number): number {
  return (location % PAGE_UNITS) * UNIT_SIZE_BYTES + HEADER_SIZE_BYTES;
}

function unitsOf(size: number): number {
  return Math.ceil((HEADER_SIZE_BYTES + size) / UNIT_SIZE_BYTES);
}
