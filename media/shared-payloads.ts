import { COUNTER } from './counters.ts';
import { FrameEncoder } from './frame-encoder.ts';
import type { FrameSender } from './frame-sender.ts';
import { clip, codesOf, encodeSum } from './mixer.ts';
import { NARROW_HZ, NARROW_SAMPLES } from './narrow-band.ts';
import type { Stream } from './slots.ts';
import { type CodecTable, isG711 } from './stream-formats.ts';

/** More than any codec makes of 20 ms. */
const PAYLOAD_BYTES_MAX = 1500;
const G711_FORMATS = 3;

/** One encoding of what all hear who do not speak. */
interface Shared {
  readonly format: number;
  readonly parameters: string;
  readonly encoder: FrameEncoder;
  /** As it is written, and as it is copied. */
  readonly payload: Uint8Array;
  readonly words: Uint32Array;
  sizeBytes: number;
  isMade: boolean;
  isUsed: boolean;
}

/**
 * What those hear in a mix who do not speak: encoded once a tick for each codec, and for each wish that peers have of it.
 * What nobody asked for in a tick is dropped with its state.
 */
export class SharedPayloads {
  readonly #codecs: CodecTable;
  /** Of the laws of G.711, by format; most mixes have no other. */
  readonly #plain = Array.from({ length: G711_FORMATS }, () => new Uint8Array(NARROW_SAMPLES));
  readonly #plainWords = this.#plain.map((payload) => new Uint32Array(payload.buffer));
  readonly #isPlainMade = new Uint8Array(G711_FORMATS);
  readonly #others: Shared[] = [];
  #sum: Int32Array = new Int32Array(0);
  #before: Int16Array = new Int16Array(0);
  #samples = new Int16Array(0);
  #areSamplesMade = false;
  #rateHz = NARROW_HZ;

  constructor(codecs: CodecTable) {
    this.#codecs = codecs;
  }

  /** A tick begins, in which `sum` is what there is to hear, behind what there was `before`. */
  begin(sum: Int32Array, before: Int16Array, rateHz: number): void {
    this.#sum = sum;
    this.#before = before;
    this.#rateHz = rateHz;
    this.#isPlainMade.fill(0);
    this.#areSamplesMade = false;
    for (let i = this.#others.length - 1; i >= 0; i--) {
      const shared = this.#others[i]!;
      if (!shared.isUsed) {
        shared.encoder.close();
        this.#others[i] = this.#others.at(-1)!;
        this.#others.pop();
      }
      shared.isUsed = false;
      shared.isMade = false;
    }
  }

  /** Sends the stream what all hear; false when its codec cannot be shared. */
  send(stream: Stream, sender: FrameSender, payloadAt: number, counters: Float64Array): boolean {
    const { sendFormat } = stream;
    if (this.#rateHz === NARROW_HZ && isG711(sendFormat)) {
      if (this.#isPlainMade[sendFormat] === 0) this.#makePlain(sendFormat, counters);
      sender.sendShared(stream, this.#plainWords[sendFormat]!, NARROW_SAMPLES, NARROW_SAMPLES, payloadAt);
      return true;
    }
    const shared = this.#sharedOf(stream);
    if (shared === undefined) return false;
    shared.isUsed = true;
    if (!shared.isMade) this.#make(shared, counters);
    sender.sendShared(stream, shared.words, shared.sizeBytes, shared.encoder.packetUnits, payloadAt);
    return true;
  }

  close(): void {
    for (const { encoder } of this.#others.splice(0)) encoder.close();
  }

  #makePlain(format: number, counters: Float64Array): void {
    this.#isPlainMade[format] = 1;
    counters[COUNTER.mixEncodings]!++;
    encodeSum(this.#sum, codesOf(format), this.#plain[format]!, 0);
  }

  #sharedOf({ sendFormat: format, sendParameters: parameters }: Stream): Shared | undefined {
    for (let i = 0; i < this.#others.length; i++) {
      const shared = this.#others[i]!;
      if (shared.format === format && shared.parameters === parameters) return shared;
    }
    const codec = this.#codecs[format];
    // One frame has to be one packet.
    if (codec === undefined || codec.packetSamples !== codec.sampleRateHz / 50) return undefined;
    const encoder = new FrameEncoder(codec, parameters);
    encoder.prime(this.#before, this.#rateHz);
    const payload = new Uint8Array(PAYLOAD_BYTES_MAX);
    const words = new Uint32Array(payload.buffer);
    const shared = { format, parameters, encoder, payload, words, sizeBytes: 0, isMade: false, isUsed: true };
    this.#others.push(shared);
    return shared;
  }

  #make(shared: Shared, counters: Float64Array): void {
    shared.isMade = true;
    counters[COUNTER.mixEncodings]!++;
    if (!this.#areSamplesMade) {
      this.#areSamplesMade = true;
      if (this.#samples.length !== this.#sum.length) this.#samples = new Int16Array(this.#sum.length);
      clip(this.#sum, this.#samples);
    }
    const { encoder, payload } = shared;
    shared.sizeBytes = encoder.encode(encoder.convert(this.#samples, this.#rateHz), 0, payload, 0);
  }
}
