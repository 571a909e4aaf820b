import type { Instant } from '../../core/kernel/time.ts';

/** Who is known may fill a process; a stranger costs it no more than a busy phone would. */
const RATES = {
  known: { perSecond: 5_000, burst: 10_000 },
  stranger: { perSecond: 100, burst: 500 },
} as const;
/** Bytes that weigh as much as a message. */
const BYTES_OF_ONE = 4_096;

/**
 * What one connection may bring in: a bucket of messages, in which bytes count too. A connection that brings more is not
 * read for a while, so that TCP slows its sender down; nothing is lost.
 */
export class Intake {
  /** What was taken and has not leaked away since. */
  #level = 0;
  #at: Instant;

  constructor(now: Instant) {
    this.#at = now;
  }

  /** Takes what one read brought, and returns for how long nothing more should be read: 0 to go on. */
  take(messageCount: number, bytes: number, sender: () => 'known' | 'stranger', now: Instant): number {
    this.#level += messageCount + bytes / BYTES_OF_ONE;
    if (this.#level < RATES.stranger.burst) {
      this.#leak(RATES.stranger.perSecond, now);
      return 0;
    }
    const { perSecond, burst } = RATES[sender()];
    this.#leak(perSecond, now);
    const excess = this.#level - burst;
    return excess <= 0 ? 0 : Math.ceil((excess / perSecond) * 1_000);
  }

  #leak(perSecond: number, now: Instant): void {
    this.#level = Math.max(0, this.#level - ((now - this.#at) / 1_000) * perSecond);
    this.#at = now;
  }
}
