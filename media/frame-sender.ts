import type { Instant } from '../core/kernel/time.ts';
import { ALAW_SILENCE, ULAW_SILENCE } from './codec/g711.ts';
import { COUNTER } from './counters.ts';
import type { Latching } from './io/latching.ts';
import type { PacketIo } from './io/packet-io.ts';
import { codesOf, copyFrame, encode, encodeLess } from './mixer.ts';
import type { Player } from './player.ts';
import type { FromWorker } from './protocol.ts';
import { PCMA_FORMAT, type Stream } from './slots.ts';
import { FRAME_SAMPLES } from './voice.ts';

/** How frames of our own go out: `begin` writes the header, then one of the `send…` the payload. */
export class FrameSender {
  readonly #io: PacketIo;
  readonly #latching: Latching;
  readonly #counters: Float64Array;
  readonly #outputs: FromWorker[];
  #at = 0;
  #destination = 0;

  constructor(io: PacketIo, latching: Latching, counters: Float64Array, outputs: FromWorker[]) {
    this.#io = io;
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

  /** Where the payload of a frame goes, or -1 when the stream may not be sent to now, which is counted. */
  begin(stream: Stream, now: Instant): number {
    this.#destination = this.#latching.destination(stream.slot);
    if (!stream.sends || this.#destination === 0 || stream.digits.isSending) {
      this.#counters[COUNTER.droppedDirection]!++;
      return -1;
    }
    const io = this.#io;
    this.#at = io.reserve();
    return stream.sender.frame(stream.sendPayloadType, FRAME_SAMPLES, FRAME_SAMPLES, io.out, this.#at, now);
  }

  sendSamples(stream: Stream, samples: Int16Array, payloadAt: number): void {
    if (stream.isDeaf) this.#silence(stream, payloadAt);
    else encode(samples, codesOf(stream.sendFormat), this.#io.out, payloadAt);
    this.#send(stream, payloadAt);
  }

  /** The sum without one's own voice. */
  sendLess(stream: Stream, sum: Int32Array, own: Int16Array, payloadAt: number): void {
    if (stream.isDeaf) this.#silence(stream, payloadAt);
    else encodeLess(sum, own, codesOf(stream.sendFormat), this.#io.out, payloadAt);
    this.#send(stream, payloadAt);
  }

  sendEncoded(stream: Stream, frame: Uint8Array, payloadAt: number): void {
    if (stream.isDeaf) this.#silence(stream, payloadAt);
    else copyFrame(frame, this.#io.out, payloadAt);
    this.#send(stream, payloadAt);
  }

  /** A frame of silence out of turn. */
  sendSilence(stream: Stream, now: Instant): void {
    const payloadAt = this.begin(stream, now);
    if (payloadAt === -1) return;
    this.#silence(stream, payloadAt);
    this.#send(stream, payloadAt);
  }

  /** Who may hear nothing is sent silence, so that its stream goes on. */
  #silence(stream: Stream, payloadAt: number): void {
    const code = stream.sendFormat === PCMA_FORMAT ? ALAW_SILENCE : ULAW_SILENCE;
    this.#io.out.fill(code, payloadAt, payloadAt + FRAME_SAMPLES);
  }

  #send(stream: Stream, payloadAt: number): void {
    this.#io.send(stream.port, false, this.#destination, payloadAt + FRAME_SAMPLES - this.#at);
  }
}
