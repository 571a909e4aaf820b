import type { Instant } from '../../core/kernel/time.ts';
import { type PacketView, writeRtpHeader } from './packet-view.ts';
import { DROPOUT_MAX, MISORDER_MAX, sequenceDistance, timestampDistance } from './sequence.ts';
import { LINE_WORDS, type StreamRows, streamRows } from './stream-rows.ts';

/** How far a timestamp may stray from the time that has passed before the mapping is made anew. */
const DRIFT_MS = 500;

/** A frame this many of its own lengths after the one before is not the next: some were left out, and their time has passed. */
const NEXT_FRAMES = 1.5;

/** A pause in our own frames beyond this begins a new talkspurt: marker, and a timestamp that tells the pause. */
const PAUSE_MS = 110;

/** What was sent last. Only while it was relayed does the mapping hold. */
const NOTHING = 0;
const RELAYED = 1;
const FRAME = 2;
const EVENT = 3;

/** Where the numbers of a stream lie in its row. */
const SEQUENCE = 0;
const TIMESTAMP = 1;
const PACKETS = 2;
const OCTETS = 3;
const LAST_AT = 4;
const NEWEST = 5;
const MAPPED_SSRC = 6;
/** Where the present mapping began: packets before it have no number here. */
const MAPPED_FIRST = 7;
const MAPPED_HIGHEST = 8;
const SEQUENCE_OFFSET = 9;
const TIMESTAMP_OFFSET = 10;
const OWN_SSRC = 11;
const UNMAPPED = 12;
const MS_TO_TICKS = 13;
/** How much time the newest frame of our own takes, in units of the timestamps. */
const FRAME_SAMPLES = 14;

/** Length of a row. */
export const SEND_ROW = 16;

/**
 * The one RTP stream that a peer hears from us, whoever speaks in it (RFC 3550 §5.1): a relayed source, our own
 * frames, telephone-events, in any succession. The SSRC stays, sequence numbers have no gap that the network of the
 * source did not make, timestamps follow the time.
 *
 * Each method writes a header at `at` and returns the offset behind it; the payload is the caller's.
 */
export class SendStream {
  readonly #row: Float64Array;
  readonly #start: number;

