import type { Instant } from '../../core/kernel/time.ts';
import { type PacketView, writeRtpHeader } from './packet-view.ts';
import { DROPOUT_MAX, MISORDER_MAX, sequenceDistance, timestampDistance } from './sequence.ts';

/** How far a timestamp may stray from the time that has passed before the mapping is made anew. */
const DRIFT_MS = 500;

/** A frame this many of its own lengths after the one before is not the next: some were left out, and their time has passed. */
const NEXT_FRAMES = 1.5;

/** A pause in our own frames beyond this begins a new talkspurt: marker, and a timestamp that tells the pause. */
const PAUSE_MS = 110;

/**
 * The one RTP stream that a peer hears from us, whoever speaks in it (RFC 3550 §5.1): a relayed source, our own
 * frames, telephone-events, in any succession. The SSRC stays, sequence numbers have no gap that the network of the
 * source did not make, timestamps follow the time.
 *
 * Each method writes a header at `at` and returns the offset behind it; the payload is the caller's.
 */
export class SendStream {
  readonly ssrc: number;
  readonly #msToTicks: number;

  /** Of the newest packet sent. */
  sequence: number;
  timestamp: number;
  packets = 0;
  /** Payload bytes, for the sender report. */
  octets = 0;
  /** Relayed packets that came too late to have a number in this stream. */
  unmapped = 0;

  #lastAt: Instant = Number.NaN;
  /** Where the present mapping began: packets before it have no number here. */
  #mappedSsrc = -1;
  #mappedFirst = 0;
  #mappedHighest = 0;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  /** What was sent last. Only while it was relayed does the mapping hold. */
  #newest: 'nothing' | 'relayed' | 'frame' | 'event' = 'nothing';

  /** `sequence` and `timestamp` should be random (RFC 3550 §5.1); the first packet sent has the one after `sequence`. */
  constructor(ssrc: number, sequence: number, timestamp: number, clockRateHz: number) {
    this.ssrc = ssrc >>> 0;
    this.sequence = sequence & 0xffff;
    this.timestamp = timestamp >>> 0;
    this.#msToTicks = clockRateHz / 1000;
  }

