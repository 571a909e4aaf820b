import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { RTP_HEADER_BYTES } from './packet-view.ts';
import type { SendStream } from './send-stream.ts';
import { EVENT_BYTES, EVENT_CHARACTERS, writeEvent } from './telephone-event.ts';

const STEP_MS = 20;
const DURATION_MS = 100;
const PAUSE_MS = 60;
const VOLUME = 10;
const END_PACKETS = 3;
const WAITING_MAX = 64;

/**
 * Digits to send as telephone-events (RFC 4733 §2.5.1): 100 ms each, a packet every 20 ms, the last three times, then
 * a pause of 60 ms.
 */
export class TelephoneEventSender {
  readonly #ticksPerMs: number;
  #waiting = '';
  #event = -1;
  #timestamp = 0;
  #step = 0;
  #dueAt: Instant = NEVER;

  constructor(clockRateHz: number) {
    this.#ticksPerMs = clockRateHz / 1000;
  }

  /** Queues digits (`0`–`9`, `*`, `#`, `A`–`D`, `!`); returns how many were taken. Others, and what does not fit, are not. */
  send(digits: string, now: Instant): number {
    let taken = 0;
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
    const held = Math.min(this.#step, DURATION_MS / STEP_MS);
    const isEnd = this.#step >= DURATION_MS / STEP_MS;
    const duration = held * STEP_MS * this.#ticksPerMs;
    const payloadAt = at + RTP_HEADER_BYTES;
    stream.event(payloadType, this.#timestamp, this.#step === 1, EVENT_BYTES, bytes, at, now);
    writeEvent(bytes, payloadAt, this.#event, isEnd ? 'end' : 'held', VOLUME, duration);
    this.#advance();
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
    this.#step = 1;
    this.#dueAt = now;
    return true;
  }

  #advance(): void {
    this.#step += 1;
    this.#dueAt += STEP_MS;
    if (this.#step < DURATION_MS / STEP_MS + END_PACKETS) return;
    this.#event = -1;
    this.#dueAt += PAUSE_MS;
  }
}
