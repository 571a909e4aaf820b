/** Size of the fixed RTP header (RFC 3550 §5.1) without CSRC list and extension. */
export const RTP_HEADER_BYTES = 12;

/**
 * One RTP header, read in place (RFC 3550 §5.1). A thread reuses one view for all packets: `read` overwrites it.
 * Offsets are absolute in `bytes`.
 */
export class PacketView {
  marker = false;
  payloadType = 0;
  sequence = 0;
  timestamp = 0;
  ssrc = 0;
  csrcCount = 0;
  /** "Defined by profile" of the header extension, or -1 without one (RFC 3550 §5.3.1). */
  extensionProfile = -1;
  extensionStart = 0;
  extensionEnd = 0;
  payloadStart = 0;
  /** End of the payload, padding taken off. */
  payloadEnd = 0;

  /**
   * Reads the packet `bytes[start … end)`; false, with the view in no particular state, when it is not RTP version 2
   * or its CSRC list, extension or padding reach beyond it. An empty payload is legal.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.readHeader(bytes, start, end)) return false;
    if ((bytes[start]! & 0x20) === 0) return true;
    const padding = bytes[end - 1]!;
    if (padding === 0 || this.payloadStart + padding > end) return false;
    this.payloadEnd = end - padding;
    return true;
  }

  /** As `read`, for a packet whose padding cannot be seen (SRTP): it counts as payload. */
  readHeader(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < RTP_HEADER_BYTES || end > bytes.length) return false;
    const first = bytes[start]!;
    if (first >>> 6 !== 2) return false;
    const second = bytes[start + 1]!;
    this.marker = (second & 0x80) !== 0;
    this.payloadType = second & 0x7f;
    this.sequence = (bytes[start + 2]! << 8) | bytes[start + 3]!;
    this.timestamp = readUint32(bytes, start + 4);
    this.ssrc = readUint32(bytes, start + 8);
    this.csrcCount = first & 0x0f;
    let payloadStart = start + RTP_HEADER_BYTES + this.csrcCount * 4;
    this.extensionProfile = -1;
    if ((first & 0x10) !== 0) {
      if (payloadStart + 4 > end) return false;
      this.extensionProfile = (bytes[payloadStart]! << 8) | bytes[payloadStart + 1]!;
      this.extensionStart = payloadStart + 4;
      this.extensionEnd = this.extensionStart + ((bytes[payloadStart + 2]! << 8) | bytes[payloadStart + 3]!) * 4;
      payloadStart = this.extensionEnd;
    }
    this.payloadStart = payloadStart;
    this.payloadEnd = end;
    return payloadStart <= end;
  }
}

/**
 * Writes a fixed header (no CSRC, extension or padding) at `at` and returns the offset behind it. The sequence is taken
 * modulo 2^16, timestamp and SSRC modulo 2^32: handed over as signed words (`| 0`) they never become objects.
 */
export function writeRtpHeader(
  bytes: Uint8Array,
  at: number,
  marker: boolean,
  payloadType: number,
  sequence: number,
  timestamp: number,
  ssrc: number,
): number {
  bytes[at] = 0x80;
  bytes[at + 1] = (marker ? 0x80 : 0) | (payloadType & 0x7f);
  bytes[at + 2] = sequence >>> 8;
  bytes[at + 3] = sequence;
  writeUint32(bytes, at + 4, timestamp);
  writeUint32(bytes, at + 8, ssrc);
  return at + RTP_HEADER_BYTES;
}

/** Big-endian, unsigned. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Big-endian, modulo 2^32. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
