/**
 * Arithmetic on RTP sequence numbers (16 bits) and timestamps (32 bits), both of which wrap. Everything here is total:
 * any two numbers of the stated width have a distance.
 */

/** Signed distance from `from` to `to` in 16-bit arithmetic, -32,768 … 32,767: positive when `to` is newer. */
export function sequenceDistance(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}

/** Signed distance from `from` to `to` in 32-bit arithmetic: positive when `to` is newer. */
export function timestampDistance(from: number, to: number): number {
  return (to - from) | 0;
}

/**
 * The extended sequence number nearest to `reference` whose low 16 bits are `sequence` (RFC 3550 A.1: cycles × 65,536
 * + sequence). May be negative when a stream begins just after zero and its first packet came early.
 */
export function extendSequence(reference: number, sequence: number): number {
  return reference + sequenceDistance(reference & 0xffff, sequence);
}

/** A jump forward of this many packets, or more, is a restart of the source (RFC 3550 A.1, MAX_DROPOUT). */
export const DROPOUT_MAX = 3000;

/** A packet this much older than the newest, or more, is a restart of the source (RFC 3550 A.1, MAX_MISORDER). */
export const MISORDER_MAX = 100;