  /**
   * `sequence` and `timestamp` should be random (RFC 3550 §5.1); the first packet sent has the one after `sequence`. The
   * row is the `index`th of `rows`.
   */
  constructor(
    ssrc: number,
    sequence: number,
    timestamp: number,
    clockRateHz: number,
    { numbers } = streamRows(1, SEND_ROW),
    index = 0,
  ) {
    this.#row = numbers;
    this.#start = index * SEND_ROW;
    numbers.fill(0, this.#start, this.#start + SEND_ROW);
    numbers[this.#start + OWN_SSRC] = ssrc >>> 0;
    numbers[this.#start + SEQUENCE] = sequence & 0xffff;
    numbers[this.#start + TIMESTAMP] = timestamp >>> 0;
    numbers[this.#start + LAST_AT] = Number.NaN;
    numbers[this.#start + MAPPED_SSRC] = -1;
    numbers[this.#start + MS_TO_TICKS] = clockRateHz / 1000;
  }

  /** See `prefetch.ts`. */
  prefetch(): number {
    return (this.#row[this.#start]! + this.#row[this.#start + LINE_WORDS / 2]!) | 0;
  }

  get ssrc(): number {
    return this.#row[this.#start + OWN_SSRC]!;
  }

  /** The same as a signed word, as headers are written from: most numbers beyond 2^31 would be objects. */
  get ssrcWord(): number {
    return this.#row[this.#start + OWN_SSRC]! | 0;
  }

  /** Of the newest packet sent. */
  get sequence(): number {
    return this.#row[this.#start + SEQUENCE]!;
  }

  get timestamp(): number {
    return this.#row[this.#start + TIMESTAMP]!;
  }

  get packets(): number {
    return this.#row[this.#start + PACKETS]!;
  }

  /** Payload bytes, for the sender report. */
  get octets(): number {
    return this.#row[this.#start + OCTETS]!;
  }

  /** Relayed packets that came too late to have a number in this stream. */
  get unmapped(): number {
    return this.#row[this.#start + UNMAPPED]!;
  }

  /**
   * Timestamps count at another rate from here on. What was sent before has another SSRC then, because a receiver that
   * finds both rates under one SSRC can tell neither time nor jitter (RFC 7160 §4.1).
   */
  useClock(clockRateHz: number, ssrc: number): void {
    const row = this.#row;
    const start = this.#start;
    row[start + MS_TO_TICKS] = clockRateHz / 1000;
    if (row[start + PACKETS]! > 0) row[start + OWN_SSRC] = ssrc >>> 0;
    row[start + NEWEST] = NOTHING;
    row[start + MAPPED_SSRC] = -1;
  }

  /**
   * Header for a packet relayed at arrival: sequence and timestamp at a constant distance from the source's, so its
   * gaps, reordering and pauses stay; a new distance and a marker when the source changes, restarts, or takes over
   * from our own frames. Returns `at`, writing nothing, for a packet from before such a change.
   */
  relay(view: PacketView, payloadType: number, bytes: Uint8Array, at: number, now: Instant): number {
    const row = this.#row;
    const start = this.#start;
    let marker = view.marker;
    if (!this.#isMapped(view)) {
      if (view.ssrc === row[start + MAPPED_SSRC]! && this.#isOld(view.sequence)) {
        row[start + UNMAPPED]! += 1;
        return at;
      }
      if (this.#map(view, now) === 'newTime') marker = true;
    } else if (sequenceDistance(row[start + MAPPED_FIRST]! | 0, view.sequence) < 0) {
      row[start + UNMAPPED]! += 1;
      return at;
    }
    const sequence = (view.sequence + row[start + SEQUENCE_OFFSET]!) & 0xffff;
    const timestamp = (view.timestamp + row[start + TIMESTAMP_OFFSET]!) >>> 0;
    if (sequenceDistance(row[start + SEQUENCE]! | 0, sequence) > 0) this.#advance(view, sequence, timestamp | 0, now);
    row[start + PACKETS]! += 1;
    row[start + OCTETS]! += view.payloadEnd - view.payloadStart;
    return writeRtpHeader(bytes, at, marker, payloadType, sequence, timestamp | 0, row[start + OWN_SSRC]! | 0);
  }

  /**
   * A packet of the source is kept back (hold): it takes no number, so that the listener sees no loss where none was,
   * only time that has passed.
   */
  withhold(): void {
    const row = this.#row;
    const start = this.#start;
    if (row[start + NEWEST]! === RELAYED) row[start + NEWEST] = NOTHING;
  }

  /** Header for the next frame of our own (player, mixer), `samples` long, sent each `samples` of time while it speaks. */
  frame(
    payloadType: number,
    samples: number,
    payloadBytes: number,
    bytes: Uint8Array,
    at: number,
    now: Instant,
  ): number {
    const row = this.#row;
    const start = this.#start;
    const goesOn = row[start + NEWEST]! !== RELAYED && now - row[start + LAST_AT]! <= PAUSE_MS;
    // Events may have taken the place of frames, or frames were left out: then the time counts, not the frames.
    const isSoon = (now - row[start + LAST_AT]!) * row[start + MS_TO_TICKS]! <= NEXT_FRAMES * samples;
    const isNext = isSoon && row[start + NEWEST]! === FRAME;
    if (isNext) row[start + TIMESTAMP] = (row[start + TIMESTAMP]! + samples) >>> 0;
    else row[start + TIMESTAMP] = this.timestampAt(now, samples);
    row[start + LAST_AT] = now;
    row[start + NEWEST] = FRAME;
    row[start + FRAME_SAMPLES] = samples;
    return this.#own(!goesOn, payloadType, row[start + TIMESTAMP]! | 0, payloadBytes, bytes, at);
  }

  /**
   * Header for a telephone-event packet (RFC 4733 §2.5.1.1): the timestamp of the event's start, which all of its
   * packets share, and the marker on its first.
   */
  event(
    payloadType: number,
    timestamp: number,
    marker: boolean,
    payloadBytes: number,
    bytes: Uint8Array,
    at: number,
    now: Instant,
  ): number {
    const row = this.#row;
    const start = this.#start;
    // Without audio before, the first event begins the time by which the next are told apart.
    if (Number.isNaN(row[start + LAST_AT]!)) row[start + LAST_AT] = now;
    row[start + NEWEST] = EVENT;
    return this.#own(marker, payloadType, timestamp | 0, payloadBytes, bytes, at);
  }

  /** The timestamp of the instant `now`, at least `samplesMin` after the newest sent. For events and sender reports. */
  timestampAt(now: Instant, samplesMin: number): number {
    const row = this.#row;
    const start = this.#start;
    if (Number.isNaN(row[start + LAST_AT]!)) return row[start + TIMESTAMP]!;
    const elapsed = Math.round((now - row[start + LAST_AT]!) * row[start + MS_TO_TICKS]!);
    return (row[start + TIMESTAMP]! + Math.max(samplesMin, elapsed)) >>> 0;
  }

  /** When the newest timestamp was sent, NaN before the first. */
  get lastAt(): Instant {
    const row = this.#row;
    const start = this.#start;
    return row[start + LAST_AT]!;
  }

  #advance(view: PacketView, sequence: number, signedTimestamp: number, now: Instant): void {
    const timestamp = signedTimestamp >>> 0;
    const row = this.#row;
    const start = this.#start;
    // The packets of one telephone-event share the timestamp of its start.
    if (timestamp !== row[start + TIMESTAMP]! || Number.isNaN(row[start + LAST_AT]!)) row[start + LAST_AT] = now;
    row[start + SEQUENCE] = sequence;
    row[start + TIMESTAMP] = timestamp;
    row[start + MAPPED_HIGHEST] = view.sequence;
    // What is older than any late packet need not be remembered, and 16 bits would wrap.
    const length = sequenceDistance(row[start + MAPPED_FIRST]! | 0, view.sequence);
    if (length > 4 * MISORDER_MAX) row[start + MAPPED_FIRST] = (view.sequence - 2 * MISORDER_MAX) & 0xffff;
  }

  #own(
    marker: boolean,
    payloadType: number,
    timestamp: number,
    payloadBytes: number,
    bytes: Uint8Array,
    at: number,
  ): number {
    const row = this.#row;
    const start = this.#start;
    row[start + SEQUENCE] = (row[start + SEQUENCE]! + 1) & 0xffff;
    row[start + PACKETS]! += 1;
    row[start + OCTETS]! += payloadBytes;
    return writeRtpHeader(
      bytes,
      at,
      marker,
      payloadType,
      row[start + SEQUENCE]!,
      timestamp,
      row[start + OWN_SSRC]! | 0,
    );
  }

  #isMapped(view: PacketView): boolean {
    const row = this.#row;
    const start = this.#start;
    if (row[start + NEWEST]! !== RELAYED || view.ssrc !== row[start + MAPPED_SSRC]!) return false;
    const ahead = sequenceDistance(row[start + MAPPED_HIGHEST]! | 0, view.sequence);
    return ahead > -MISORDER_MAX && ahead < DROPOUT_MAX;
  }

  /** Not newer than what this source has already said: our own frames came in between, its place is taken. */
  #isOld(sequence: number): boolean {
    const row = this.#row;
    const start = this.#start;
    const ahead = sequenceDistance(row[start + MAPPED_HIGHEST]! | 0, sequence);
    return ahead <= 0 && ahead > -MISORDER_MAX;
  }

  #map(view: PacketView, now: Instant): 'sameTime' | 'newTime' {
    const row = this.#row;
    const start = this.#start;
    const keepsTime = view.ssrc === row[start + MAPPED_SSRC]! && this.#keepsTime(view.timestamp, now);
    // A frame of our own that still sounds is not cut off.
    const samplesMin = row[start + NEWEST]! === FRAME ? row[start + FRAME_SAMPLES]! : 1;
    if (!keepsTime) row[start + TIMESTAMP_OFFSET] = this.timestampAt(now, samplesMin) - view.timestamp;
    row[start + SEQUENCE_OFFSET] = row[start + SEQUENCE]! + 1 - view.sequence;
    row[start + MAPPED_SSRC] = view.ssrc;
    row[start + MAPPED_FIRST] = view.sequence;
    row[start + MAPPED_HIGHEST] = view.sequence;
    row[start + NEWEST] = RELAYED;
    return keepsTime ? 'sameTime' : 'newTime';
  }

  /** Whether the source's clock, mapped as before, still agrees with the time: then its frames fit exactly. */
  #keepsTime(timestamp: number, now: Instant): boolean {
    const row = this.#row;
    const start = this.#start;
    const mapped = timestamp + row[start + TIMESTAMP_OFFSET]!;
    if (timestampDistance(row[start + TIMESTAMP]!, mapped) <= 0) return false;
    return Math.abs(timestampDistance(this.timestampAt(now, 0), mapped)) <= DRIFT_MS * row[start + MS_TO_TICKS]!;
  }
}

/** What was sent of one stream: packets, payload bytes, and how many units of its timestamps a millisecond has. */
export interface Sent {
  readonly packets: number;
  readonly octets: number;
  readonly msToTicks: number;
}

/** What a row tells, read by whoever shares its memory. */
export function sentOf({ numbers }: StreamRows, index: number): Sent {
  const start = index * SEND_ROW;
  return {
    packets: numbers[start + PACKETS]!,
    octets: numbers[start + OCTETS]!,
    msToTicks: numbers[start + MS_TO_TICKS]!,
  };
}
