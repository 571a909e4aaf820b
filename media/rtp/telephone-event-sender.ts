import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { RTP_HEADER_BYTES } from './packet-view.ts';
import type { SendStream } from './send-stream.ts';
import { DURATION_MAX, EVENT_BYTES, EVENT_CHARACTERS, writeEvent } from './telephone-event.ts';

const STEP_MS = 20;
const DURATION_MS = 100;
const INTERVAL_MS = 100;
/** As long as anybody holds a key, and what a receiver may still take for one. */
const DURATION_MAX_MS = 8000;
const DURATION_MIN_MS = 40;
const INTERVAL_MAX_MS = 10_000;
const VOLUME = 10;
const END_PACKETS = 3;
const WAITING_MAX = 64;

/**
 * Digits to send as telephone-events (RFC 4733 §2.5.1): a packet every 20 ms, the last three times, then a pause. 100 ms
 * each where nothing else is asked for. What 16 bits cannot say (1.4 s at 48 kHz) is told in segments (§2.5.1.3).
 */
export class TelephoneEventSender {
  readonly #ticksPerMs: number;
  #waiting = '';
  #event = -1;
  #timestamp = 0;
  /** Timestamp units of the event before its present segment. */
  #told = 0;
  #step = 0;
  #dueAt: Instant = NEVER;
  /** Packets of a digit before the repetitions of its end. */
  #steps = 0;
  #nextSteps = DURATION_MS / STEP_MS;
  #intervalMs = INTERVAL_MS;

  constructor(clockRateHz: number) {
    this.#ticksPerMs = clockRateHz / 1000;
  }

  /**
   * Queues digits (`0`–`9`, `*`, `#`, `A`–`D`, `!`); returns how many were taken. Others, and what does not fit, are not.
   * Duration (40 to 8,000 ms, in steps of 20) and interval hold for all that is queued from the next digit on.
   */
  send(digits: string, now: Instant, durationMs = DURATION_MS, intervalMs = INTERVAL_MS): number {
    let taken = 0;
    const heldMs = Math.min(DURATION_MAX_MS, Math.max(DURATION_MIN_MS, durationMs));
    this.#nextSteps = Math.round(heldMs / STEP_MS);
    this.#intervalMs = Math.min(INTERVAL_MAX_MS, Math.max(0, intervalMs));
    for (const digit of digits.toUpperCase()) {
      if (!EVENT_CHARACTERS.includes(digit) || this.#waiting.length >= WAITING_MAX) continue;
      this.#waiting += digit;
      taken += 1;
    }
    if (this.#dueAt === NEVER && this.#waiting !== '') this.#dueAt = now;
    return taken;
  }

  /** Whether a digit is being sent: audio should be held back meanwhile. */
  get isSending(): boolean {
    return this.#event >= 0;
  }

  /** Whether there is anything to wait for: a digit that is sent, or one behind it. */
  get isIdle(): boolean {
    return this.#event < 0 && this.#waiting === '';
  }

  deadline(): Instant {
    return this.#dueAt;
  }

  /** Forgets what is queued; a digit begun loses its end. */
  clear(): void {
    this.#waiting = '';
    this.#event = -1;
    this.#dueAt = NEVER;
  }

  /**
   * The packet that is due at `now`, header and payload, written at `at`: returns the offset behind it, or `at` when
   * none is due. One packet a call; call again until none is due.
   */
  write(stream: SendStream, payloadType: number, bytes: Uint8Array, at: number, now: Instant): number {
    if (now < this.#dueAt) return at;
    if (this.#event < 0 && !this.#startNext(stream, now)) return at;
    const held = Math.min(this.#step, this.#steps);
    const isEnd = this.#step >= this.#steps;
    const duration = held * STEP_MS * this.#ticksPerMs - this.#told;
    const isFull = duration > DURATION_MAX;
    const payloadAt = at + RTP_HEADER_BYTES;
    stream.event(payloadType, this.#timestamp, this.#step === 1, EVENT_BYTES, bytes, at, now);
    const phase = isEnd && !isFull ? 'end' : 'held';
    writeEvent(bytes, payloadAt, this.#event, phase, VOLUME, isFull ? DURATION_MAX : duration);
    if (isFull) this.#startSegment();
    else this.#advance();
    return payloadAt + EVENT_BYTES;
  }

  #startNext(stream: SendStream, now: Instant): boolean {
    if (this.#waiting === '') {
      this.#dueAt = NEVER;
      return false;
    }
    this.#event = EVENT_CHARACTERS.indexOf(this.#waiting[0]!);
    this.#waiting = this.#waiting.slice(1);
    this.#timestamp = stream.timestampAt(now, 1);
    this.#told = 0;
    this.#step = 1;
    this.#steps = this.#nextSteps;
    this.#dueAt = now;
    return true;
  }

  /** The one before has told all that it can; the next says what is beyond it, at once. */
  #startSegment(): void {
    this.#timestamp = (this.#timestamp + DURATION_MAX) >>> 0;
    this.#told += DURATION_MAX;
  }

  #advance(): void {
    this.#step += 1;
    this.#dueAt += STEP_MS;
    if (this.#step < this.#steps + END_PACKETS) return;
    this.#event = -1;
    // The repetitions of the end are sent in the silence.
    this.#dueAt += Math.max(0, this.#intervalMs - (END_PACKETS - 1) * STEP_MS);
  }
}
