import type { Codec, Encoder } from './codec/codec.ts';
import { Resampler } from './resampler.ts';

/**
 * Frames of any rate on their way into the payloads of one codec, for one peer, or for all who hear the same. One frame
 * follows the other: a pause is not told.
 */
export class FrameEncoder {
  readonly codec: Codec;
  /** A packet in samples and in units of the timestamp. */
  readonly packetSamples: number;
  readonly packetUnits: number;
  readonly #encoder: Encoder;
  #fromHz: number;
  #resampler: Resampler | undefined;
  readonly #frame: Int16Array;

  constructor(codec: Codec, parameters: string) {
    this.codec = codec;
    this.packetSamples = codec.packetSamples;
    this.packetUnits = (codec.packetSamples * codec.clockRateHz) / codec.sampleRateHz;
    this.#encoder = codec.encoder(parameters);
    this.#fromHz = codec.sampleRateHz;
    this.#frame = new Int16Array(codec.sampleRateHz / 50);
  }

  /** The frame at the rate of the codec: as it is, or in memory of ours until the next call. */
  convert(samples: Int16Array, fromHz: number): Int16Array {
    this.#useRate(fromHz);
    if (this.#resampler === undefined) return samples;
    this.#resampler.resample(samples, 0, samples.length, this.#frame, 0);
    return this.#frame;
  }

  /** Before the first frame of its own: what the peer has heard so far. */
  prime(samples: Int16Array, fromHz: number): void {
    this.#useRate(fromHz);
    this.#resampler?.prime(samples);
  }

  /** One packet of a converted frame, from `offset` on; returns its bytes, 0 when there is nothing to tell. */
  encode(frame: Int16Array, offset: number, bytes: Uint8Array, at: number): number {
    return this.#encoder.encode(frame, offset, this.packetSamples, bytes, at);
  }

  expectLoss(share: number): void {
    this.#encoder.expectLoss(share);
  }

  close(): void {
    this.#encoder.close();
  }

  #useRate(fromHz: number): void {
    if (fromHz === this.#fromHz) return;
    this.#fromHz = fromHz;
    const { sampleRateHz } = this.codec;
    this.#resampler = fromHz === sampleRateHz ? undefined : new Resampler(fromHz, sampleRateHz);
  }
}
