import type { Calendar } from '../kernel/clock.ts';
import { type Deadline, DeadlineHeap } from '../kernel/deadline-heap.ts';
import type { ExtensionId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { Binding } from './records.ts';

/** When each binding runs out. A refresh moves its deadline; a binding costs nothing in between. */
export class BindingExpiry {
  readonly #calendar: Calendar;
  readonly #deadlines = new DeadlineHeap<Binding>();
  /** By extension: each has a few, and a key for every binding would take more room than its deadline. */
  readonly #handles = new Map<ExtensionId, readonly Deadline<Binding>[]>();

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
    const others = this.#handles.get(binding.extensionId) ?? [];
    this.#handles.set(binding.extensionId, [...others, this.#deadlines.add(at, binding)]);
  }

  remove(binding: Binding): void {
    const handle = this.#forget(binding);
    if (handle !== undefined) this.#deadlines.remove(handle);
  }

  deadline(): Instant {
    return this.#deadlines.next();
  }

  /** Removes and returns a binding that has run out. */
  takeDue(now: Instant): Binding | undefined {
    const binding = this.#deadlines.takeDue(now);
    if (binding !== undefined) this.#forget(binding);
    return binding;
  }

  #forget({ extensionId, contact }: Binding): Deadline<Binding> | undefined {
    const handles = this.#handles.get(extensionId) ?? [];
    const handle = handles.find((other) => other.value.contact === contact);
    if (handle === undefined) return undefined;
    if (handles.length === 1) this.#handles.delete(extensionId);
    else
      this.#handles.set(
        extensionId,
        handles.filter((other) => other !== handle),
      );
    return handle;
  }
}
