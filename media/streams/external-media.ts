import type { ExternalMediaId } from '../../core/kernel/ids.ts';
import type { AudioDirection } from '../../core/ports.ts';
import { shorten } from '../dsp/time-scale.ts';
import { EVERYBODY, gainSaidBy, gainToldTo, louder, type MixPart, makeLouder } from '../membership.ts';
import { add, clip, clipLess, clipMore, without } from '../mixer.ts';
import { RateConverter } from '../rate-converter.ts';
import { PcmRing } from '../ring.ts';

const FRAMES_PER_S = 50;
/** Beyond this, time is taken out whatever is heard of it. */
const DELAY_FAR_MS = 300;
/** How often a pitch period is taken out, at the most. */
const SHORTEN_TICKS = 2;
/** What begins after silence rises in this time, so that it does not click. */
const RISE_MS = 2.5;

/** What a program outside hears and says, as the media thread is told; rings of 16-bit samples at `rateHz`. */
export interface ExternalMediaOrder {
  readonly id: ExternalMediaId;
  readonly rateHz: number;
  readonly listen: AudioDirection;
  readonly speak: AudioDirection;
  /** What it hears: a frame a tick. */
  readonly heardRing: SharedArrayBuffer;
  /** What it says, flushed by its writer. */
  readonly saidRing: SharedArrayBuffer;
}

/**
 * One program outside, on the media thread: a frame a tick into one ring, and one out of the other when there is one. It
 * never hears itself. Where the writer of what it says is in a hurry, a pitch period is taken out now and then.
 */
export class ExternalMedia implements MixPart {
  readonly id: ExternalMediaId;
  readonly listen: AudioDirection;
  readonly speak: AudioDirection;
  /** It says something in this tick. */
  isSpeaking = false;
  /** In this tick a conference hears it. */
  isHeard = false;
  readonly muted = '';
  heardBy: number = EVERYBODY;
  hears = true;
  isUnheard = false;
  isDeaf = false;
  gainIn = 1;
  gainOut = 1;
  gainSaid = 1;
  gainTold = 1;
  said = new Int16Array(0);
  amplified = new Int16Array(0);
  readonly #rateHz: number;
  readonly #heard: PcmRing;
  readonly #said: PcmRing;
  /** What it says in this tick, and room to take time out of it. */
  readonly #frame: Int16Array;
  readonly #samples: Int16Array;
  #waiting = 0;
  /** Samples in the ring at the last tick, when they were no frame. */
  #restBefore = 0;
  #ticksToShorten = 0;
  /** What it is to hear in this tick: the sum, at its rate. */
  readonly #sum: Int16Array;
  #isSumSilent = true;
  readonly #heardConverter = new RateConverter();
  readonly #toldConverter = new RateConverter();
  /** Towards who hears it, in each direction. */
  readonly #outConverter = new RateConverter();
  readonly #inConverter = new RateConverter();
  /** What was put into the frame that the far end is told, and when: it is taken out of what it hears itself. */
  #told: Int16Array | undefined;
  #toldTick = -1;
  #others = new Int16Array(0);

  constructor({ id, rateHz, listen, speak, heardRing, saidRing }: ExternalMediaOrder) {
    this.id = id;
    this.listen = listen;
    this.speak = speak;
    this.#rateHz = rateHz;
    this.#heard = new PcmRing(heardRing);
    this.#said = new PcmRing(saidRing);
    const frameSamples = rateHz / FRAMES_PER_S;
    this.#frame = new Int16Array(frameSamples);
    this.#samples = new Int16Array(3 * frameSamples);
    this.#sum = new Int16Array(frameSamples);
  }

  get speaksOut(): boolean {
    return this.speak === 'out' || this.speak === 'both';
  }

  get speaksIn(): boolean {
    return this.speak === 'in' || this.speak === 'both';
  }

  get listensOut(): boolean {
    return this.listen === 'out' || this.listen === 'both';
  }

  get listensIn(): boolean {
    return this.listen === 'in' || this.listen === 'both';
  }

