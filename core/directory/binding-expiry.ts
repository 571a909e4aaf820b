import type { Calendar } from '../kernel/clock.ts';
import { type Deadline, DeadlineHeap } from '../kernel/deadline-heap.ts';
import type { Instant } from '../kernel/time.ts';
import type { Binding } from './records.ts';

/** When each binding runs out. A refresh moves its deadline; a binding costs nothing in between. */
export class BindingExpiry {
  readonly #calendar: Calendar;
  readonly #deadlines = new DeadlineHeap<Binding>();
  readonly #handles = new Map<string, Deadline<Binding>>();

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  get size(): number {
    return this.#deadlines.size;
  }

  /** A binding is new or refreshed. */
  add(binding: Binding, now: Instant): void {
    this.remove(binding);
    const at = now + Math.max(0, binding.expiresAt - this.#calendar(now));
    this.#handles.set(keyOf(binding), this.#deadlines.add(at, binding));
  }

  remove(binding: Binding): void {
    const handle = this.#handles.get(keyOf(binding));
    if (handle === undefined) return;
    this.#handles.delete(keyOf(binding));
    this.#deadlines.remove(handle);
  }

  deadline(): Instant {
    return this.#deadlines.next();
  }

  /** Removes and returns a binding that has run out. */
  takeDue(now: Instant): Binding | undefined {
    const binding = this.#deadlines.takeDue(now);
    if (binding !== undefined) this.#handles.delete(keyOf(binding));
    return binding;
  }
}

function keyOf(binding: Binding): string {
  return `${binding.extensionId} ${binding.contact}`;
}
