import { PayloadCopy } from './payload-copy.ts';

/** What is in a packet: sound, or the description of the noise that follows (RFC 3389). */
export type PacketKind = 'voice' | 'noise';

/** Of what is kept in front of each payload: its number, timestamp, length in bytes, kind. */
const TIMESTAMP = 1;
const LENGTH = 2;
const KIND = 3;
const FIELD_WORDS = 4;
const FIELD_BYTES = 4 * FIELD_WORDS;
const NONE = -(2 ** 31);
/** Packets that there is room for at first: 80 ms of usual ones. */
const FIRST_COUNT = 4;
/** Slots begin at multiples of it. */
const GRAIN_BYTES = 16;

/**
 * Packets that wait, by extended sequence number modulo their count. Room is made as it is needed, up to a limit: for
 * payloads as long as they come, and for as many as the delay takes. Once made it stays.
 */
export class PacketSlots {
  readonly #countMax: number;
  readonly #bytesMax: number;
  #count = 0;
  /** From one slot to the next. */
  #strideBytes = FIELD_BYTES;
  /** Slots, one after the other. */
  #memory = new PayloadCopy(new Uint8Array(0));

  /** `countMax` is a power of two. */
  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  /** Where payloads are. */
  get bytes(): Uint8Array {
    return this.#memory.bytes;
  }

  has(extended: number): boolean {
    return this.#count > 0 && this.#memory.words[this.#row(extended)] === extended;
  }

  /** Signed. */
  timestamp(extended: number): number {
    return this.#memory.words[this.#row(extended) + TIMESTAMP]!;
  }

  /** Where the payload is. */
  start(extended: number): number {
    return (extended & (this.#count - 1)) * this.#strideBytes + FIELD_BYTES;
  }

  end(extended: number): number {
    return this.start(extended) + this.#memory.words[this.#row(extended) + LENGTH]!;
  }

  kind(extended: number): PacketKind {
    return this.#memory.words[this.#row(extended) + KIND] === 1 ? 'noise' : 'voice';
  }

  /** Takes in a packet that is within the limits. Those from `first` on keep their places. */
  store(
    extended: number,
    timestamp: number,
    from: Uint8Array,
    start: number,
    end: number,
    first: number,
    kind: PacketKind,
  ): void {
    const length = end - start;
    const ahead = extended - first;
    if (length > this.#strideBytes - FIELD_BYTES || ahead >= this.#count) this.#grow(length, ahead + 1, first);
    const memory = this.#memory;
    const { words } = memory;
    const row = this.#row(extended);
    words[row] = extended;
    words[row + TIMESTAMP] = timestamp;
    words[row + LENGTH] = length;
    words[row + KIND] = kind === 'noise' ? 1 : 0;
    memory.copy(from, start, end, this.start(extended));
  }

  clear(): void {
    for (let slot = 0; slot < this.#count; slot++) this.#memory.words[this.#row(slot)] = NONE;
  }

  /** Bytes of memory taken. */
  get sizeBytes(): number {
    return this.#memory.bytes.byteLength;
  }

  /** Reads what `store` or `has` will use of a packet, see `prefetch.ts`. */
  prefetch(extended: number): number {
    if (this.#count === 0) return 0;
    const { words } = this.#memory;
    const row = this.#row(extended);
    let sum = this.#memory.bytes[0]!;
    for (let word = row; word < row + (this.#strideBytes >> 2); word += 16) sum += words[word]!;
    return sum;
  }

  #row(extended: number): number {
    return ((extended & (this.#count - 1)) * this.#strideBytes) >> 2;
  }

  #grow(length: number, count: number, first: number): void {
    const before = this.#memory;
    const strideBefore = this.#strideBytes;
    const wanted = Math.min(this.#bytesMax, Math.ceil(length / GRAIN_BYTES) * GRAIN_BYTES) + FIELD_BYTES;
    // Limits of bytes need not be whole grains, slots are.
    this.#strideBytes = Math.max(strideBefore, Math.ceil(wanted / GRAIN_BYTES) * GRAIN_BYTES);
    const slotsBefore = this.#count;
    let slots = Math.max(this.#count, Math.min(FIRST_COUNT, this.#countMax));
    while (slots < count && slots < this.#countMax) slots *= 2;
    this.#count = slots;
    this.#memory = new PayloadCopy(new Uint8Array(slots * this.#strideBytes));
    this.clear();
    for (let slot = 0; slot < slotsBefore; slot++) {
      const row = (slot * strideBefore) >> 2;
      const extended = before.words[row]!;
      // One that was played already has no place any more, where two would have the same.
      if (extended < first || extended === NONE) continue;
      const sizeBytes = FIELD_BYTES + before.words[row + LENGTH]!;
      this.#memory.copy(before.bytes, 4 * row, 4 * row + sizeBytes, 4 * this.#row(extended));
    }
  }
}
