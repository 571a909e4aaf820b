import type { Calendar } from '../kernel/clock.ts';
import { type Instant, NEVER } from '../kernel/time.ts';
import type { Directory } from './directory.ts';
import type { Binding } from './records.ts';

/** When the next binding runs out. Bindings outlive the process and so have wall times; what waits for one needs an instant. */
export class BindingExpiry {
  readonly #directory: Directory;
  readonly #calendar: Calendar;
  #at: Instant = NEVER;

  constructor(directory: Directory, calendar: Calendar) {
    this.#directory = directory;
    this.#calendar = calendar;
  }

  /** After every change of bindings. */
  renew(now: Instant): void {
    const at = this.#directory.nextBindingExpiryAt();
    this.#at = at === Number.POSITIVE_INFINITY ? NEVER : now + Math.max(0, at - this.#calendar(now));
  }

  deadline(): Instant {
    return this.#at;
  }

  /** A binding that has run out. It is the caller's to drop it from the directory, and to renew. */
  due(now: Instant): Binding | undefined {
    if (this.#at > now) return undefined;
    const binding = this.#directory.expiredBinding(this.#calendar(now));
    // An extension was deleted with its bindings, or the system's clock was set.
    if (binding === undefined) this.renew(now);
    return binding;
  }
}
