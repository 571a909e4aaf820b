import type { Instant } from '../../core/kernel/time.ts';

/** Two packets agree when the second follows the first by at most so many, within this time. */
const AGREE_GAP_MAX = 50;
const AGREE_WITHIN_MS = 2000;

/** For each slot the packet that waits for a second one to agree with it, as the source validation of RFC 3550 A.1. */
export class Agreement {
  readonly #source: Float64Array;
  readonly #ssrc: Uint32Array;
  readonly #sequence: Uint16Array;
  readonly #at: Float64Array;

  constructor(slotCount: number) {
    this.#source = new Float64Array(slotCount);
    this.#ssrc = new Uint32Array(slotCount);
    this.#sequence = new Uint16Array(slotCount);
    this.#at = new Float64Array(slotCount);
  }

  clear(slot: number): void {
    this.#source[slot] = 0;
  }

  /** True when the packet agrees with the one before it; else it is remembered in its place. */
  reached(slot: number, source: number, ssrc: number, sequence: number, now: Instant): boolean {
    const isSame = this.#source[slot] === source && this.#ssrc[slot] === ssrc;
    if (isSame && now - this.#at[slot]! <= AGREE_WITHIN_MS) {
      const gap = (sequence - this.#sequence[slot]!) & 0xffff;
      if (gap === 0) return false;
      if (gap <= AGREE_GAP_MAX) return true;
    }
    this.#source[slot] = source;
    this.#ssrc[slot] = ssrc;
    this.#sequence[slot] = sequence;
    this.#at[slot] = now;
    return false;
  }
}
