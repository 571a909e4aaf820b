import type { Instant } from '../../core/kernel/time.ts';

/** What is known of the datagrams that wait for us in a socket. */
export interface QueueState {
  /** Some were lost because the socket was full. */
  readonly isOverflowing: boolean;
  /** The longest that one waited, in ms. */
  readonly delayMs: number;
}

/** The first byte is that of no SIP message, the second that of no STUN message. */
const HEAD = [0x00, 0xff];
const SECRET_AT = 2;
const SECRET_BYTES = 16;
const NUMBER_AT = SECRET_AT + SECRET_BYTES;
const TIME_AT = NUMBER_AT + 4;
const PROBE_BYTES = TIME_AT + 8;
/** Sent together: when two of three datagrams are lost, one of these hardly comes through unnoticed. */
const TOGETHER = 3;
/** One that has been under way for so long was lost, if it is the last. */
const LOST_AFTER_MS = 1_000;

/**
 * Whether the socket is full, and how long a datagram waits in it: we send some to ourselves, and see which come, and when.
 * They cannot overtake each other, so one that is missing when a later one comes was dropped. Asked for seldom, it costs
 * nothing in between.
 */
export class QueueProbe {
  readonly #secret: Uint8Array;
  #lastSent = 0;
  #lastSentAt: Instant = 0;
  #lastCame = 0;
  #lostCount = 0;
  #longestMs = 0;

  /** `secret` is 16 random bytes: nobody else can make these datagrams. */
  constructor(secret: Uint8Array) {
    this.#secret = secret.slice(0, SECRET_BYTES);
  }

  /** What those say that came, or did not, since it was asked last. */
  take(now: Instant): QueueState {
    if (this.#lastCame !== this.#lastSent && now - this.#lastSentAt > LOST_AFTER_MS) {
      this.#lostCount += this.#lastSent - this.#lastCame;
      this.#lastCame = this.#lastSent;
    }
    const state = { isOverflowing: this.#lostCount > 0, delayMs: this.#longestMs };
    this.#lostCount = 0;
    this.#longestMs = 0;
    return state;
  }

  /** Datagrams to send to ourselves. */
  send(now: Instant): readonly Uint8Array[] {
    this.#lastSentAt = now;
    return Array.from({ length: TOGETHER }, () => this.#probe(now));
  }

  /** True when it was one of ours, and is of no concern to anybody else. */
  receive(bytes: Uint8Array, now: Instant): boolean {
    if (bytes.length !== PROBE_BYTES || bytes[1] !== HEAD[1] || !this.#isOurs(bytes)) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const number = view.getUint32(NUMBER_AT);
    if (number <= this.#lastCame) return true;
    this.#lostCount += number - this.#lastCame - 1;
    this.#lastCame = number;
    this.#longestMs = Math.max(this.#longestMs, now - view.getFloat64(TIME_AT));
    return true;
  }

  #probe(now: Instant): Uint8Array {
    const bytes = new Uint8Array(PROBE_BYTES);
    bytes.set(HEAD);
    bytes.set(this.#secret, SECRET_AT);
    const view = new DataView(bytes.buffer);
    view.setUint32(NUMBER_AT, ++this.#lastSent);
    view.setFloat64(TIME_AT, now);
    return bytes;
  }

  #isOurs(bytes: Uint8Array): boolean {
    return this.#secret.every((byte, index) => bytes[SECRET_AT + index] === byte);
  }
}
