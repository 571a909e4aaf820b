import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { Codec, Decoder } from '../codec/codec.ts';
import { DtmfDetector } from '../dsp/dtmf-detector.ts';
import { Resampler } from '../resampler.ts';
import type { PacketView } from '../rtp/packet-view.ts';
import { timestampDistance } from '../rtp/sequence.ts';
import type { Digit } from '../rtp/telephone-event.ts';

const RATE_HZ = 8000;
/** Detectors get 20 ms at a time. */
const FRAMES_PER_SECOND = 50;
/** Longest packet. */
const PACKET_MAX_MS = 120;
/** So much missing is a packet or three that were lost: what was held before is held behind. More is a pause. */
const LOST_MAX_MS = 60;
/** A timestamp further back is another clock. */
const JUMP_MS = 1000;
/** Nothing for so long: the sender is silent, and what was held is over. */
const SILENT_MS = 100;

/**
 * What is to be heard in the sound of one far end, packet by packet at arrival, so that a packet may still be kept from
 * others. Exists only while somebody wants to know.
 */
export class Hearing {
  readonly #digits = new DtmfDetector();
  #codec: Codec | undefined;
  #decoder: Decoder | undefined;
  #resampler: Resampler | undefined;
  /** One packet as decoded, and one frame of it at 8 kHz. */
  #samples = new Int16Array(0);
  readonly #frame = new Int16Array(RATE_HZ / FRAMES_PER_SECOND);
  /** Timestamp that follows what was heard. */
  #next = 0;
  #hasNext = false;
  #lastAt: Instant = NEVER;

  /** The far end holds a key, or may be about to: its sound is not for who is told of the key otherwise. */
  get isKeySuspected(): boolean {
    return this.#digits.isSuspicious;
  }

  /** A packet of the far end. Late ones say nothing. */
  receive(view: PacketView, bytes: Uint8Array, codec: Codec, now: Instant): void {
    if (codec !== this.#codec) this.#useCodec(codec);
    const ticksPerMs = codec.clockRateHz / 1000;
    const missing = this.#hasNext ? timestampDistance(this.#next, view.timestamp) : 0;
    if (missing < 0 && missing > -JUMP_MS * ticksPerMs) return;
    if (missing < 0 || missing > LOST_MAX_MS * ticksPerMs) this.#digits.finish();
    const count = this.#decoder!.decode(bytes, view.payloadStart, view.payloadEnd, this.#samples, 0);
    this.#listen(count);
    this.#next = (view.timestamp + (count * codec.clockRateHz) / codec.sampleRateHz) >>> 0;
    this.#hasNext = true;
    this.#lastAt = now;
  }

  /** The source changed: its timestamps say nothing about those before. */
  restart(): void {
    this.#digits.finish();
    this.#hasNext = false;
  }

  deadline(): Instant {
    return this.#digits.isHeld ? this.#lastAt + SILENT_MS : NEVER;
  }

  expire(now: Instant): void {
    if (now >= this.deadline()) this.#digits.finish();
  }

  /** The next key that is over, or undefined. */
  poll(): Digit | undefined {
    return this.#digits.poll();
  }

  close(): void {
    this.#decoder?.close();
  }

  #useCodec(codec: Codec): void {
    this.#decoder?.close();
    this.#codec = codec;
    this.#decoder = codec.decoder();
    this.#resampler = codec.sampleRateHz === RATE_HZ ? undefined : new Resampler(codec.sampleRateHz, RATE_HZ);
    this.#samples = new Int16Array((codec.sampleRateHz * PACKET_MAX_MS) / 1000);
    this.restart();
  }

  #listen(count: number): void {
    const samples = this.#samples;
    const resampler = this.#resampler;
    if (resampler === undefined) {
      this.#digits.receive(samples, 0, count);
      return;
    }
    // Whole milliseconds; no codec has others.
    const step = this.#codec!.sampleRateHz / FRAMES_PER_SECOND;
    for (let at = 0; at < count; at += step) {
      const produced = resampler.resample(samples, at, Math.min(step, count - at), this.#frame, 0);
      this.#digits.receive(this.#frame, 0, produced);
    }
  }
}
