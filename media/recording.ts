import type { Instant } from '../core/kernel/time.ts';
import type { Codec } from './codec/codec.ts';
import { PcmRing } from './ring.ts';
import { JitterBuffer } from './rtp/jitter-buffer.ts';
import type { PacketView } from './rtp/packet-view.ts';

const FRAME_SAMPLES = 160;
/** Longest packet taken apart: 120 ms. */
const PACKET_SAMPLES_MAX = 960;

/**
 * What a stream's peer says, in real time: through a jitter buffer, decoded, one frame a tick into a ring, with
 * silence for what is missing, so that the recording is as long as the call.
 */
export class Recording {
  readonly #ring: PcmRing;
  readonly #jitter = new JitterBuffer({ slotBytes: PACKET_SAMPLES_MAX });
  /** Decoded samples that no tick has taken yet. */
  readonly #samples = new Int16Array(PACKET_SAMPLES_MAX + FRAME_SAMPLES);
  readonly #codecs: readonly (Codec | undefined)[];
  #waiting = 0;
  /** Format of the packets in the buffer; it changes only with a renegotiation. */
  #codec: Codec | undefined;

  /** `codecs` by format, as in `slots.ts`. */
  constructor(ring: SharedArrayBuffer, codecs: readonly (Codec | undefined)[]) {
    this.#ring = new PcmRing(ring);
    this.#codecs = codecs;
  }

  put(view: PacketView, bytes: Uint8Array, format: number, now: Instant): void {
    const codec = this.#codecs[format];
    if (codec !== this.#codec) this.#jitter.reset();
    this.#codec = codec;
    this.#jitter.put(view.sequence, view.timestamp, bytes, view.payloadStart, view.payloadEnd, now);
  }

  /** The source changed or restarted: what waits belongs to the old one. */
  restart(): void {
    this.#jitter.reset();
  }

  /** One frame into the ring; returns the samples that did not fit. */
  tick(now: Instant): number {
    while (this.#waiting < FRAME_SAMPLES && this.#takePacket(now));
    if (this.#waiting < FRAME_SAMPLES) this.#samples.fill(0, this.#waiting, FRAME_SAMPLES);
    const lost = this.#ring.write(this.#samples, FRAME_SAMPLES) ? 0 : FRAME_SAMPLES;
    this.#samples.copyWithin(0, FRAME_SAMPLES, Math.max(FRAME_SAMPLES, this.#waiting));
    this.#waiting = Math.max(0, this.#waiting - FRAME_SAMPLES);
    return lost;
  }

  close(): void {
    this.#ring.close();
  }

  /** Decodes the next packet behind what waits; false when none is due. */
  #takePacket(now: Instant): boolean {
    const jitter = this.#jitter;
    const taken = jitter.take(now, 'speech');
    if (taken === 'empty') return false;
    const room = Math.min(jitter.packetSamples, PACKET_SAMPLES_MAX);
    if (taken === 'missing' || this.#codec === undefined) {
      this.#samples.fill(0, this.#waiting, this.#waiting + room);
      this.#waiting += room;
      return true;
    }
    const { bytes, frameStart, frameEnd } = jitter;
    this.#waiting += this.#codec.decode(
      bytes,
      frameStart,
      Math.min(frameEnd, frameStart + PACKET_SAMPLES_MAX),
      this.#samples,
      this.#waiting,
    );
    return true;
  }
}
