import { assert } from '../core/kernel/assert.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { Decoder } from './codec/codec.ts';
import { Concealment } from './dsp/concealment.ts';
import { type Leave, lengthen, shorten } from './dsp/time-scale.ts';
import { PauseNoise } from './pause-noise.ts';
import { prefetchSamples } from './prefetch.ts';
import { BUFFER, type BufferCounts } from './rtp/buffer-counts.ts';
import { JitterBuffer, type Taken } from './rtp/jitter-buffer.ts';
import type { PacketView } from './rtp/packet-view.ts';
import { type CodecTable, NOISE_FORMAT, PCMU_FORMAT } from './stream-formats.ts';

/** Ticks in a second: a frame is 20 ms. */
const FRAMES_PER_S = 50;
/** Longest packet taken apart, in frames: 120 ms. */
const PACKET_FRAMES_MAX = 6;
/** Less than two frames before a packet, the packet, and a period put in. */
const SAMPLES_FRAMES = PACKET_FRAMES_MAX + 3;
/** What a datagram that was not cut holds at most. */
const PAYLOAD_BYTES_MAX = 2036;
/** Packets held: 640 ms of usual ones, three times the longest delay. */
const JITTER_SLOTS = 32;
/** Frames of which the newest is heard now and the others are known for what follows: a power of two. */
const HISTORY_FRAMES = 4;

/** How often the delay is looked at; a delay far from what it should be comes there twice as fast. */
const ADJUST_TICKS = 4;
const ADJUST_SOON_TICKS = 2;
/** A delay between these, in ms beyond what it should be, is left as it is: a tick comes when it comes. */
const TOO_SHORT_MS = -10;
const TOO_LONG_MS = 20;
/** Beyond this it is changed whatever is heard of it. */
const FAR_MS = 60;
/** What begins after silence rises in this time. */
const RISE_MS = 2.5;

/**
 * What one party says, in real time: packets through a jitter buffer, decoded, one frame a tick. What is missing is
 * made up, and the delay follows what the network needs, by a pitch period more or less now and then.
 */
export class Speech {
  /** The samples of the tick, at `rateHz`; silence where nothing is. */
  frame: Int16Array = new Int16Array(0);
  rateHz = 0;
  /** Something was said in this tick, or made up for what was. */
  isHeard = false;
  /** Nothing came for longer than any delay: there is no point in asking until the next packet. */
  isEmpty = true;
  /** A packet of sound was decoded for this tick. */
  hasSpoken = false;
  /** As the party last described it, if it did. */
  noise: PauseNoise | undefined;
  readonly #codecs: CodecTable;
  readonly #counts: BufferCounts;
  #jitter: JitterBuffer;
  #decoder: Decoder | undefined;
  #concealment: Concealment | undefined;
  /** The frames of the last ticks in turn; `frame` is at `#frameIndex`. */
  #frames: Int16Array[] = [];
  #frameIndex = 0;
  /** Samples of a frame, and for each unit of the timestamps. */
  #frameSamples = 0;
  #samplesPerUnit = 1;
  /** Payload bytes that are certainly a frame. */
  #frameBytes = 0;
  /** Decoded samples that no tick has taken yet, when packets are not frames; room is made at the first. */
  #samples = new Int16Array(0);
  #waiting = 0;
  /** Among those that wait are some that were said. */
  #isVoiceWaiting = false;
  #ticksToAdjust = ADJUST_TICKS;
  /** Format of the packets in the buffer; it changes only with a renegotiation or another talker. */
  #format = 0;

  /** `counts` may go on from a voice before. */
  constructor(codecs: CodecTable, counts: BufferCounts) {
    this.#codecs = codecs;
    this.#counts = counts;
    this.#jitter = new JitterBuffer({ slotBytes: 0, slotCount: JITTER_SLOTS }, counts);
  }

  /** The packets and what became of them: late, lost, reordered, dropped. */
  get jitter(): JitterBuffer {
    return this.#jitter;
  }

