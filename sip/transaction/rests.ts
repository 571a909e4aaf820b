import { DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Instant } from '../../core/kernel/time.ts';

const STEP_MS = 1_000;

/**
 * What only waits for its end. All that end within one second do so together: one by one they would wake an idle
 * process, and each would have a deadline of its own to be kept and moved.
 */
export class Rests<Thing> {
  readonly #ends = new DeadlineHeap<Instant>();
  readonly #byEnd = new LiveMap<Instant, Queue<Thing>>();

  /** Ends at `at` or up to a second later. It cannot be taken back. */
  add(at: Instant, thing: Thing): void {
    const end = Math.ceil(at / STEP_MS) * STEP_MS;
    let things = this.#byEnd.get(end);
    if (things === undefined) {
      things = new Queue();
      this.#byEnd.set(end, things);
      this.#ends.add(end, end);
    }
    things.push(thing);
  }

  /** When the first one ends, or `NEVER`. */
  next(): Instant {
    return this.#ends.next();
  }

  /** Removes and returns one that has ended, if any; the one added first among those of a second. */
  takeDue(now: Instant): Thing | undefined {
    const end = this.#ends.next();
    if (end > now) return undefined;
    const things = this.#byEnd.get(end)!;
    const thing = things.shift();
    if (things.length === 0) {
      this.#byEnd.delete(end);
      this.#ends.takeDue(now);
    }
    return thing;
  }
}
