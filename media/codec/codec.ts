/**
 * A speech codec: what descriptions and packets say of it, and what makes its two directions. Samples are 16-bit
 * linear, one channel, at `sampleRateHz`; timestamps run at `clockRateHz`, which for some is another rate.
 */
export interface Codec {
  /** Encoding name as in `a=rtpmap` (RFC 8866 §6.6). */
  readonly name: string;
  readonly clockRateHz: number;
  readonly sampleRateHz: number;
  /** Samples in a packet of our own: 20 ms, or less where that would not fit into a datagram. */
  readonly packetSamples: number;
  /** Payload bytes of 20 ms, 0 where they vary. */
  readonly frameBytes: number;
  /**
   * One for each stream: what is said next depends on what was said before. `parameters` is what the peer asks for in
   * `a=fmtp`, '' for nothing.
   */
  encoder(parameters: string): Encoder;
  decoder(): Decoder;
}

/** Nothing is allocated from the making of it to its end. */
export interface Encoder {
  /**
   * Encodes `samples[offset … offset + count)` to `bytes` from `at` on; returns the number of bytes, 0 where nothing
   * needs to be sent.
   */
  encode(samples: Int16Array, offset: number, count: number, bytes: Uint8Array, at: number): number;
  /** The share of packets (0 to 1) that the peer has lost lately. */
  expectLoss(share: number): void;
  /** It is not used any more. */
  close(): void;
}

/** As an encoder. */
export interface Decoder {
  /** Decodes `bytes[start … end)` to `samples` from `offset` on, as far as it has room; returns the number of samples. */
  decode(bytes: Uint8Array, start: number, end: number, samples: Int16Array, offset: number): number;
  /** Set where the codec itself knows what was lost. */
  readonly concealment: Concealment | undefined;
  close(): void;
}

/** What a decoder makes up for packets that were lost. */
export interface Concealment {
  /** Fills `samples` from `offset` on with `count` that might have been said; returns how many. */
  conceal(samples: Int16Array, offset: number, count: number): number;
  /** As `conceal`, from what the packet behind the lost one tells of it. */
  recover(bytes: Uint8Array, start: number, end: number, samples: Int16Array, offset: number, count: number): number;
}

/** A codec of which each sample stands for itself: one object is all its encoders and decoders. */
export interface StatelessCodec extends Codec, Encoder, Decoder {
  readonly concealment: undefined;
  /** Static payload type (RFC 3551 §6), or -1 where the description assigns one. */
  readonly payloadType: number;
  /** Payload bytes of `samples` samples. */
  sizeBytes(samples: number): number;
}
