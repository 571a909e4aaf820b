import { assert } from '../core/kernel/assert.ts';

/**
 * Plays samples, once or over and over. Tones are loops of one period of their cadence, so that a tone costs no more
 * than a file.
 */
export class Player {
  readonly #samples: Int16Array;
  readonly #loops: boolean;
  #position = 0;

  constructor(samples: Int16Array, end: 'loop' | 'once') {
    assert(end === 'once' || samples.length > 0, 'a loop has samples');
    this.#samples = samples;
    this.#loops = end === 'loop';
  }

  /** Nothing is left to play. Never for a loop. */
  get finished(): boolean {
    return this.#position === this.#samples.length;
  }

  /** Fills `into` with what comes next, with silence behind the end. */
  take(into: Int16Array): void {
    let filled = 0;
    while (filled < into.length && this.#position < this.#samples.length) {
      const count = Math.min(into.length - filled, this.#samples.length - this.#position);
      copy(this.#samples, this.#position, into, filled, count);
      filled += count;
      this.#position += count;
      if (this.#loops && this.#position === this.#samples.length) this.#position = 0;
    }
    into.fill(0, filled);
  }
}

function copy(from: Int16Array, start: number, into: Int16Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) into[at + i] = from[start + i]!;
}
