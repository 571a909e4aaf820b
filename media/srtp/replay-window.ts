/** Packets behind the newest that are told apart; older ones are taken for repeated (RFC 3711 §3.3.2 asks for 64). */
export const WINDOW_PACKETS = 128;

/** Which of the newest numbers have been seen. Numbers count modulo any multiple of 128. */
export class ReplayWindow {
  readonly #bits = new Int32Array(WINDOW_PACKETS >> 5);

  /** Whether the packet `ahead` of the newest (0 is the newest itself) has not been seen, and is not too old to tell. */
  isNew(number: number, ahead: number): boolean {
    if (ahead > 0) return true;
    if (ahead <= -WINDOW_PACKETS) return false;
    return ((this.#bits[(number >> 5) & 3]! >>> (number & 31)) & 1) === 0;
  }

  /** Only what `isNew` says so. */
  mark(number: number, ahead: number): void {
    if (ahead >= WINDOW_PACKETS) this.#bits.fill(0);
    else for (let between = 1; between < ahead; between++) this.#clear(number - ahead + between);
    this.#clear(number);
    this.#bits[(number >> 5) & 3]! |= 1 << (number & 31);
  }

  #clear(number: number): void {
    this.#bits[(number >> 5) & 3]! &= ~(1 << (number & 31));
  }
}
