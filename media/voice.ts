import type { Instant } from '../core/kernel/time.ts';
import { RateConverter } from './rate-converter.ts';
import { BUFFER, BufferCounts } from './rtp/buffer-counts.ts';
import type { JitterBuffer } from './rtp/jitter-buffer.ts';
import type { PacketView } from './rtp/packet-view.ts';
import { Speech } from './speech.ts';
import type { CodecTable } from './stream-formats.ts';
import type { VoiceOverlay } from './streams/voice-overlay.ts';

/**
 * What is heard of one party, frame by frame: its speech, the noise in its pauses, and what is said in its place. Exists
 * only while somebody needs samples: a mix, a recording, a listener of another codec.
 */
export class Voice {
  /** The samples of the tick that `advance` was called for, at `rateHz`; silence where nothing is. */
  frame: Int16Array = new Int16Array(0);
  /** Something was said in this tick, or made up for what was. */
  isHeard = false;

  readonly #counts: BufferCounts;
  readonly #speech: Speech;
  readonly #converter = new RateConverter();
  #tick = -1;
  #overlay: VoiceOverlay | undefined;
  #overlaid: Int16Array = new Int16Array(0);
  /** Without what is laid over it. */
  #plain: Int16Array = new Int16Array(0);
  #isPlainHeard = false;

  /** `counts` may go on from a voice before. */
  constructor(codecs: CodecTable, counts = new BufferCounts()) {
    this.#counts = counts;
    this.#speech = new Speech(codecs, counts);
  }

  get rateHz(): number {
    return this.#speech.rateHz;
  }

  /** Nothing came for longer than any delay: there is no point in asking until the next packet. */
  get isEmpty(): boolean {
    return this.#speech.isEmpty && this.#speech.noise?.isOn !== true;
  }

  /** Frames of which at least a part was made up; periods taken out, and put in. */
  get concealedFrames(): number {
    return this.#counts.of(BUFFER.concealed);
  }

  get shortened(): number {
    return this.#counts.of(BUFFER.shortened);
  }

  get lengthened(): number {
    return this.#counts.of(BUFFER.stretched);
  }

  /** Says more in this party's place from the next tick on. */
  set overlay(overlay: VoiceOverlay | undefined) {
    if (this.#overlay !== undefined && overlay === undefined) {
      this.frame = this.#plain;
      this.isHeard = this.#isPlainHeard;
    }
    this.#overlay = overlay;
  }

  /** What the party says itself in this tick. */
  get plain(): Int16Array {
    return this.#plain;
  }

  get isPlainHeard(): boolean {
    return this.#isPlainHeard;
  }

  /** The packets and what became of them: late, lost, reordered, dropped. */
  get jitter(): JitterBuffer {
    return this.#speech.jitter;
  }

  /** See `prefetch.ts`. */
  prefetch(next: 'put' | 'take'): number {
    return (this.#speech.prefetch(next) + this.#tick) | 0;
  }

  /** Only packets of formats that there is a codec for, and comfort noise. */
  put(view: PacketView, bytes: Uint8Array, format: number, now: Instant): void {
    const { rateHz } = this.#speech;
    this.#speech.put(view, bytes, format, now);
    if (this.#speech.rateHz !== rateHz) this.#show(this.#speech.frame, false);
  }

  /** The source changed or restarted: what waits belongs to the old one. */
  restart(): void {
    this.#speech.restart();
  }

  /** It is not asked any more. */
  close(): void {
    this.#speech.close();
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
    const speech = this.#speech;
    speech.advance(now);
    const { noise } = speech;
    if (noise?.isOn === true) this.#show(noise.over(speech.frame, speech.hasSpoken), true);
    else this.#show(speech.frame, speech.isHeard);
    if (this.#overlay?.isSaying === true && this.rateHz > 0) this.#cover(this.#overlay, tick);
  }

  #show(frame: Int16Array, isHeard: boolean): void {
    this.frame = frame;
    this.isHeard = isHeard;
    this.#plain = frame;
    this.#isPlainHeard = isHeard;
  }

  #cover(overlay: VoiceOverlay, tick: number): void {
    if (this.#overlaid.length !== this.frame.length) this.#overlaid = new Int16Array(this.frame.length);
    this.#overlaid.set(this.frame);
    overlay.addSaid(this.#overlaid, this.rateHz, tick);
    this.frame = this.#overlaid;
    this.isHeard = true;
  }
}