  /**
   * Header for a packet relayed at arrival: sequence and timestamp at a constant distance from the source's, so its
   * gaps, reordering and pauses stay; a new distance and a marker when the source changes, restarts, or takes over
   * from our own frames. Returns `at`, writing nothing, for a packet from before such a change.
   */
  relay(view: PacketView, payloadType: number, bytes: Uint8Array, at: number, now: Instant): number {
    let marker = view.marker;
    if (!this.#isMapped(view)) {
      if (view.ssrc === this.#mappedSsrc && this.#isOld(view.sequence)) {
        this.unmapped += 1;
        return at;
      }
      if (this.#map(view, now) === 'newTime') marker = true;
    } else if (sequenceDistance(this.#mappedFirst, view.sequence) < 0) {
      this.unmapped += 1;
      return at;
    }
    const sequence = (view.sequence + this.#sequenceOffset) & 0xffff;
    const timestamp = (view.timestamp + this.#timestampOffset) >>> 0;
    if (sequenceDistance(this.sequence, sequence) > 0) this.#advance(view, sequence, timestamp, now);
    this.packets += 1;
    this.octets += view.payloadEnd - view.payloadStart;
    return writeRtpHeader(bytes, at, marker, payloadType, sequence, timestamp, this.ssrc);
  }

  /**
   * A packet of the source is kept back (hold): it takes no number, so that the listener sees no loss where none was,
   * only time that has passed.
   */
  withhold(): void {
    if (this.#newest === 'relayed') this.#newest = 'nothing';
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
    const goesOn = this.#newest !== 'relayed' && now - this.#lastAt <= PAUSE_MS;
    // Events may have taken the place of frames, or frames were left out: then the time counts, not the frames.
    const isSoon = (now - this.#lastAt) * this.#msToTicks <= NEXT_FRAMES * samples;
    const isNext = isSoon && this.#newest === 'frame';
    this.timestamp = isNext ? (this.timestamp + samples) >>> 0 : this.timestampAt(now, samples);
    this.#lastAt = now;
    this.#newest = 'frame';
    return this.#own(!goesOn, payloadType, this.timestamp, payloadBytes, bytes, at);
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
    // Without audio before, the first event begins the time by which the next are told apart.
    if (Number.isNaN(this.#lastAt)) this.#lastAt = now;
    this.#newest = 'event';
    return this.#own(marker, payloadType, timestamp, payloadBytes, bytes, at);
  }

  /** The timestamp of the instant `now`, at least `samplesMin` after the newest sent. For events and sender reports. */
  timestampAt(now: Instant, samplesMin: number): number {
    if (Number.isNaN(this.#lastAt)) return this.timestamp;
    const elapsed = Math.round((now - this.#lastAt) * this.#msToTicks);
    return (this.timestamp + Math.max(samplesMin, elapsed)) >>> 0;
  }

  /** When the newest timestamp was sent, NaN before the first. */
  get lastAt(): Instant {
    return this.#lastAt;
  }

  #advance(view: PacketView, sequence: number, timestamp: number, now: Instant): void {
    // The packets of one telephone-event share the timestamp of its start.
    if (timestamp !== this.timestamp || Number.isNaN(this.#lastAt)) this.#lastAt = now;
    this.sequence = sequence;
    this.timestamp = timestamp;
    this.#mappedHighest = view.sequence;
    // What is older than any late packet need not be remembered, and 16 bits would wrap.
    const length = sequenceDistance(this.#mappedFirst, view.sequence);
    if (length > 4 * MISORDER_MAX) this.#mappedFirst = (view.sequence - 2 * MISORDER_MAX) & 0xffff;
  }

  #own(
    marker: boolean,
    payloadType: number,
    timestamp: number,
    payloadBytes: number,
    bytes: Uint8Array,
    at: number,
  ): number {
    this.sequence = (this.sequence + 1) & 0xffff;
    this.packets += 1;
    this.octets += payloadBytes;
    return writeRtpHeader(bytes, at, marker, payloadType, this.sequence, timestamp, this.ssrc);
  }

  #isMapped(view: PacketView): boolean {
    if (this.#newest !== 'relayed' || view.ssrc !== this.#mappedSsrc) return false;
    const ahead = sequenceDistance(this.#mappedHighest, view.sequence);
    return ahead > -MISORDER_MAX && ahead < DROPOUT_MAX;
  }

  /** Not newer than what this source has already said: our own frames came in between, its place is taken. */
  #isOld(sequence: number): boolean {
    const ahead = sequenceDistance(this.#mappedHighest, sequence);
    return ahead <= 0 && ahead > -MISORDER_MAX;
  }

  #map(view: PacketView, now: Instant): 'sameTime' | 'newTime' {
    const keepsTime = view.ssrc === this.#mappedSsrc && this.#keepsTime(view.timestamp, now);
    if (!keepsTime) this.#timestampOffset = this.timestampAt(now, 1) - view.timestamp;
    this.#sequenceOffset = this.sequence + 1 - view.sequence;
    this.#mappedSsrc = view.ssrc;
    this.#mappedFirst = view.sequence;
    this.#mappedHighest = view.sequence;
    this.#newest = 'relayed';
    return keepsTime ? 'sameTime' : 'newTime';
  }

  /** Whether the source's clock, mapped as before, still agrees with the time: then its frames fit exactly. */
  #keepsTime(timestamp: number, now: Instant): boolean {
    const mapped = timestamp + this.#timestampOffset;
    if (timestampDistance(this.timestamp, mapped) <= 0) return false;
    return Math.abs(timestampDistance(this.timestampAt(now, 0), mapped)) <= DRIFT_MS * this.#msToTicks;
  }
}
