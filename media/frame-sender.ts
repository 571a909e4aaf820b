import type { Instant } from '../core/kernel/time.ts';
import { ALAW_SILENCE, ULAW_SILENCE } from './codec/g711.ts';
import { COUNTER } from './counters.ts';
import { FrameEncoder } from './frame-encoder.ts';
import type { Latching } from './io/latching.ts';
import type { PacketIo } from './io/packet-io.ts';
import type { Mix } from './mix.ts';
import { talkerNews } from './mix-talker.ts';
import { codesOf, copyWords, encode, encodeLess } from './mixer.ts';
import { NARROW_HZ, NARROW_SAMPLES } from './narrow-band.ts';
import type { Player } from './player.ts';
import { sendRtp } from './protected-sending.ts';
import type { FromWorker } from './protocol.ts';
import { RTP_HEADER_BYTES } from './rtp/packet-view.ts';
import type { Stream } from './slots.ts';
import { isG711, NO_FORMAT, PCMA_FORMAT } from './stream-formats.ts';

/** A frame of G.711 has as many bytes as samples, and as many units of its timestamp. */
const G711_FRAME = NARROW_SAMPLES;
/** -dBov of the noise that we send in place of silence: the least that is no hole. */
const QUIET = 78;
const SILENCE = new Int16Array(NARROW_SAMPLES);

/** How frames of our own go out: `begin` finds the place for the payload, then one of the `send…` writes it and sends. */
export class FrameSender {
  readonly #io: PacketIo;
  /** The same memory as what is sent: packets, and so the payloads behind their headers, begin at whole words. */
  readonly #outWords: Uint32Array;
  readonly #latching: Latching;
  readonly #counters: Float64Array;
  readonly #outputs: FromWorker[];
  #at = 0;
  #now: Instant = 0;

  constructor(io: PacketIo, latching: Latching, counters: Float64Array, outputs: FromWorker[]) {
    this.#io = io;
    this.#outWords = new Uint32Array(io.out.buffer, io.out.byteOffset, io.out.length >> 2);
    this.#latching = latching;
    this.#counters = counters;
    this.#outputs = outputs;
  }

  /** What plays to the stream; the end of it is told, once. */
  playerOf(stream: Stream): Player | undefined {
    const player = stream.player;
    if (player === undefined || !player.finished) return player;
    stream.player = undefined;
    this.#outputs.push({ kind: 'played', leg: stream.leg, play: stream.play });
    return undefined;
  }

  /** What plays into a mix, as for a stream. */
  mixPlayerOf(mix: Mix): Player | undefined {
    const { player } = mix;
    if (player === undefined || !player.finished) return player;
    mix.player = undefined;
    this.#outputs.push({ kind: 'mixPlayed', mix: mix.id, play: mix.play });
    return undefined;
  }

  /** Somebody else talks in the mix now. */
  tellTalker(mix: Mix): void {
    this.#outputs.push(talkerNews(mix));
  }

  /** Something happens in the mix again, of which other threads know nothing. */
  tellWoke({ id }: Mix): void {
    this.#outputs.push({ kind: 'mixWoke', mix: id });
  }

  /** Where the payload of a frame goes, or -1 when the stream may not be sent to now, which is counted. */
  begin(stream: Stream, now: Instant): number {
    if (!stream.sends || this.#latching.destination(stream.slot) === 0 || stream.digits.isSending) {
      this.#counters[COUNTER.droppedDirection]!++;
      return -1;
    }
    this.#now = now;
    this.#at = this.#io.reserve();
    return this.#at + RTP_HEADER_BYTES;
  }

  /** A frame at any rate, in the codec of the stream. */
  sendSamples(stream: Stream, samples: Int16Array, rateHz: number, payloadAt: number): void {
    if (stream.isDeaf) this.#sendSilence(stream, payloadAt);
    else this.sendFading(stream, samples, rateHz, payloadAt);
  }

