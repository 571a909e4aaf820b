import { readUint32, writeUint32 } from './packet-view.ts';

/** RTCP packet types (RFC 3550 §12.1, RFC 4585 §6.1). */
export const RTCP = { SR: 200, RR: 201, SDES: 202, BYE: 203, APP: 204, RTPFB: 205, PSFB: 206, XR: 207 } as const;

const HEADER_BYTES = 4;
const SENDER_BYTES = 20;
const REPORT_BYTES = 24;
const CNAME = 1;

/** Packets of one compound that are looked at; a datagram of 1,500 bytes could hold 375. */
export const COMPOUND_MAX = 32;

/**
 * One compound RTCP packet (RFC 3550 §6.1), read in place: `begin`, then `next` until it is false, then within a
 * packet the report blocks by `readReport`. Reused for all packets of a thread.
 */
export class RtcpView {
  type = 0;
  /** Report, source or sub-type count: the five bits of the header. */
  count = 0;
  /** The first SSRC of the packet: its sender, or for BYE and SDES the first source; 0 when it has none. */
  ssrc = 0;
  packetStart = 0;
  packetEnd = 0;

  // Of a sender report (§6.4.1).
  ntpSeconds = 0;
  ntpFraction = 0;
  rtpTimestamp = 0;
  senderPackets = 0;
  senderOctets = 0;

  // Of the report block last read.
  reportSsrc = 0;
  fractionLost = 0;
  /** Cumulative, signed 24 bits. */
  cumulativeLost = 0;
  highestSequence = 0;
  jitter = 0;
  lastSr = 0;
  delaySinceLastSr = 0;

  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #left = 0;

  /**
   * Checks the whole of `bytes[start … end)` as RFC 3550 A.2: version 2 throughout, first an SR or RR without padding,
   * lengths that fill it exactly. False: not a compound packet.
   */
  begin(bytes: Uint8Array, start: number, end: number): boolean {
    this.#left = 0;
    if (end > bytes.length || end - start < 8) return false;
    const firstType = bytes[start + 1]!;
    if ((bytes[start]! & 0x20) !== 0 || (firstType !== RTCP.SR && firstType !== RTCP.RR)) return false;
    for (let at = start; at < end; ) {
      if (at + HEADER_BYTES > end || bytes[at]! >>> 6 !== 2) return false;
      at += packetBytes(bytes, at);
      if (at > end) return false;
    }
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#left = COMPOUND_MAX;
    return true;
  }

