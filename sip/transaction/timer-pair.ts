import { fail } from '../../core/kernel/assert.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';

/**
 * The timers of one transaction: one that repeats and one that ends, never more. There are many transactions, and they
 * rest for half a minute, so the two are kept in place rather than in lists.
 */
export class TimerPair<Name extends string> {
  #first: Name | undefined;
  #firstAt: Instant = NEVER;
  #second: Name | undefined;
  #secondAt: Instant = NEVER;

  /** Starts a timer that does not run. At `NEVER` it does not run either. */
  start(name: Name, at: Instant): void {
    if (at === NEVER) return;
    if (this.#first === undefined) {
      this.#first = name;
      this.#firstAt = at;
    } else if (this.#second === undefined) {
      this.#second = name;
      this.#secondAt = at;
    } else fail(`a third timer: ${name}`);
  }

  stopAll(): void {
    this.#first = undefined;
    this.#firstAt = NEVER;
    this.#second = undefined;
    this.#secondAt = NEVER;
  }

  /** Earliest deadline, or `NEVER`. */
  next(): Instant {
    return Math.min(this.#firstAt, this.#secondAt);
  }

  /** Removes and returns the earliest timer that is due at `now`, if any; the one started first among equals. */
  takeDue(now: Instant): Name | undefined {
    if (this.next() > now) return undefined;
    const isSecond = this.#secondAt < this.#firstAt;
    const due = isSecond ? this.#second : this.#first;
    if (!isSecond) {
      this.#first = this.#second;
      this.#firstAt = this.#secondAt;
    }
    this.#second = undefined;
    this.#secondAt = NEVER;
    return due;
  }
}
