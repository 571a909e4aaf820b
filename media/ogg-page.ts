export const PAGE_HEADER_BYTES = 27;
/** 255 segments of 255 bytes. */
export const OGG_PAGE_BYTES_MAX = PAGE_HEADER_BYTES + 255 + 255 * 255;
export const PAGE_FLAG = { continued: 1, begin: 2, end: 4 } as const;
const SEGMENT_BYTES_MAX = 255;
/** Where these lie in a page. */
const FLAGS_AT = 5;
const GRANULE_AT = 6;
const CHECKSUM_AT = 22;

export interface OggPage {
  readonly serial: number;
  /** Counts the pages of the stream. */
  readonly sequence: number;
  /** Where the last packet of the page ends, in units of the codec. */
  readonly granule: number;
  readonly flags: number;
}

/** A page of whole packets (RFC 3533 §6): each with its length in segments of 255 bytes, at most 255 in all. */
export function oggPage(
  { serial, sequence, granule, flags }: OggPage,
  packets: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const segments: number[] = [];
  let sizeBytes = 0;
  for (const { length } of packets) {
    for (let left = length; left >= SEGMENT_BYTES_MAX; left -= SEGMENT_BYTES_MAX) segments.push(SEGMENT_BYTES_MAX);
    segments.push(length % SEGMENT_BYTES_MAX);
    sizeBytes += length;
  }
  const page = new Uint8Array(PAGE_HEADER_BYTES + segments.length + sizeBytes);
  const view = new DataView(page.buffer);
  view.setUint32(0, 0x4f67_6753);
  page[FLAGS_AT] = flags;
  view.setBigUint64(GRANULE_AT, BigInt(granule), true);
  view.setUint32(14, serial, true);
  view.setUint32(18, sequence, true);
  page[26] = segments.length;
  page.set(segments, PAGE_HEADER_BYTES);
  let at = PAGE_HEADER_BYTES + segments.length;
  for (const packet of packets) {
    page.set(packet, at);
    at += packet.length;
  }
  view.setUint32(CHECKSUM_AT, oggChecksum(page, 0, page.length), true);
  return page;
}

/** Size of the page that begins there; 0 when it is none, damaged or cut off. */
export function oggPageBytes(bytes: Uint8Array, start: number): number {
  if (start + PAGE_HEADER_BYTES > bytes.length || !isPageBegin(bytes, start) || bytes[start + 4] !== 0) return 0;
  const segmentsEnd = start + PAGE_HEADER_BYTES + bytes[start + 26]!;
  if (segmentsEnd > bytes.length) return 0;
  let end = segmentsEnd;
  for (let i = start + PAGE_HEADER_BYTES; i < segmentsEnd; i++) end += bytes[i]!;
  if (end > bytes.length) return 0;
  const told = new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(CHECKSUM_AT, true);
  return oggChecksum(bytes, start, end) === told ? end - start : 0;
}

export function isPageBegin(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x4f && bytes[at + 1] === 0x67 && bytes[at + 2] === 0x67 && bytes[at + 3] === 0x53;
}

/** Of a whole page. All ones (no packet ends on it), and what lies beyond 2^53, is -1. */
export function oggPageGranule(page: Uint8Array): number {
  const view = new DataView(page.buffer, page.byteOffset);
  const high = view.getUint32(GRANULE_AT + 4, true);
  return high < 0x20_0000 ? high * 2 ** 32 + view.getUint32(GRANULE_AT, true) : -1;
}

/** The same page with more flags. */
export function flaggedPage(page: Uint8Array, flags: number): Uint8Array<ArrayBuffer> {
  const flagged = new Uint8Array(page);
  flagged[FLAGS_AT]! |= flags;
  new DataView(flagged.buffer).setUint32(CHECKSUM_AT, oggChecksum(flagged, 0, flagged.length), true);
  return flagged;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let register = byte << 24;
  for (let bit = 0; bit < 8; bit++) register = register < 0 ? (register << 1) ^ 0x04c1_1db7 : register << 1;
  return register >>> 0;
});

/** CRC of a page, its own field (4 bytes from the 22nd) counted as 0 (RFC 3533 §6, field 7). */
export function oggChecksum(bytes: Uint8Array, start: number, end: number): number {
  let register = 0;
  for (let i = start; i < end; i++) {
    const field = i - start - CHECKSUM_AT;
    const byte = field >= 0 && field < 4 ? 0 : bytes[i]!;
    register = (register << 8) ^ TABLE[(register >>> 24) ^ byte]!;
  }
  return register >>> 0;
}
