import type { Codec, Concealment, Decoder, Encoder } from './codec.ts';

/**
 * libopus, however it is reached: states by number, samples and bytes through memory that both sides see. Both arrays
 * may be replaced by any call: look them up anew after each.
 */
export interface OpusLibrary {
  /** Installed on this machine, or carried along as WebAssembly. */
  readonly kind: 'system' | 'wasm';
  readonly samples: Int16Array;
  readonly bytes: Uint8Array;
  /** Of one channel unless said; of two, samples come in turns. */
  createEncoder(sampleRateHz: number, channelCount?: 1 | 2): number;
  createDecoder(sampleRateHz: number): number;
  destroyEncoder(encoder: number): void;
  destroyDecoder(decoder: number): void;
  /** `opus_encoder_ctl` with a request that sets a number. */
  set(encoder: number, request: number, value: number): void;
  /** Encodes the first `count` samples of each channel; returns the number of bytes, or a negative error. */
  encode(encoder: number, count: number, sizeBytesMax: number): number;
  /** Decodes the first `sizeBytes` bytes, or makes up `count` samples when there are none; returns samples, or an error. */
  decode(decoder: number, sizeBytes: number, count: number, mode: 'packet' | 'lost'): number;
}

/** Requests of `opus_encoder_ctl`. */
const SET_BITRATE = 4002;
const SET_MAX_BANDWIDTH = 4004;
const SET_VBR = 4006;
const SET_COMPLEXITY = 4010;
const SET_INBAND_FEC = 4012;
const SET_PACKET_LOSS_PERC = 4014;
const SET_DTX = 4016;

/** Bandwidths by the highest rate that makes use of them (RFC 7587 §3.1.1). */
const BANDWIDTHS: readonly (readonly [playbackRateHz: number, bandwidth: number])[] = [
  [8000, 1101],
  [12_000, 1102],
  [16_000, 1103],
];

/** Wideband speech sounds well at this rate (RFC 7587 §3.1.1: 16 to 20 kbit/s), with room for what repairs losses. */
const BIT_RATE = 24_000;
const BIT_RATE_MIN = 6000;
/** Half of the processor time of 9, and hardly to be told apart; WebAssembly takes twice as long for everything. */
const COMPLEXITY = { system: 5, wasm: 1 } as const;
const SAMPLE_RATE_HZ = 16_000;
/** What a datagram takes, and far more than a frame of speech has. */
const PAYLOAD_BYTES_MAX = 1275;
/** Longest packet (RFC 6716 §3.2.5): 120 ms. */
const PACKET_SAMPLES_MAX = (SAMPLE_RATE_HZ * 120) / 1000;
/** A packet of one or two bytes says that nothing is said, and need not be sent (RFC 7587 §3.1.3). */
const UNTOLD_BYTES_MAX = 2;

/** What a peer's `a=fmtp` asks of those who send to it (RFC 7587 §6.1). */
export interface OpusWishes {
  readonly bitRate: number;
  readonly maxBandwidth: number | undefined;
  readonly isConstantRate: boolean;
  readonly wantsRepair: boolean;
  readonly allowsPauses: boolean;
}

/** Reads `a=fmtp`; what is malformed or unknown is as if it were not there. */
export function opusWishes(parameters: string): OpusWishes {
  const values = new Map<string, number>();
  for (const text of parameters.split(';')) {
    const [, name, value] = /^\s*([A-Za-z-]+)\s*=\s*(\d{1,7})\s*$/.exec(text) ?? [];
    if (name !== undefined) values.set(name.toLowerCase(), Number(value));
  }
  const playbackRateHz = values.get('maxplaybackrate') ?? 48_000;
  return {
    bitRate: Math.max(BIT_RATE_MIN, Math.min(BIT_RATE, values.get('maxaveragebitrate') ?? BIT_RATE)),
    maxBandwidth: BANDWIDTHS.find(([rateHz]) => playbackRateHz <= rateHz)?.[1],
    isConstantRate: values.get('cbr') === 1,
    wantsRepair: values.get('useinbandfec') === 1,
    allowsPauses: values.get('usedtx') === 1,
  };
}

class OpusEncoder implements Encoder {
  readonly #library: OpusLibrary;
  readonly #encoder: number;
  readonly #allowsPauses: boolean;
  #lossPercent = 0;

