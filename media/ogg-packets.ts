import { isPageBegin, oggPageBytes, oggPageGranule, PAGE_FLAG, PAGE_HEADER_BYTES } from './ogg-page.ts';

/** A longer packet is none of speech: it is left out. */
const PACKET_BYTES_MAX = 65_536;
/** A file with more places that look like pages and are none is no Ogg: to look on at each byte would take for ever. */
const DAMAGED_PAGES_MAX = 100;
const NOTHING = new Uint8Array(0);

/**
 * Reads the packets of the first logical stream of an Ogg file (RFC 3533 §6), one after the other. Pages that are damaged,
 * cut off or of other streams are left out, with the packets that lie across them.
 */
export class OggPackets {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #serial: number | undefined;
  #sequence = -1;
  #damagedPages = 0;
  /** Behind the page that is being read. */
  #next = 0;
  /** Of that page: lengths that are left, and where the next packet begins. */
  #segment = 0;
  #segmentsEnd = 0;
  #at = 0;
  /** What a packet had on the pages before; undefined while its begin is not known. */
  #begun: Uint8Array | undefined = NOTHING;
  /** Of the last page that told it; -1 before. In units of the codec: what lies before the end of that page. */
  granule = -1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next packet, a view of the file where it lies in one piece; undefined at the end. */
  read(): Uint8Array | undefined {
    for (;;) {
      if (this.#segment === this.#segmentsEnd && !this.#readPage()) return undefined;
      const packet = this.#readSegments();
      if (packet !== undefined) return packet;
    }
  }

  /** Up to the end of a packet or of the page; undefined when that gave no whole packet. */
  #readSegments(): Uint8Array | undefined {
    const bytes = this.#bytes;
    const from = this.#at;
    let isWhole = false;
    while (this.#segment < this.#segmentsEnd && !isWhole) {
      const sizeBytes = bytes[this.#segment++]!;
      this.#at += sizeBytes;
      isWhole = sizeBytes < 255;
    }
    const begun = this.#begun;
    const piece = bytes.subarray(from, this.#at);
    const packet = begun === undefined || begun.length === 0 ? piece : joined(begun, piece);
    if (isWhole) {
      this.#begun = NOTHING;
      return begun === undefined || packet.length > PACKET_BYTES_MAX ? undefined : packet;
    }
    this.#begun = begun === undefined || packet.length > PACKET_BYTES_MAX ? undefined : packet;
    return undefined;
  }

  /** Goes to the next page of the stream; false at the end. */
  #readPage(): boolean {
    for (let at = this.#next; ; ) {
      at = this.#findPage(at);
      if (at < 0) return false;
      const sizeBytes = oggPageBytes(this.#bytes, at);
      if (sizeBytes === 0) {
        if (++this.#damagedPages > DAMAGED_PAGES_MAX) return false;
        at += 1;
        continue;
      }
      at = this.#next = at + sizeBytes;
      if (this.#enter(at - sizeBytes)) return true;
    }
  }

  #findPage(from: number): number {
    for (let at = from; at + PAGE_HEADER_BYTES <= this.#bytes.length; at++) if (isPageBegin(this.#bytes, at)) return at;
    return -1;
  }

  /** False for a page of another stream. */
  #enter(at: number): boolean {
    const view = this.#view;
    const serial = view.getUint32(at + 14, true);
    this.#serial ??= serial;
    if (serial !== this.#serial) return false;
    const sequence = view.getUint32(at + 18, true);
    const isContinued = (this.#bytes[at + 5]! & PAGE_FLAG.continued) !== 0;
    const follows = this.#sequence < 0 || sequence === (this.#sequence + 1) >>> 0;
    if (!isContinued) this.#begun = NOTHING;
    else if (!follows || this.#begun?.length === 0) this.#begun = undefined;
    this.#sequence = sequence;
    const granule = oggPageGranule(this.#bytes.subarray(at));
    if (granule >= 0) this.granule = granule;
    this.#segment = at + PAGE_HEADER_BYTES;
    this.#segmentsEnd = this.#segment + this.#bytes[at + 26]!;
    this.#at = this.#segmentsEnd;
    return true;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
