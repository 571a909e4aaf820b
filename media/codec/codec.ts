/**
 * A speech codec that works frame by frame in place. Samples are 16-bit linear at `clockRateHz`; nothing is
 * allocated per frame.
 */
export interface Codec {
  /** Encoding name as in `a=rtpmap` (RFC 8866 §6.6). */
  readonly name: string;
  readonly clockRateHz: number;
  /** Static payload type (RFC 3551 §6), or -1 where the description assigns one. */
  readonly payloadType: number;
  /** Payload bytes of `samples` samples. */
  sizeBytes(samples: number): number;
  /** Decodes `bytes[start … end)` to `samples` from `offset` on, as far as it has room; returns the number of samples. */
  decode(bytes: Uint8Array, start: number, end: number, samples: Int16Array, offset: number): number;
  /** Encodes `samples[offset … offset + count)` to `bytes` from `at` on; returns the number of bytes. */
  encode(samples: Int16Array, offset: number, count: number, bytes: Uint8Array, at: number): number;
}
