import { assert } from '../core/kernel/assert.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { Decoder } from './codec/codec.ts';
import { RateConverter } from './rate-converter.ts';
import { JitterBuffer } from './rtp/jitter-buffer.ts';
import type { PacketView } from './rtp/packet-view.ts';
import type { CodecTable } from './stream-formats.ts';

/** Ticks in a second: a frame is 20 ms. */
const FRAMES_PER_S = 50;
/** Longest packet taken apart, in frames: 120 ms. */
const PACKET_FRAMES_MAX = 6;
/** What a datagram that was not cut holds at most. */
const PAYLOAD_BYTES_MAX = 2036;
/** Packets held: 640 ms of usual ones, three times the longest delay. */
const JITTER_SLOTS = 32;

/**
 * What one party says, in real time: packets through a jitter buffer, decoded, one frame a tick. Exists only while
 * somebody needs samples: a mix or a recording.
 */
export class Voice {
  /** The samples of the tick that `advance` was called for, at `rateHz`; silence where nothing is. */
  frame = new Int16Array(0);
  rateHz = 0;
  /** Something was said in this tick. */
  isHeard = false;
  /** Nothing came for longer than any delay: there is no point in asking until the next packet. */
  isEmpty = true;

  readonly #codecs: CodecTable;
  #jitter = new JitterBuffer({ slotBytes: 0, slotCount: JITTER_SLOTS });
  #decoder: Decoder | undefined;
  /** Samples of a frame, and for each unit of the timestamps. */
  #frameSamples = 0;
  #samplesPerUnit = 1;
  /** Payload bytes that are certainly a frame. */
  #frameBytes = 0;
  /** Decoded samples that no tick has taken yet, when packets are not frames. */
  #samples = new Int16Array(0);
  #waiting = 0;
  /** Among those that wait are some that were said. */
  #isVoiceWaiting = false;
  /** Format of the packets in the buffer; it changes only with a renegotiation or another talker. */
  #format = 0;
  #tick = -1;
  readonly #converter = new RateConverter();

  constructor(codecs: CodecTable) {
    this.#codecs = codecs;
  }

  /** Only packets of formats that there is a codec for. */
  put(view: PacketView, bytes: Uint8Array, format: number, now: Instant): void {
    if (format !== this.#format) this.#use(format);
    this.isEmpty = false;
    this.#jitter.put(view.sequence, view.timestamp, bytes, view.payloadStart, view.payloadEnd, now);
  }

  /** The source changed or restarted: what waits belongs to the old one. */
  restart(): void {
    this.#jitter.reset();
    this.#waiting = 0;
  }

  /** It is not asked any more. */
  close(): void {
    this.#decoder?.close();
    this.#decoder = undefined;
    this.#format = 0;
  }

  /** The frame of this tick at another rate. */
  at(rateHz: number): Int16Array {
    if (rateHz === this.rateHz) return this.frame;
    return this.#converter.convert(this.frame, this.rateHz, rateHz, this.#tick);
  }

  /** Makes the frame of this tick. Ticks are numbered, so that whoever comes second in a tick finds it made. */
  advance(tick: number, now: Instant): void {
    if (tick === this.#tick) return;
    this.#tick = tick;
    if (this.#waiting === 0 && this.#takeFrame(now)) return;
    while (this.#waiting < this.#frameSamples && this.#takePacket(now));
    this.isHeard = this.#isVoiceWaiting;
    const count = Math.min(this.#waiting, this.#frameSamples);
    for (let i = 0; i < count; i++) this.frame[i] = this.#samples[i]!;
    if (count < this.#frameSamples) this.frame.fill(0, count);
    if (this.#waiting > count) this.#samples.copyWithin(0, count, this.#waiting);
    this.#waiting -= count;
    if (this.#waiting === 0) this.#isVoiceWaiting = false;
  }

  /** Another codec: what waits is not its own. What is known of the network stays while the rates are the same. */
  #use(format: number): void {
    const codec = this.#codecs[format];
    assert(codec !== undefined, 'what cannot be decoded is not listened to');
    this.close();
    this.#format = format;
    this.#decoder = codec.decoder();
    this.#waiting = 0;
    this.#frameBytes = codec.frameBytes;
    const { clockRateHz, sampleRateHz } = codec;
    if (sampleRateHz === this.rateHz && clockRateHz * this.#samplesPerUnit === sampleRateHz) {
      this.#jitter.reset();
      return;
    }
    this.rateHz = sampleRateHz;
    this.#frameSamples = sampleRateHz / FRAMES_PER_S;
    this.#samplesPerUnit = sampleRateHz / clockRateHz;
    this.frame = new Int16Array(this.#frameSamples);
    this.#samples = new Int16Array((PACKET_FRAMES_MAX + 1) * this.#frameSamples);
    const frameUnits = clockRateHz / FRAMES_PER_S;
    // A byte for a sample of the timestamp's clock, as G.711 has it; less for Opus and more for linear samples.
    const slotBytes = sampleRateHz > 8000 ? PAYLOAD_BYTES_MAX : PACKET_FRAMES_MAX * frameUnits;
    this.#jitter = new JitterBuffer({ slotBytes, slotCount: JITTER_SLOTS, clockRateHz, frameSamples: frameUnits });
  }

  /** The usual case: a packet is a frame, decoded to its place, or there is none. False when it is of another length. */
  #takeFrame(now: Instant): boolean {
    const jitter = this.#jitter;
    const taken = jitter.take(now, 'speech');
    if (taken === 'frame') {
      const { frameStart, frameEnd } = jitter;
      if (frameEnd - frameStart === this.#frameBytes) {
        this.#decoder!.decode(jitter.bytes, frameStart, frameEnd, this.frame, 0);
        this.isHeard = true;
        return true;
      }
      this.#decode(frameStart, frameEnd);
      return false;
    }
    if (taken === 'missing' && jitter.packetSamples * this.#samplesPerUnit !== this.#frameSamples) {
      this.#wait();
      return false;
    }
    if (taken === 'missing' && this.#conceal(this.frame, 0, this.#frameSamples)) return true;
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
    const missing = Math.floor(this.#jitter.packetSamples * this.#samplesPerUnit);
    const room = Math.min(missing, PACKET_FRAMES_MAX * this.#frameSamples);
    if (!this.#conceal(this.#samples, this.#waiting, room)) {
      this.#samples.fill(0, this.#waiting, this.#waiting + room);
    } else this.#isVoiceWaiting = true;
    this.#waiting += room;
  }

  /** What a codec with means of its own makes of a loss; false without, and where nothing was said before. */
  #conceal(samples: Int16Array, offset: number, count: number): boolean {
    const concealment = this.#decoder!.concealment;
    if (concealment === undefined || !this.isHeard) return false;
    const jitter = this.#jitter;
    const made = jitter.seesBehindLoss()
      ? concealment.recover(jitter.bytes, jitter.frameStart, jitter.frameEnd, samples, offset, count)
      : concealment.conceal(samples, offset, count);
    return made === count;
  }

  #decode(start: number, end: number): void {
    this.#waiting += this.#decoder!.decode(this.#jitter.bytes, start, end, this.#samples, this.#waiting);
    this.#isVoiceWaiting = true;
  }
}
