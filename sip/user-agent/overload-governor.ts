import type { Instant } from '../../core/kernel/time.ts';
import type { QueueState } from '../transport/queue-probe.ts';

/** How long one look at the load lasts. */
const WINDOW_MS = 100;
/** While INVITEs are refused, more are let in when nothing waits for longer. */
const CALM_MS = 20;
/** What is let in changes by these factors from one window to the next. */
const LESS = 0.85;
/** By so much with each window in which nothing waits, and by more the longer that lasts. */
const MORE = 0.02;
const MORE_MAX = 0.2;
/** However loaded: a switch that lets nobody in cannot see that it has become calm. */
const LIMIT_MIN = 2;
/** Of a window's INVITEs, those that may come in one go. */
const BURST = 0.1;
/** Windows without anybody after which the flood is over. */
const FORGET_AFTER = 10;
/** Windows in a row in which something was lost before anybody is refused: a collection of garbage is no overload. */
const PATIENCE = 2;

/**
 * Decides how many INVITEs are let in while the socket overflows with what comes (RFC 6357 §5.4, a window that falls
 * fast and rises slowly): calls that live come first, and whoever is refused hears 503 at once. It acts when INVITEs
 * come and costs nothing else.
 */
export class OverloadGovernor {
  /** What is known of the messages that wait to be read. */
  readonly #queue: () => QueueState;
  /** INVITEs that may be let in during a window; undefined while all are. */
  #limit: number | undefined;
  #windowEnd: Instant = 0;
  /** In this window. */
  #admitted = 0;
  #turnedAway = 0;
  #fullWindows = 0;
  #calmWindows = 0;
  /** What was let in in a window in which something was lost. */
  #ceiling = 0;
  #tokens = 0;
  #filledAt: Instant = 0;
  #refused = 0;

  constructor(queue: () => QueueState) {
    this.#queue = queue;
  }

  get isOverloaded(): boolean {
    return this.#limit !== undefined;
  }

  /** INVITEs refused since the start. */
  get refusedCount(): number {
    return this.#refused;
  }

  /**
   * Whether an INVITE is let in. One that answers a challenge goes before one that must be challenged first: what was
   * begun is brought to an end.
   */
  admits(hasCredentials: boolean, now: Instant): boolean {
    if (now >= this.#windowEnd) this.#look(now);
    if (this.#limit !== undefined && !this.#takeToken(this.#limit, hasCredentials, now)) {
      this.#turnedAway++;
      this.#refused++;
      return false;
    }
    this.#admitted++;
    return true;
  }

  /** Spread over the window: whoever waits in the socket behind a burst would wait for all of it. */
  #takeToken(limit: number, hasCredentials: boolean, now: Instant): boolean {
    const most = Math.max(2, limit * BURST);
    this.#tokens = Math.min(most, this.#tokens + (limit * (now - this.#filledAt)) / WINDOW_MS);
    this.#filledAt = now;
    if (this.#tokens < (hasCredentials ? 1 : Math.max(1, most / 2))) return false;
    this.#tokens--;
    return true;
  }

  #look(now: Instant): void {
    const { isOverflowing, delayMs } = this.#queue();
    const windows = Math.max(1, (now - this.#windowEnd + WINDOW_MS) / WINDOW_MS);
    const perWindow = this.#admitted / windows;
    this.#fullWindows = isOverflowing ? this.#fullWindows + 1 : 0;
    this.#calmWindows = isOverflowing || delayMs >= CALM_MS ? 0 : this.#calmWindows + 1;
    if (windows > FORGET_AFTER) this.#limit = undefined;
    if (this.#limit === undefined ? this.#fullWindows >= PATIENCE : isOverflowing) {
      this.#ceiling = Math.min(perWindow, this.#limit ?? Infinity);
      this.#limit = Math.max(LIMIT_MIN, LESS * this.#ceiling);
    } else if (this.#limit !== undefined && this.#calmWindows > 0) {
      // Near what was too much the last time, carefully.
      const isNear = this.#limit > LESS * this.#ceiling && this.#limit < this.#ceiling / LESS;
      const growth = 1 + (isNear ? MORE : Math.min(MORE_MAX, MORE * this.#calmWindows));
      this.#limit = this.#turnedAway === 0 ? undefined : Math.ceil(this.#limit * growth);
    }
    this.#admitted = 0;
    this.#turnedAway = 0;
    this.#windowEnd = now + WINDOW_MS;
  }
}
