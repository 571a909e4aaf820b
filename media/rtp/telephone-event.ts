import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { timestampDistance } from './sequence.ts';

/** Characters of events 0 … 16 (RFC 4733 §3.2): the keys, and `!` for the hook flash. */
export const EVENT_CHARACTERS = '0123456789*#ABCD!';

/** Size of one event block (RFC 4733 §2.3). */
export const EVENT_BYTES = 4;

/** The longest that one segment can tell (§2.5.1.3), in units of the timestamp. */
export const DURATION_MAX = 0xffff;

/** Segments of a long event that may be lost altogether: more than 10 s at 48 kHz. */
const SEGMENTS_LOST_MAX = 8;

/** An event whose end does not come is over after this long without a packet: all of its end packets were lost. */
const END_LOST_MS = 200;

const WAITING_MAX = 32;

export interface Digit {
  readonly digit: string;
  readonly durationMs: number;
}

/**
 * Telephone-events as they come (RFC 4733 §2.5.2): each pressed key is reported once, when it is over, however many of
 * its packets were lost, repeated or reordered.
 */
export class TelephoneEventReceiver {
  readonly #ticksPerMs: number;
  readonly #waiting: Digit[] = [];

  /** Packets that are no event we know. */
  ignored = 0;
  /** Digits lost because nobody took them. */
  dropped = 0;

  #isActive = false;
  #event = 0;
  /** Timestamp of the present segment; long events have several (§2.5.1.3). */
  #timestamp = 0;
  #duration = 0;
  #durationBefore = 0;
  #hasHistory = false;
  #deadline: Instant = NEVER;

  constructor(clockRateHz: number) {
    this.#ticksPerMs = clockRateHz / 1000;
  }

  /** The payload `bytes[start … end)` of a telephone-event packet with this RTP timestamp. */
  receive(bytes: Uint8Array, start: number, end: number, timestamp: number, now: Instant): void {
    const event = bytes[start]!;
    if (end - start < EVENT_BYTES || event >= EVENT_CHARACTERS.length) {
      this.ignored += 1;
      return;
    }
    const duration = (bytes[start + 2]! << 8) | bytes[start + 3]!;
    const isEnd = (bytes[start + 1]! & 0x80) !== 0;
    if (!this.#hasHistory || timestamp !== this.#timestamp) {
      // A late packet of an event that is over.
      if (this.#hasHistory && timestampDistance(this.#timestamp, timestamp) < 0 && !this.#isRestart(timestamp)) return;
      this.#startSegment(event, timestamp);
    }
    if (!this.#isActive) return;
    this.#duration = Math.max(this.#duration, duration);
    this.#deadline = now + END_LOST_MS;
    if (isEnd) this.#finish();
  }

  /** Ends an event whose end packets were lost. */
  expire(now: Instant): void {
    if (now >= this.#deadline) this.#finish();
  }

  /** An event is going on. */
  get isHeld(): boolean {
    return this.#isActive;
  }

  deadline(): Instant {
    return this.#deadline;
  }

  /** The next digit that is over, or undefined. */
  poll(): Digit | undefined {
    return this.#waiting.shift();
  }

  /** The source changed: its timestamps say nothing about those before. */
  reset(): void {
    if (this.#isActive) this.#finish();
    this.#hasHistory = false;
  }

  /** So far back is no late packet but another clock. */
  #isRestart(timestamp: number): boolean {
    return timestampDistance(this.#timestamp, timestamp) < -60_000 * this.#ticksPerMs;
  }

  #startSegment(event: number, timestamp: number): void {
    const distance = timestampDistance(this.#timestamp, timestamp);
    const isSegment = distance > 0 && distance % DURATION_MAX === 0 && distance <= SEGMENTS_LOST_MAX * DURATION_MAX;
    const isContinued = this.#isActive && event === this.#event && isSegment;
    if (this.#isActive && !isContinued) this.#finish();
    this.#durationBefore = isContinued ? this.#durationBefore + distance : 0;
    this.#isActive = true;
    this.#hasHistory = true;
    this.#event = event;
    this.#timestamp = timestamp;
    this.#duration = 0;
  }

  #finish(): void {
    this.#isActive = false;
    this.#deadline = NEVER;
    if (this.#waiting.length >= WAITING_MAX) {
      this.dropped += 1;
      return;
    }
    const durationMs = Math.round((this.#durationBefore + this.#duration) / this.#ticksPerMs);
    this.#waiting.push({ digit: EVENT_CHARACTERS[this.#event]!, durationMs });
  }
}

/** Writes one event block (RFC 4733 §2.3) at `at` and returns the offset behind it. `volume` is -dBm0, 0 … 63. */
export function writeEvent(
  bytes: Uint8Array,
  at: number,
  event: number,
  phase: 'held' | 'end',
  volume: number,
  duration: number,
): number {
  bytes[at] = event;
  bytes[at + 1] = (phase === 'end' ? 0x80 : 0) | (volume & 0x3f);
  bytes[at + 2] = duration >>> 8;
  bytes[at + 3] = duration;
  return at + EVENT_BYTES;
}
