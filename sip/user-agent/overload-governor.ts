import type { Instant } from '../../core/kernel/time.ts';

/** How long one look at the load lasts. */
const WINDOW_MS = 100;
/** What comes may wait so long before anybody is refused. */
const LATE_MS = 100;
/** While somebody is: above it, fewer are let in; below the other, more. */
const SLOW_MS = 50;
const CALM_MS = 20;
/** What is let in changes by these factors from one window to the next. */
const LESS = 0.85;
const MORE = 1.02;
/** However loaded: a switch that lets nobody in cannot see that it has become calm. */
const LIMIT_MIN = 2;
/** Of a window's INVITEs, those that may come in one go. */
const BURST = 0.1;
/** Windows in a row that must be late before anybody is refused: a collection of garbage is no overload. */
const PATIENCE = 2;

/**
 * Decides how many INVITEs are let in while what comes must wait too long to be read (RFC 6357 §5.4, a window that falls
 * fast and rises slowly): calls that live come first, and whoever is refused hears 503 at once. It acts when INVITEs
 * come and costs nothing else.
 */
export class OverloadGovernor {
  /** How long a message waits before it is read, in ms, as far as is known. */
  readonly #queueDelayMs: () => number;
  /** INVITEs that may be let in during a window; undefined while all are. */
  #limit: number | undefined;
  #windowEnd: Instant = 0;
  /** In this window. */
  #admitted = 0;
  #turnedAway = 0;
  #lateWindows = 0;
  #tokens = 0;
  #filledAt: Instant = 0;
  #refused = 0;

  constructor(queueDelayMs: () => number) {
    this.#queueDelayMs = queueDelayMs;
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
    const delayMs = this.#queueDelayMs();
    const windows = Math.max(1, (now - this.#windowEnd + WINDOW_MS) / WINDOW_MS);
    const perWindow = this.#admitted / windows;
    this.#lateWindows = delayMs >= LATE_MS ? this.#lateWindows + 1 : 0;
    const isSlow = this.#limit === undefined ? this.#lateWindows >= PATIENCE : delayMs > SLOW_MS;
    if (isSlow) this.#limit = Math.max(LIMIT_MIN, LESS * Math.min(perWindow, this.#limit ?? Infinity));
    else if (this.#limit !== undefined && delayMs < CALM_MS) {
      this.#limit = this.#turnedAway === 0 ? undefined : Math.ceil(this.#limit * MORE);
    }
    this.#admitted = 0;
    this.#turnedAway = 0;
    this.#windowEnd = now + WINDOW_MS;
  }
}