  /** Steps to the next packet whose fixed part is complete; false behind the last. */
  next(): boolean {
    while (this.#left > 0 && this.#at < this.#end) {
      this.#left -= 1;
      const at = this.#at;
      this.#at += packetBytes(this.#bytes, at);
      if (this.#readHeader(at)) return true;
    }
    return false;
  }

  /** Reads report block `index` (from 0, below `count`) of the present SR or RR into the view. */
  readReport(index: number): boolean {
    const isReport = this.type === RTCP.SR || this.type === RTCP.RR;
    if (!isReport || index >= this.count) return false;
    const at = this.packetStart + reportsOffset(this.type) + index * REPORT_BYTES;
    const bytes = this.#bytes;
    this.reportSsrc = readUint32(bytes, at);
    this.fractionLost = bytes[at + 4]!;
    this.cumulativeLost = (readUint32(bytes, at + 4) << 8) >> 8;
    this.highestSequence = readUint32(bytes, at + 8);
    this.jitter = readUint32(bytes, at + 12);
    this.lastSr = readUint32(bytes, at + 16);
    this.delaySinceLastSr = readUint32(bytes, at + 20);
    return true;
  }

  /** Whether the present BYE names this source (§6.6). */
  byeNames(ssrc: number): boolean {
    if (this.type !== RTCP.BYE) return false;
    for (let i = 0; i < this.count; i++) {
      if (readUint32(this.#bytes, this.packetStart + HEADER_BYTES + i * 4) === ssrc) return true;
    }
    return false;
  }

  #readHeader(at: number): boolean {
    const bytes = this.#bytes;
    this.packetStart = at;
    this.packetEnd = at + packetBytes(bytes, at);
    this.type = bytes[at + 1]!;
    this.count = bytes[at]! & 0x1f;
    const size = this.packetEnd - at;
    this.ssrc = size >= 8 ? readUint32(bytes, at + 4) : 0;
    if (this.type === RTCP.BYE) return size >= HEADER_BYTES + this.count * 4;
    if (this.type !== RTCP.SR && this.type !== RTCP.RR) return size >= 8 || this.count === 0;
    if (size < reportsOffset(this.type) + this.count * REPORT_BYTES) return false;
    if (this.type === RTCP.SR) {
      this.ntpSeconds = readUint32(bytes, at + 8);
      this.ntpFraction = readUint32(bytes, at + 12);
      this.rtpTimestamp = readUint32(bytes, at + 16);
      this.senderPackets = readUint32(bytes, at + 20);
      this.senderOctets = readUint32(bytes, at + 24);
    }
    return true;
  }
}

function packetBytes(bytes: Uint8Array, at: number): number {
  return (((bytes[at + 2]! << 8) | bytes[at + 3]!) + 1) * 4;
}

function reportsOffset(type: number): number {
  return HEADER_BYTES + 4 + (type === RTCP.SR ? SENDER_BYTES : 0);
}

// Writers: each writes at `at`, without checks of room, and returns the offset behind what it wrote.

function writeHeader(bytes: Uint8Array, at: number, type: number, count: number, sizeBytes: number): void {
  bytes[at] = 0x80 | count;
  bytes[at + 1] = type;
  bytes[at + 2] = (sizeBytes / 4 - 1) >>> 8;
  bytes[at + 3] = sizeBytes / 4 - 1;
}

/** SR with `reportCount` (0 or 1) blocks to follow by `writeReportBlock`. NTP as 32-bit halves. */
export function writeSenderReport(
  bytes: Uint8Array,
  at: number,
  ssrc: number,
  ntpSeconds: number,
  ntpFraction: number,
  rtpTimestamp: number,
  packets: number,
  octets: number,
  reportCount: number,
): number {
  writeHeader(bytes, at, RTCP.SR, reportCount, HEADER_BYTES + 4 + SENDER_BYTES + reportCount * REPORT_BYTES);
  writeUint32(bytes, at + 4, ssrc);
  writeUint32(bytes, at + 8, ntpSeconds);
  writeUint32(bytes, at + 12, ntpFraction);
  writeUint32(bytes, at + 16, rtpTimestamp);
  writeUint32(bytes, at + 20, packets);
  writeUint32(bytes, at + 24, octets);
  return at + HEADER_BYTES + 4 + SENDER_BYTES;
}

/** RR with `reportCount` blocks to follow. */
export function writeReceiverReport(bytes: Uint8Array, at: number, ssrc: number, reportCount: number): number {
  writeHeader(bytes, at, RTCP.RR, reportCount, HEADER_BYTES + 4 + reportCount * REPORT_BYTES);
  writeUint32(bytes, at + 4, ssrc);
  return at + HEADER_BYTES + 4;
}

/** One report block (§6.4.1). `cumulativeLost` is clamped to its 24 bits. */
export function writeReportBlock(
  bytes: Uint8Array,
  at: number,
  ssrc: number,
  fractionLost: number,
  cumulativeLost: number,
  highestSequence: number,
  jitter: number,
  lastSr: number,
  delaySinceLastSr: number,
): number {
  const lost = Math.max(-0x800000, Math.min(0x7fffff, cumulativeLost));
  writeUint32(bytes, at, ssrc);
  writeUint32(bytes, at + 4, ((fractionLost & 0xff) << 24) | (lost & 0xffffff));
  writeUint32(bytes, at + 8, highestSequence);
  writeUint32(bytes, at + 12, jitter);
  writeUint32(bytes, at + 16, lastSr);
  writeUint32(bytes, at + 20, delaySinceLastSr);
  return at + REPORT_BYTES;
}

/** SDES with the CNAME (§6.5.1), ASCII, at most 255 bytes. */
export function writeSdes(bytes: Uint8Array, at: number, ssrc: number, cname: string): number {
  const length = Math.min(255, cname.length);
  // Behind the item at least one null octet, then up to the next multiple of four.
  const chunkBytes = (4 + 2 + length + 4) & ~3;
  bytes.fill(0, at, at + HEADER_BYTES + chunkBytes);
  writeHeader(bytes, at, RTCP.SDES, 1, HEADER_BYTES + chunkBytes);
  writeUint32(bytes, at + 4, ssrc);
  bytes[at + 8] = CNAME;
  bytes[at + 9] = length;
  for (let i = 0; i < length; i++) bytes[at + 10 + i] = cname.charCodeAt(i) & 0x7f;
  return at + HEADER_BYTES + chunkBytes;
}

/** BYE of one source without a reason (§6.6). */
export function writeBye(bytes: Uint8Array, at: number, ssrc: number): number {
  writeHeader(bytes, at, RTCP.BYE, 1, HEADER_BYTES + 4);
  writeUint32(bytes, at + 4, ssrc);
  return at + HEADER_BYTES + 4;
}