  constructor(library: OpusLibrary, wishes: OpusWishes) {
    this.#library = library;
    this.#encoder = library.createEncoder(SAMPLE_RATE_HZ);
    this.#allowsPauses = wishes.allowsPauses;
    const set = (request: number, value: number) => library.set(this.#encoder, request, value);
    set(SET_COMPLEXITY, COMPLEXITY[library.kind]);
    set(SET_BITRATE, wishes.bitRate);
    if (wishes.maxBandwidth !== undefined) set(SET_MAX_BANDWIDTH, wishes.maxBandwidth);
    if (wishes.isConstantRate) set(SET_VBR, 0);
    if (wishes.wantsRepair) set(SET_INBAND_FEC, 1);
    if (wishes.allowsPauses) set(SET_DTX, 1);
  }

  encode(samples: Int16Array, offset: number, count: number, bytes: Uint8Array, at: number): number {
    const library = this.#library;
    const into = library.samples;
    for (let i = 0; i < count; i++) into[i] = samples[offset + i]!;
    const sizeBytes = library.encode(this.#encoder, count, PAYLOAD_BYTES_MAX);
    if (sizeBytes <= 0 || (this.#allowsPauses && sizeBytes <= UNTOLD_BYTES_MAX)) return 0;
    const encoded = library.bytes;
    for (let i = 0; i < sizeBytes; i++) bytes[at + i] = encoded[i]!;
    return sizeBytes;
  }

  /** Repair of losses takes bytes from what is said, so that there is as much of it as is lost. */
  expectLoss(share: number): void {
    const percent = Math.min(30, Math.round(share * 100));
    if (percent === this.#lossPercent) return;
    this.#lossPercent = percent;
    this.#library.set(this.#encoder, SET_PACKET_LOSS_PERC, percent);
  }

  close(): void {
    this.#library.destroyEncoder(this.#encoder);
  }
}

class OpusDecoder implements Decoder, Concealment {
  readonly concealment = this;
  readonly #library: OpusLibrary;
  readonly #decoder: number;

  constructor(library: OpusLibrary) {
    this.#library = library;
    this.#decoder = library.createDecoder(SAMPLE_RATE_HZ);
  }

  decode(bytes: Uint8Array, start: number, end: number, samples: Int16Array, offset: number): number {
    if (end === start) return 0;
    const sizeBytes = this.#offer(bytes, start, end);
    return this.#take(this.#library.decode(this.#decoder, sizeBytes, PACKET_SAMPLES_MAX, 'packet'), samples, offset);
  }

  conceal(samples: Int16Array, offset: number, count: number): number {
    return this.#take(this.#library.decode(this.#decoder, 0, count, 'lost'), samples, offset);
  }

  recover(bytes: Uint8Array, start: number, end: number, samples: Int16Array, offset: number, count: number): number {
    const sizeBytes = this.#offer(bytes, start, end);
    return this.#take(this.#library.decode(this.#decoder, sizeBytes, count, 'lost'), samples, offset);
  }

  close(): void {
    this.#library.destroyDecoder(this.#decoder);
  }

  #offer(bytes: Uint8Array, start: number, end: number): number {
    const into = this.#library.bytes;
    const sizeBytes = Math.min(end - start, into.length);
    for (let i = 0; i < sizeBytes; i++) into[i] = bytes[start + i]!;
    return sizeBytes;
  }

  /** A packet that cannot be decoded gives nothing. */
  #take(decoded: number, samples: Int16Array, offset: number): number {
    const count = Math.min(decoded, samples.length - offset);
    const from = this.#library.samples;
    for (let i = 0; i < count; i++) samples[offset + i] = from[i]!;
    return Math.max(0, count);
  }
}

/**
 * Opus as speech in one channel at 16 kHz (RFC 6716, RFC 7587). Its timestamps count at 48 kHz and its descriptions say
 * two channels, whatever is in it.
 */
export function opus(library: OpusLibrary): Codec {
  return {
    name: 'opus',
    clockRateHz: 48_000,
    sampleRateHz: SAMPLE_RATE_HZ,
    packetSamples: SAMPLE_RATE_HZ / 50,
    frameBytes: 0,
    encoder: (parameters) => new OpusEncoder(library, opusWishes(parameters)),
    decoder: () => new OpusDecoder(library),
  };
}
