/** First byte that SRTCP encrypts: behind the header and the SSRC of the sender. */
export const RTCP_CLEAR_BYTES = 8;
/** The word behind SRTCP: whether it is encrypted, and its number (RFC 3711 §3.4). */
export const RTCP_INDEX_BYTES = 4;

/**
 * How packets of one direction are protected, in place, with the keys of one master key (RFC 3711 §3.1, RFC 7714 §8 and
 * §9). SSRC and roll-over counter may be given as signed words. Results are the end of the packet, -1 for one that is
 * not genuine.
 */
export interface PacketTransform {
  /** By how much an RTP packet, and an RTCP packet, grows. */
  readonly rtpBytes: number;
  readonly rtcpBytes: number;
  protectRtp(bytes: Uint8Array, start: number, payloadStart: number, end: number, rollOver: number): number;
  unprotectRtp(bytes: Uint8Array, start: number, payloadStart: number, end: number, rollOver: number): number;
  protectRtcp(bytes: Uint8Array, start: number, end: number, index: number): number;
  unprotectRtcp(bytes: Uint8Array, start: number, end: number): number;
  /** Where the word with the number of an SRTCP packet lies. */
  indexAt(end: number): number;
  close(): void;
}
