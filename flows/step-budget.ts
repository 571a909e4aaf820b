import type { Instant } from '../core/kernel/time.ts';

/** Actions in a row without any that waits: beyond it the flow runs away. */
export const STEPS_MAX = 1_000;
/** A flow that begins nothing for so long has waited. What fails at once, again and again, is no waiting. */
const WAITED_MS = 10;

/** Tells a flow that loops and waits, which is legal for ever, from one that only loops. */
export class StepBudget {
  #count = 0;
  #lastAt: Instant = Number.NEGATIVE_INFINITY;

  /** False when the flow has run away. */
  take(now: Instant): boolean {
    if (now - this.#lastAt >= WAITED_MS) this.#count = 0;
    this.#lastAt = now;
    this.#count += 1;
    return this.#count <= STEPS_MAX;
  }

  rest(): void {
    this.#count = 0;
  }
}
