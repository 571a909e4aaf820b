import type { Instant } from '../core/kernel/time.ts';
import { pcma, pcmu } from './codec/g711.ts';
import { JitterBuffer } from './rtp/jitter-buffer.ts';
import type { PacketView } from './rtp/packet-view.ts';

export const FRAME_SAMPLES = 160;
/** Longest packet taken apart: 120 ms. */
const PACKET_SAMPLES_MAX = 960;
/** Packets held: 640 ms of usual ones, three times the longest delay. */
const JITTER_SLOTS = 32;

/** Decoders by format, as in `slots.ts`. */
const CODECS = [undefined, pcmu, pcma];

/**
 * What one party says, in real time: packets through a jitter buffer, decoded, one frame a tick. Exists only while
 * somebody needs samples: a mix or a recording.
 */
export class Voice {
  /** The samples of the tick that `advance` was called for; silence where nothing is. */
  readonly frame = new Int16Array(FRAME_SAMPLES);
  /** Something was said in this tick. */
  isHeard = false;
  /** Nothing came for longer than any delay: there is no point in asking until the next packet. */
  isEmpty = true;

  readonly #jitter = new JitterBuffer({ slotBytes: PACKET_SAMPLES_MAX, slotCount: JITTER_SLOTS });
  /** Decoded samples that no tick has taken yet, when packets are not frames. */
  readonly #samples = new Int16Array(PACKET_SAMPLES_MAX + FRAME_SAMPLES);
  #waiting = 0;
  /** Among those that wait are some that were said. */
  #isVoiceWaiting = false;
  /** Format of the packets in the buffer; it changes only with a renegotiation or another talker. */
  #format = 0;
  #tick = -1;

  put(view: PacketView, bytes: Uint8Array, format: number, now: Instant): void {
    if (format !== this.#format) this.#jitter.reset();
    this.#format = format;
    this.isEmpty = false;
    this.#jitter.put(view.sequence, view.timestamp, bytes, view.payloadStart, view.payloadEnd, now);
  }

  /** The source changed or restarted: what waits belongs to the old one. */
  restart(): void {
    this.#jitter.reset();
    this.#waiting = 0;
  }

  /** Makes the frame of this tick. Ticks are numbered, so that whoever comes second in a tick finds it made. */
  advance(tick: number, now: Instant): void {
    if (tick === this.#tick) return;
    this.#tick = tick;
    if (this.#waiting === 0 && this.#takeFrame(now)) return;
    while (this.#waiting < FRAME_SAMPLES && this.#takePacket(now));
    this.isHeard = this.#isVoiceWaiting;
    const count = Math.min(this.#waiting, FRAME_SAMPLES);
    for (let i = 0; i < count; i++) this.frame[i] = this.#samples[i]!;
    if (count < FRAME_SAMPLES) this.frame.fill(0, count);
    if (this.#waiting > count) this.#samples.copyWithin(0, count, this.#waiting);
    this.#waiting -= count;
    if (this.#waiting === 0) this.#isVoiceWaiting = false;
  }

  /** The usual case: a packet is a frame, decoded to its place, or there is none. False when it is of another length. */
  #takeFrame(now: Instant): boolean {
    const jitter = this.#jitter;
    const taken = jitter.take(now, 'speech');
    if (taken === 'frame') {
      const { frameStart, frameEnd } = jitter;
      const codec = CODECS[this.#format]!;
      if (frameEnd - frameStart === FRAME_SAMPLES) {
        codec.decode(jitter.bytes, frameStart, frameEnd, this.frame, 0);
        this.isHeard = true;
        return true;
      }
      this.#decode(frameStart, frameEnd);
      return false;
    }
    if (taken === 'missing' && jitter.packetSamples !== FRAME_SAMPLES) {
      this.#wait();
      return false;
    }
    if (this.isHeard) this.frame.fill(0);
    this.isHeard = false;
    this.isEmpty = taken === 'empty';
    return true;
  }

  /** The next packet behind what waits; false when none is due. */
  #takePacket(now: Instant): boolean {
    const jitter = this.#jitter;
    const taken = jitter.take(now, 'speech');
    if (taken === 'empty') return false;
    if (taken === 'missing') this.#wait();
    else this.#decode(jitter.frameStart, jitter.frameEnd);
    return true;
  }

  #wait(): void {
    const room = Math.min(this.#jitter.packetSamples, PACKET_SAMPLES_MAX);
    this.#samples.fill(0, this.#waiting, this.#waiting + room);
    this.#waiting += room;
  }

  #decode(start: number, end: number): void {
    const codec = CODECS[this.#format]!;
    const last = Math.min(end, start + PACKET_SAMPLES_MAX);
    this.#waiting += codec.decode(this.#jitter.bytes, start, last, this.#samples, this.#waiting);
    this.#isVoiceWaiting = true;
  }
}
