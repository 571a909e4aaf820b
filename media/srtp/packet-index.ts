import { ReplayWindow } from './replay-window.ts';

const HALF = 0x8000;
const NONE = -1;

/**
 * The roll-over counter of one source, and which of its packets have been seen (RFC 3711 §3.3.1). Looking changes
 * nothing: only what is proved to be genuine is marked.
 */
export class PacketIndex {
  #rollOver = 0;
  #highest = NONE;
  readonly #window = new ReplayWindow();

  /** The roll-over counter under which a packet of this number was most probably sent; -1 for before the first. */
  rollOverOf(sequence: number): number {
    const highest = this.#highest;
    if (highest === NONE) return this.#rollOver;
    if (highest < HALF) return sequence - highest > HALF ? this.#rollOver - 1 : this.#rollOver;
    return highest - HALF > sequence ? this.#rollOver + 1 : this.#rollOver;
  }

  /** Whether this packet has not been seen; false as well for one so old that nobody can tell. */
  isNew(sequence: number, rollOver: number): boolean {
    return rollOver >= 0 && (this.#highest === NONE || this.#window.isNew(sequence, this.#ahead(sequence, rollOver)));
  }

  mark(sequence: number, rollOver: number): void {
    const ahead = this.#highest === NONE ? 1 : this.#ahead(sequence, rollOver);
    this.#window.mark(sequence, ahead);
    if (ahead <= 0) return;
    this.#highest = sequence;
    this.#rollOver = rollOver;
  }

  #ahead(sequence: number, rollOver: number): number {
    return sequence - this.#highest + (rollOver - this.#rollOver) * 0x1_0000;
  }
}
