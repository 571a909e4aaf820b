import type { Instant } from '../../core/kernel/time.ts';
import { ULAW_LINEAR } from '../../media/codec/g711.ts';
import { RTP_HEADER_BYTES, readUint32, writeRtpHeader, writeUint32 } from '../../media/rtp/packet-view.ts';
import type { Histogram } from './histogram.ts';
import { FRAME_BYTES, writeToneFrame } from './tone-frames.ts';

/** Stream number, packet number, and the time of sending in µs, in place of the first samples. */
const STAMP_BYTES = 8;
const PAYLOAD_TYPE = 0;
/** The number that a frame of silence has in that place: the switch greets with one when nobody speaks yet. */
const SILENCE = 0xffff;
export const PACKET_BYTES = RTP_HEADER_BYTES + FRAME_BYTES;

export interface StreamTimes {
  /** Between packets of one stream, as they arrive. */
  readonly gapMs: Histogram;
  /** From sending on one phone to arriving on the other. */
  readonly delayMs: Histogram;
}

/** The audio of one side of one call: what it sends, and what it hears. */
export class Stream {
  readonly number: number;
  readonly #times: StreamTimes;
  #sequence: number;
  #lastSequence = -1;
  #ssrcHeard = -1;
  #lastAt: Instant = -1;
  #squares = 0;
  #squareCount = 0;
  /** The stream that is heard here; -1 before the first packet. */
  peer = -1;
  sent = 0;
  received = 0;
  lost = 0;
  duplicated = 0;
  /** Packets of another SSRC than the first one heard. */
  foreign = 0;
  /** Packets that another phone sent than the first one heard. */
  misrouted = 0;
  /** Not an RTP packet of 20 ms of PCMU, or one of silence, which no phone here sends. */
  other = 0;

  constructor(number: number, times: StreamTimes) {
    this.number = number;
    this.#times = times;
    this.#sequence = number;
  }

  /** Counts from zero; what is known of the peer stays. */
  clear(): void {
    this.sent = this.received = this.lost = this.duplicated = this.foreign = this.misrouted = this.other = 0;
    this.#squares = this.#squareCount = 0;
    this.#lastAt = -1;
  }

  /** Root mean square of what was heard; 0 when nothing was. */
  get level(): number {
    return this.#squareCount === 0 ? 0 : Math.sqrt(this.#squares / this.#squareCount);
  }

  write(bytes: Uint8Array, at: number, now: Instant): void {
    const sequence = ++this.#sequence & 0xffff;
    const payload = writeRtpHeader(
      bytes,
      at,
      false,
      PAYLOAD_TYPE,
      sequence,
      this.#sequence * 160,
      0x10000 + this.number,
    );
    writeToneFrame(this.number, this.#sequence, bytes, payload);
    bytes[payload] = this.number >>> 8;
    bytes[payload + 1] = this.number;
    bytes[payload + 2] = sequence >>> 8;
    bytes[payload + 3] = sequence;
    writeUint32(bytes, payload + 4, microseconds(now));
    this.sent++;
  }

  read(bytes: Uint8Array, start: number, end: number, now: Instant): void {
    if (end - start !== PACKET_BYTES || (bytes[start + 1]! & 0x7f) !== PAYLOAD_TYPE) {
      this.other++;
      return;
    }
    const ssrc = readUint32(bytes, start + 8);
    if (this.#ssrcHeard < 0) this.#ssrcHeard = ssrc;
    const payload = start + RTP_HEADER_BYTES;
    const peer = (bytes[payload]! << 8) | bytes[payload + 1]!;
    if (peer === SILENCE) {
      this.other++;
      return;
    }
    if (this.peer < 0) this.peer = peer;
    if (ssrc !== this.#ssrcHeard) this.foreign++;
    else if (peer !== this.peer) this.misrouted++;
    else this.#count(bytes, payload, now);
  }

  #count(bytes: Uint8Array, payload: number, now: Instant): void {
    const sequence = (bytes[payload + 2]! << 8) | bytes[payload + 3]!;
    const step = this.#lastSequence < 0 ? 1 : (sequence - this.#lastSequence) & 0xffff;
    if (step === 0) {
      this.duplicated++;
      return;
    }
    // A late packet was counted as lost when a later one came before it.
    if (step < 0x8000) {
      this.lost += step - 1;
      this.#lastSequence = sequence;
    } else this.lost--;
    this.received++;
    if (this.#lastAt >= 0) this.#times.gapMs.add(now - this.#lastAt);
    this.#lastAt = now;
    this.#times.delayMs.add(((microseconds(now) - readUint32(bytes, payload + 4)) >>> 0) / 1000);
    // One sample of each packet, at a place that wanders, is enough for a level.
    const sample = ULAW_LINEAR[bytes[payload + STAMP_BYTES + (sequence % (FRAME_BYTES - STAMP_BYTES))]!]!;
    this.#squares += sample * sample;
    this.#squareCount++;
  }
}

function microseconds(now: Instant): number {
  return Math.floor(now * 1000) >>> 0;
}