  /** See `prefetch.ts`. */
  prefetch(next: 'put' | 'take'): number {
    const sum = this.#jitter.prefetch(next) + this.#format;
    if (next === 'put' || this.#frames.length === 0) return sum | 0;
    return (sum + prefetchSamples(this.#nextFrame())) | 0;
  }

  /** Only packets of formats that there is a codec for, and comfort noise. */
  put(view: PacketView, bytes: Uint8Array, format: number, now: Instant): void {
    const isNoise = format === NOISE_FORMAT;
    // Noise before anything else is that of a telephone.
    const wanted = isNoise ? this.#format || PCMU_FORMAT : format;
    if (wanted !== this.#format) this.#use(wanted);
    this.isEmpty = false;
    const { sequence, timestamp, payloadStart, payloadEnd } = view;
    this.#jitter.put(sequence, timestamp | 0, bytes, payloadStart, payloadEnd, now, isNoise ? 'noise' : 'voice');
  }

  /** The source changed or restarted: what waits belongs to the old one. */
  restart(): void {
    this.#jitter.reset();
    this.#waiting = 0;
    this.#isVoiceWaiting = false;
  }

  /** It is not asked any more. */
  close(): void {
    this.#decoder?.close();
    this.#decoder = undefined;
    this.#format = 0;
  }

  /** Makes the next frame. */
  advance(now: Instant): void {
    this.hasSpoken = false;
    const excessMs = --this.#ticksToAdjust > 0 ? 0 : this.#excessMs(now);
    if (this.#waiting === 0 && excessMs === 0 && this.#takeFrame(now)) return;
    while (this.#waiting < this.#frameSamples && this.#takePacket(now));
    if (excessMs !== 0 && this.#concealment?.isRunning !== true) this.#adjust(excessMs, now);
    this.#takeSamples();
  }

  /** Another codec: what waits is not its own. What is known of the network stays while the rates are the same. */
  #use(format: number): void {
    const codec = this.#codecs[format];
    assert(codec !== undefined, 'what cannot be decoded is not listened to');
    this.close();
    this.#format = format;
    this.#decoder = codec.decoder();
    this.#waiting = 0;
    this.#isVoiceWaiting = false;
    this.#frameBytes = codec.frameBytes;
    const { clockRateHz, sampleRateHz } = codec;
    if (sampleRateHz === this.rateHz && clockRateHz * this.#samplesPerUnit === sampleRateHz) {
      this.#jitter.reset();
      return;
    }
    this.rateHz = sampleRateHz;
    const frameSamples = sampleRateHz / FRAMES_PER_S;
    this.#frameSamples = frameSamples;
    this.#samplesPerUnit = sampleRateHz / clockRateHz;
    const history = new Int16Array(HISTORY_FRAMES * frameSamples);
    this.#frames = Array.from({ length: HISTORY_FRAMES }, (_, i) =>
      history.subarray(i * frameSamples, (i + 1) * frameSamples),
    );
    this.frame = this.#frames[this.#frameIndex]!;
    this.isHeard = false;
    this.noise = undefined;
    this.#concealment = undefined;
    this.#samples = new Int16Array(0);
    const frameUnits = clockRateHz / FRAMES_PER_S;
    // A byte for a sample of the timestamp's clock, as G.711 has it; less for Opus and more for linear samples.
    const slotBytes = sampleRateHz > 8000 ? PAYLOAD_BYTES_MAX : PACKET_FRAMES_MAX * frameUnits;
    const sizes = { slotBytes, slotCount: JITTER_SLOTS, clockRateHz, frameSamples: frameUnits };
    this.#jitter = new JitterBuffer(sizes, this.#counts);
  }

  /** The usual case: a packet is a frame, decoded to its place, or there is none. False when it is of another length. */
  #takeFrame(now: Instant): boolean {
    const jitter = this.#jitter;
    const taken = jitter.take(now);
    if (taken === 'frame' && !this.#takesNoise()) {
      const { frameStart, frameEnd } = jitter;
      if (frameEnd - frameStart === this.#frameBytes) {
        const frame = this.#nextFrame();
        this.#decoder!.decode(jitter.bytes, frameStart, frameEnd, frame, 0);
        this.hasSpoken = true;
        if (!this.isHeard || this.#concealment?.isRunning === true) this.#join(frame, 0, this.#frameSamples);
        this.#show(frame);
        return true;
      }
      this.#decode(frameStart, frameEnd);
      return false;
    }
    if (taken !== 'empty' && jitter.packetSamples * this.#samplesPerUnit !== this.#frameSamples) {
      this.#wait();
      return false;
    }
    const frame = this.#nextFrame();
    if (this.#conceal(taken, frame, 0, this.#frameSamples)) this.#show(frame);
    else this.#beSilent(taken);
    return true;
  }

  /** The next packet behind what waits; false when none is due. */
  #takePacket(now: Instant): boolean {
    const jitter = this.#jitter;
    const taken = jitter.take(now, this.#waitingUnits());
    if (taken === 'empty') return false;
    if (taken === 'missing' || this.#takesNoise()) this.#wait();
    else this.#decode(jitter.frameStart, jitter.frameEnd);
    return true;
  }

  /** Whether the packet just taken describes noise: from now on it fills the pause. */
  #takesNoise(): boolean {
    const jitter = this.#jitter;
    if (jitter.frameKind !== 'noise') return false;
    this.noise ??= new PauseNoise(this.rateHz);
    this.noise.describe(jitter.bytes, jitter.frameStart, jitter.frameEnd);
    return true;
  }

  /** What waits, in units of the timestamps. */
  #waitingUnits(): number {
    return (this.#waiting / this.#samplesPerUnit) | 0;
  }

  /** The frame of this tick from what waits. */
  #takeSamples(): void {
    const frame = this.#nextFrame();
    const samples = this.#samples;
    const count = Math.min(this.#waiting, this.#frameSamples);
    if (!this.#isVoiceWaiting && (count > 0 || !this.#conceal('empty', frame, 0, this.#frameSamples))) {
      this.#waiting -= count;
      samples.copyWithin(0, count, count + this.#waiting);
      this.#beSilent(count > 0 ? 'missing' : 'empty');
      return;
    }
    for (let i = 0; i < count; i++) frame[i] = samples[i]!;
    if (count > 0 && count < this.#frameSamples && !this.#conceal('empty', frame, count, this.#frameSamples - count)) {
      frame.fill(0, count);
    }
    if (this.#waiting > count) samples.copyWithin(0, count, this.#waiting);
    this.#waiting -= count;
    if (this.#waiting === 0) this.#isVoiceWaiting = false;
    this.#show(frame);
  }

  #wait(): void {
    const missing = Math.floor(this.#jitter.packetSamples * this.#samplesPerUnit);
    const count = Math.min(missing, PACKET_FRAMES_MAX * this.#frameSamples);
    const samples = this.#room();
    if (this.#conceal('missing', samples, this.#waiting, count)) this.#isVoiceWaiting = true;
    else samples.fill(0, this.#waiting, this.#waiting + count);
    this.#waiting += count;
  }

  #decode(start: number, end: number): void {
    const samples = this.#room();
    const at = this.#waiting;
    const count = this.#decoder!.decode(this.#jitter.bytes, start, end, samples, at);
    this.hasSpoken = true;
    const follows = this.isHeard || this.#isVoiceWaiting;
    if (!follows || this.#concealment?.isRunning === true) this.#join(samples, at, count);
    this.#waiting += count;
    this.#isVoiceWaiting = true;
  }

  #room(): Int16Array {
    if (this.#samples.length === 0) this.#samples = new Int16Array(SAMPLES_FRAMES * this.#frameSamples);
    return this.#samples;
  }

  /** Where the next frame goes; it is the oldest one until then. */
  #nextFrame(): Int16Array {
    return this.#frames[(this.#frameIndex + 1) & (HISTORY_FRAMES - 1)]!;
  }

  #show(frame: Int16Array): void {
    this.#frameIndex = (this.#frameIndex + 1) & (HISTORY_FRAMES - 1);
    this.frame = frame;
    this.isHeard = true;
  }

  #beSilent(taken: Taken): void {
    if (this.isHeard) for (const frame of this.#frames) frame.fill(0);
    if (this.#concealment !== undefined) this.#concealment.isRunning = false;
    this.isHeard = false;
    // What waits for its time is not nothing.
    this.isEmpty = taken === 'empty' && this.#jitter.depth === 0;
  }

  /**
   * Makes up what is missing, by the codec where it has means of its own. False where nothing was said before, or so
   * long ago that it is silence by now.
   */
  #conceal(taken: Taken, samples: Int16Array, offset: number, count: number): boolean {
    if (!this.isHeard && !this.#isVoiceWaiting) return false;
    const own = this.#decoder?.concealment;
    if (own !== undefined && taken === 'missing') {
      const jitter = this.#jitter;
      const made = jitter.seesBehindLoss()
        ? own.recover(jitter.bytes, jitter.frameStart, jitter.frameEnd, samples, offset, count)
        : own.conceal(samples, offset, count);
      if (made === count) this.#counts.add(BUFFER.concealed, 1);
      return made === count;
    }
    this.#concealment ??= new Concealment(this.rateHz);
    const concealment = this.#concealment;
    if (!concealment.isRunning) {
      concealment.begin();
      for (let back = HISTORY_FRAMES - 2; back >= 0; back--) {
        const past = this.#frames[(this.#frameIndex - back) & (HISTORY_FRAMES - 1)]!;
        concealment.remember(past, 0, past.length);
      }
      concealment.remember(this.#samples, 0, Math.min(this.#waiting, this.#samples.length));
    } else if (concealment.isFaded) return false;
    // Under noise it is the end of what was said, and nothing was lost.
    if (this.noise?.isOn !== true) this.#counts.add(BUFFER.concealed, 1);
    concealment.fill(samples, offset, count);
    return true;
  }

  /** What came goes on from what was made up, or rises out of silence. */
  #join(samples: Int16Array, offset: number, count: number): void {
    if (this.#concealment?.isRunning === true) {
      this.#concealment.resume(samples, offset, count);
      return;
    }
    const rise = Math.min(count, (RISE_MS * this.rateHz) / 1000);
    for (let i = 0; i < rise; i++) samples[offset + i] = (samples[offset + i]! * (i + 1)) / (rise + 1);
  }

  /** How far the delay is from what it should be, in whole milliseconds; 0 where it may stay. */
  #excessMs(now: Instant): number {
    this.#ticksToAdjust = ADJUST_TICKS;
    const excessMs = this.#jitter.excessMs(now, this.#waitingUnits());
    this.#counts.set(BUFFER.delayMs, this.#jitter.targetDelayMs);
    return excessMs > TOO_SHORT_MS && excessMs < TOO_LONG_MS ? 0 : excessMs;
  }

  #adjust(excessMs: number, now: Instant): void {
    const leave: Leave = Math.abs(excessMs) > FAR_MS ? 'anyway' : 'unnoticed';
    if (leave === 'anyway') this.#ticksToAdjust = ADJUST_SOON_TICKS;
    if (this.#waiting < this.#frameSamples) return;
    const period = excessMs > 0 ? -this.#shorten(leave, now) : this.#lengthen(leave);
    this.#waiting += period;
    if (period === 0) this.#ticksToAdjust = 1;
  }

  /** From two frames, if so much is here. */
  #shorten(leave: Leave, now: Instant): number {
    const end = 2 * this.#frameSamples;
    while (this.#waiting < end && this.#jitter.hasNext && this.#takePacket(now));
    if (this.#waiting < end) return 0;
    const period = shorten(this.#samples, end, this.#waiting, this.rateHz, leave);
    if (period > 0) this.#counts.add(BUFFER.shortened, 1);
    return period;
  }

  /** From the frame before this one and this. */
  #lengthen(leave: Leave): number {
    const samples = this.#samples;
    const size = this.#frameSamples;
    samples.copyWithin(size, 0, this.#waiting);
    samples.set(this.frame, 0);
    const period = lengthen(samples, 2 * size, size + this.#waiting, this.rateHz, leave);
    samples.copyWithin(0, size, size + this.#waiting + period);
    if (period > 0) this.#counts.add(BUFFER.stretched, 1);
    return period;
  }
}