  /** The same, whether it may hear anything or not: the frame in which it ceases to. */
  sendFading(stream: Stream, samples: Int16Array, rateHz: number, payloadAt: number): void {
    if (rateHz === NARROW_HZ && isG711(stream.sendFormat)) {
      encode(samples, codesOf(stream.sendFormat), this.#io.out, payloadAt);
      this.#send(stream, payloadAt, G711_FRAME, G711_FRAME);
    } else this.#sendEncoded(stream, samples, rateHz, payloadAt);
  }

  /** What the peer has heard so far was encoded for all: its own encoder takes up from there. */
  prime(stream: Stream, samples: Int16Array, rateHz: number): void {
    encoderOf(stream)?.prime(samples, rateHz);
  }

  /** The sum without one's own voice, in G.711. */
  sendLess(stream: Stream, sum: Int32Array, own: Int16Array, payloadAt: number): void {
    if (stream.isDeaf) this.#sendSilence(stream, payloadAt);
    else {
      encodeLess(sum, own, codesOf(stream.sendFormat), this.#io.out, payloadAt);
      this.#send(stream, payloadAt, G711_FRAME, G711_FRAME);
    }
  }

  /** A payload that was encoded for all who hear the same, `units` of the timestamp long; of no bytes, it is not sent. */
  sendShared(stream: Stream, payload: Uint32Array, sizeBytes: number, units: number, payloadAt: number): void {
    if (stream.isDeaf) this.#sendSilence(stream, payloadAt);
    else if (sizeBytes > 0) {
      copyWords(payload, (sizeBytes + 3) >> 2, this.#outWords, payloadAt >> 2);
      this.#send(stream, payloadAt, sizeBytes, units);
    }
  }

  /**
   * A packet that keeps the way to the peer open: comfort noise if it takes that, else a frame of silence, or, where the peer takes no sound from us or only
   * sound that nothing here makes, one of a payload type that it does not know (RFC 6263 §4.6).
   */
  keepOpen(stream: Stream, now: Instant): void {
    if (stream.digits.isSending || this.#latching.destination(stream.slot) === 0) return;
    this.#now = now;
    this.#at = this.#io.reserve();
    const payloadAt = this.#at + RTP_HEADER_BYTES;
    if (stream.sends && stream.sendNoisePayloadType >= 0) {
      // A pause, and what is heard in it (RFC 3389 §3.1): the next frame begins a talkspurt.
      this.#io.out[payloadAt] = QUIET;
      this.#send(stream, payloadAt, 1, G711_FRAME, stream.sendNoisePayloadType);
      return;
    }
    if (stream.sends && stream.sendRateHz > 0) {
      this.#sendSilence(stream, payloadAt);
      return;
    }
    const io = this.#io;
    stream.sender.frame(unknownPayloadType(stream), G711_FRAME, 0, io.out, this.#at, now);
    sendRtp(io, stream, this.#latching.destinations, this.#at, RTP_HEADER_BYTES);
  }

  /** Who may hear nothing is sent silence, so that its stream goes on. */
  #sendSilence(stream: Stream, payloadAt: number): void {
    if (!isG711(stream.sendFormat)) {
      this.#sendEncoded(stream, SILENCE, NARROW_HZ, payloadAt);
      return;
    }
    const code = stream.sendFormat === PCMA_FORMAT ? ALAW_SILENCE : ULAW_SILENCE;
    this.#io.out.fill(code, payloadAt, payloadAt + G711_FRAME);
    this.#send(stream, payloadAt, G711_FRAME, G711_FRAME);
  }

  #sendEncoded(stream: Stream, samples: Int16Array, rateHz: number, payloadAt: number): void {
    const encoder = encoderOf(stream);
    if (encoder === undefined) {
      this.#counters[COUNTER.droppedFormat]!++;
      return;
    }
    encoder.expectLoss(stream.reports.remoteFractionLost / 256);
    const { packetSamples, packetUnits } = encoder;
    const frame = encoder.convert(samples, rateHz);
    for (let offset = 0, at = payloadAt; offset < frame.length; offset += packetSamples) {
      const sizeBytes = encoder.encode(frame, offset, this.#io.out, at);
      if (sizeBytes > 0) this.#send(stream, at, sizeBytes, packetUnits);
      if (offset + packetSamples === frame.length) return;
      // The next packet of the frame has the time at which it would begin.
      this.#now += (packetSamples * 1000) / encoder.codec.sampleRateHz;
      this.#at = this.#io.reserve();
      at = this.#at + RTP_HEADER_BYTES;
    }
  }

  #send(
    stream: Stream,
    payloadAt: number,
    sizeBytes: number,
    units: number,
    payloadType = stream.sendPayloadType,
  ): void {
    const io = this.#io;
    stream.sender.frame(payloadType, units, sizeBytes, io.out, this.#at, this.#now);
    sendRtp(io, stream, this.#latching.destinations, this.#at, payloadAt + sizeBytes - this.#at);
  }
}

/** The highest dynamic payload type (RFC 3551 §6) that means nothing between us and the peer. */
function unknownPayloadType({ receiveFormats, sendPayloadType, sendEventPayloadType }: Stream): number {
  let payloadType = 127;
  while (
    receiveFormats[payloadType] !== NO_FORMAT ||
    payloadType === sendPayloadType ||
    payloadType === sendEventPayloadType
  ) {
    payloadType -= 1;
  }
  return payloadType;
}

/** What encodes for this stream alone, made when it is first needed; undefined when nothing here can. */
function encoderOf(stream: Stream): FrameEncoder | undefined {
  if (stream.encoder !== undefined) return stream.encoder;
  const codec = stream.codecs[stream.sendFormat];
  if (codec !== undefined) stream.encoder = new FrameEncoder(codec, stream.sendParameters);
  return stream.encoder;
}
