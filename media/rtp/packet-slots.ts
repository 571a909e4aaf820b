import { PayloadCopy } from './payload-copy.ts';

/** What is in a packet: sound, or the description of the noise that follows (RFC 3389). */
export type PacketKind = 'voice' | 'noise';

/** Of what is kept with each packet: its number, timestamp, payload bytes, kind. */
const FIELDS = 4;
const NONE = -(2 ** 31);
/** Packets that there is room for at first: 320 ms of usual ones. */
const FIRST_COUNT = 4;
/** Payloads lie on words. */
const GRAIN_BYTES = 32;

/**
 * Packets that wait, by extended sequence number modulo their count. Room is made as it is needed, up to a limit: for
 * payloads as long as they come, and for as many as the delay takes. Once made it stays.
 */
export class PacketSlots {
  readonly #countMax: number;
  readonly #bytesMax: number;
  #count = 0;
  #slotBytes = 0;
  #fields = new Int32Array(0);
  #copy: PayloadCopy | undefined;
  /** Slots, one after the other. */
  bytes = new Uint8Array(0);

  /** `countMax` is a power of two. */
  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  has(extended: number): boolean {
    return this.#count > 0 && this.#fields[this.#row(extended)] === extended;
  }

  /** Signed. */
  timestamp(extended: number): number {
    return this.#fields[this.#row(extended) + 1]!;
  }

  /** Where the payload is. */
  start(extended: number): number {
    return (extended & (this.#count - 1)) * this.#slotBytes;
  }

  end(extended: number): number {
    return this.start(extended) + this.#fields[this.#row(extended) + 2]!;
  }

  kind(extended: number): PacketKind {
    return this.#fields[this.#row(extended) + 3] === 1 ? 'noise' : 'voice';
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
    if (length > this.#slotBytes || ahead >= this.#count) this.#grow(length, ahead + 1, first);
    const row = this.#row(extended);
    this.#copy!.copy(from, start, end, this.start(extended));
    this.#fields[row] = extended;
    this.#fields[row + 1] = timestamp;
    this.#fields[row + 2] = length;
    this.#fields[row + 3] = kind === 'noise' ? 1 : 0;
  }

  clear(): void {
    for (let row = 0; row < this.#fields.length; row += FIELDS) this.#fields[row] = NONE;
  }

  /** Bytes of memory taken. */
  get sizeBytes(): number {
    return this.bytes.byteLength + this.#fields.byteLength;
  }

  #row(extended: number): number {
    return (extended & (this.#count - 1)) * FIELDS;
  }

  #grow(length: number, count: number, first: number): void {
    const { bytes } = this;
    const fields = this.#fields;
    const slotBytes = this.#slotBytes;
    this.#slotBytes = Math.max(slotBytes, Math.min(this.#bytesMax, Math.ceil(length / GRAIN_BYTES) * GRAIN_BYTES));
    let wanted = Math.max(this.#count, Math.min(FIRST_COUNT, this.#countMax));
    while (wanted < count && wanted < this.#countMax) wanted *= 2;
    this.#count = wanted;
    this.bytes = new Uint8Array(wanted * this.#slotBytes);
    this.#fields = new Int32Array(wanted * FIELDS);
    this.clear();
    const copy = new PayloadCopy(this.bytes);
    for (let slot = 0; slot * FIELDS < fields.length; slot++) {
      const extended = fields[slot * FIELDS]!;
      const size = fields[slot * FIELDS + 2]!;
      // One that was played already has no place any more, where two would have the same.
      if (extended < first || extended === NONE) continue;
      this.#fields.set(fields.subarray(slot * FIELDS, (slot + 1) * FIELDS), this.#row(extended));
      copy.copy(bytes, slot * slotBytes, slot * slotBytes + size, this.start(extended));
    }
    this.#copy = copy;
  }
}