  /** Takes what it says in this tick. Once a tick. */
  advance(): void {
    const wasSpeaking = this.isSpeaking;
    if (this.#said.follow()) this.#waiting = 0;
    this.isSpeaking = this.#takeFrame();
    if (this.isSpeaking && !wasSpeaking) this.#rise();
  }

  /** Adds what it says to what the far end is told, at any rate. */
  addTold(into: Int16Array, rateHz: number, tick: number): void {
    this.#told = this.#outConverter.convert(this.#frame, this.#rateHz, rateHz, tick);
    this.#toldTick = tick;
    clipMore(into, this.#told);
  }

  /** Adds what it says to what the far end says. */
  addSaid(into: Int16Array, rateHz: number, tick: number): void {
    clipMore(into, this.#inConverter.convert(this.#frame, this.#rateHz, rateHz, tick));
  }

  /** What the far end says, of which nothing is its own. */
  hear(samples: Int16Array, rateHz: number, tick: number): void {
    this.#hear(this.#heardConverter.convert(samples, rateHz, this.#rateHz, tick));
  }

  /** What the far end is told, less what it has said itself of that. */
  hearTold(samples: Int16Array, rateHz: number, tick: number): void {
    let others = samples;
    if (this.#toldTick === tick && this.#told?.length === samples.length) {
      if (this.#others.length !== samples.length) this.#others = new Int16Array(samples.length);
      others = this.#others;
      without(samples, this.#told, others);
    }
    this.#hear(this.#toldConverter.convert(others, rateHz, this.#rateHz, tick));
  }

  /** Into the sum of a conference, as loud as it is to be heard there: `isHeard` tells whether it was. */
  addToSum(sum: Int32Array, rateHz: number, tick: number): void {
    const gain = gainSaidBy(this);
    this.isHeard = this.isSpeaking && this.speak !== '' && (gain > 0 || this.gainSaid > 0);
    if (this.isHeard) add(sum, louder(this, this.#outConverter.convert(this.#frame, this.#rateHz, rateHz, tick), gain));
    else this.gainSaid = gain;
  }

  /** The sum of a conference, less what it has said itself. */
  hearSum(sum: Int32Array, rateHz: number, tick: number): void {
    if (this.#others.length !== sum.length) this.#others = new Int16Array(sum.length);
    if (this.isHeard) clipLess(sum, this.said, this.#others);
    else clip(sum, this.#others);
    if (this.gainTold !== 1 || gainToldTo(this) !== 1) makeLouder(this, this.#others);
    this.#hear(this.#toldConverter.convert(this.#others, rateHz, this.#rateHz, tick));
  }

  /** The frame of this tick is complete; returns the samples that did not fit. */
  deliver(): number {
    const fits = this.#heard.write(this.#sum, this.#sum.length);
    if (!this.#isSumSilent) this.#sum.fill(0);
    this.#isSumSilent = true;
    return fits ? 0 : this.#sum.length;
  }

  /** Whoever reads what it hears is told that nothing more comes. */
  close(): void {
    this.#heard.close();
  }

  #hear(samples: Int16Array): void {
    if (this.#isSumSilent) this.#sum.set(samples);
    else clipMore(this.#sum, samples);
    this.#isSumSilent = false;
  }

  /** A whole frame, or the rest when nothing has come since the last tick. */
  #takeFrame(): boolean {
    const frame = this.#frame;
    if (this.#said.hurries && --this.#ticksToShorten <= 0) this.#shorten();
    if (this.#waiting > 0) return this.#takeWaiting();
    const { waiting } = this.#said;
    if (waiting >= frame.length) {
      this.#restBefore = 0;
      this.#said.read(frame);
      return true;
    }
    if (waiting === 0 || waiting !== this.#restBefore) {
      this.#restBefore = waiting;
      return false;
    }
    this.#restBefore = 0;
    frame.fill(0, this.#said.read(frame.subarray(0, waiting)));
    return true;
  }

  /** From the samples out of which time was taken, and on from the ring. */
  #takeWaiting(): boolean {
    const frame = this.#frame;
    const samples = this.#samples;
    const missing = frame.length - this.#waiting;
    if (missing > 0) this.#waiting += this.#said.read(samples.subarray(this.#waiting, frame.length));
    const count = Math.min(this.#waiting, frame.length);
    frame.set(samples.subarray(0, count));
    frame.fill(0, count);
    samples.copyWithin(0, count, this.#waiting);
    this.#waiting -= count;
    return true;
  }

  #shorten(): void {
    const samples = this.#samples;
    const delayMs = ((this.#said.waiting + this.#waiting) * 1000) / this.#rateHz;
    const isFar = delayMs > DELAY_FAR_MS;
    this.#ticksToShorten = isFar ? 1 : SHORTEN_TICKS;
    const end = 2 * this.#frame.length;
    if (this.#waiting < end) this.#waiting += this.#said.read(samples.subarray(this.#waiting, end));
    if (this.#waiting < end) return;
    const period = shorten(samples, end, this.#waiting, this.#rateHz, isFar ? 'anyway' : 'unnoticed');
    this.#waiting -= period;
    if (period === 0) this.#ticksToShorten = 1;
  }

  #rise(): void {
    const frame = this.#frame;
    const count = (RISE_MS * this.#rateHz) / 1000;
    for (let i = 0; i < count; i++) frame[i] = (frame[i]! * (i + 1)) / (count + 1);
  }
}
