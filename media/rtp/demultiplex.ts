/** What a datagram on a media port is, told by its first bytes alone. */
export type Protocol = 'stun' | 'zrtp' | 'dtls' | 'turn' | 'rtp' | 'rtcp' | 'unknown';

/**
 * RFC 7983 §7 by the first byte; RTP and RTCP on one port are told apart by RFC 5761 §4: a second byte of 192 … 223
 * is an RTCP packet type (payload types 64 … 95 with the marker, which are never negotiated).
 */
export function demultiplex(bytes: Uint8Array, start: number, end: number): Protocol {
  if (end - start < 2 || end > bytes.length) return 'unknown';
  const first = bytes[start]!;
  if (first >= 128 && first <= 191) {
    const second = bytes[start + 1]!;
    return second >= 192 && second <= 223 ? 'rtcp' : 'rtp';
  }
  if (first <= 3) return 'stun';
  if (first >= 16 && first <= 19) return 'zrtp';
  if (first >= 20 && first <= 63) return 'dtls';
  if (first >= 64 && first <= 79) return 'turn';
  return 'unknown';
}
