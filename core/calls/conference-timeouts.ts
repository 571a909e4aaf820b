import type { Conference } from '../directory/records.ts';
import type { Calendar } from '../kernel/clock.ts';
import { type Deadline, DeadlineHeap } from '../kernel/deadline-heap.ts';
import type { ConferenceId } from '../kernel/ids.ts';
import type { Instant, WallTime } from '../kernel/time.ts';

/** A conference whose end could not be stored tries to end again after so long. */
const RETRY_MS = 5_000;

/** When each conference ends by itself: a time after its creation, so it outlives the process. */
export class ConferenceTimeouts {
  readonly #calendar: Calendar;
  readonly #deadlines = new DeadlineHeap<ConferenceId>();
  readonly #armed = new Map<ConferenceId, { readonly handle: Deadline<ConferenceId>; readonly endsAt: WallTime }>();

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  /** A conference is new or changed, or may be. */
  put(conference: Conference, now: Instant): void {
    const { id, status, timeoutS, createdAt } = conference;
    if (timeoutS === 0 || status !== 'progressing') {
      this.remove(id);
      return;
    }
    const endsAt = createdAt + timeoutS * 1000;
    if (this.#armed.get(id)?.endsAt === endsAt) return;
    this.#arm(id, endsAt, now + Math.max(0, endsAt - this.#calendar(now)));
  }

  /** Its end has failed: if it had come by time-out, it is tried again a little later. */
  retry(conference: Conference, now: Instant): void {
    const { id, timeoutS, createdAt } = conference;
    if (timeoutS === 0) return;
    const endsAt = createdAt + timeoutS * 1000;
    this.#arm(id, endsAt, now + Math.max(RETRY_MS, endsAt - this.#calendar(now)));
  }

  remove(id: ConferenceId): void {
    const armed = this.#armed.get(id);
    if (armed === undefined) return;
    this.#armed.delete(id);
    this.#deadlines.remove(armed.handle);
  }

  deadline(): Instant {
    return this.#deadlines.next();
  }

  /** Removes and returns a conference whose time is over. */
  takeDue(now: Instant): ConferenceId | undefined {
    const id = this.#deadlines.takeDue(now);
    if (id !== undefined) this.#armed.delete(id);
    return id;
  }

  #arm(id: ConferenceId, endsAt: WallTime, at: Instant): void {
    this.remove(id);
    this.#armed.set(id, { handle: this.#deadlines.add(at, id), endsAt });
  }
}
