import type { Instant } from '../../core/kernel/time.ts';

/** The first byte is that of no SIP message, the second that of no STUN message. */
const HEAD = [0x00, 0xff];
const SECRET_AT = 2;
const SECRET_BYTES = 16;
const NUMBER_AT = SECRET_AT + SECRET_BYTES;
const PROBE_BYTES = NUMBER_AT + 4;
/** Sent together: when two of three datagrams are lost, one of these hardly comes through unnoticed. */
const TOGETHER = 3;
/** What was measured so long ago says nothing of now. */
const STALE_MS = 1_000;

/**
 * How long a datagram waits in the socket before it is read: we send some to ourselves, and see when they come. One that
 * does not come is as late as it has been under way: a full socket drops. Asked for seldom, it costs nothing in between.
 */
export class QueueProbe {
  readonly #secret: Uint8Array;
  #sentAt: Instant = -Infinity;
  #firstNumber = 0;
  #lastNumber = 0;
  /** Of those sent together last, how many came. */
  #came = 0;
  /** The longest that one of them took. */
  #longestMs = 0;

  /** `secret` is 16 random bytes: nobody else can make these datagrams. */
  constructor(secret: Uint8Array) {
    this.#secret = secret.slice(0, SECRET_BYTES);
  }

  /** Milliseconds that those sent last have waited, or wait still; 0 when that is long ago. */
  delayMs(now: Instant): number {
    const age = now - this.#sentAt;
    if (this.#came === TOGETHER) return age > STALE_MS ? 0 : this.#longestMs;
    return age > 2 * STALE_MS ? 0 : Math.max(age, this.#longestMs);
  }

  /** Datagrams to send to ourselves. Those sent before and not come yet are given up. */
  send(now: Instant): readonly Uint8Array[] {
    this.#sentAt = now;
    this.#firstNumber = this.#lastNumber + 1;
    this.#came = 0;
    this.#longestMs = 0;
    return Array.from({ length: TOGETHER }, () => this.#probe());
  }

  /** True when it was one of ours, and is of no concern to anybody else. */
  receive(bytes: Uint8Array, now: Instant): boolean {
    if (bytes.length !== PROBE_BYTES || bytes[1] !== HEAD[1] || !this.#isOurs(bytes)) return false;
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(NUMBER_AT);
    if (number >= this.#firstNumber) {
      this.#came++;
      this.#longestMs = Math.max(this.#longestMs, now - this.#sentAt);
    }
    return true;
  }

  #probe(): Uint8Array {
    const bytes = new Uint8Array(PROBE_BYTES);
    bytes.set(HEAD);
    bytes.set(this.#secret, SECRET_AT);
    this.#lastNumber = (this.#lastNumber + 1) >>> 0;
    new DataView(bytes.buffer).setUint32(NUMBER_AT, this.#lastNumber);
    return bytes;
  }

  #isOurs(bytes: Uint8Array): boolean {
    return this.#secret.every((byte, index) => bytes[SECRET_AT + index] === byte);
  }
}
