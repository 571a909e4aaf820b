import type { SealedText } from '../kernel/secret.ts';

/** Bits, one for each of so many kinds of names: 128 kB. */
const MARKS = 2 ** 20;

/**
 * Names that nobody here has. A password is unsealed when its owner is named first, which takes a while, once. So that
 * the time of an answer does not tell who is known, something is unsealed for a name that nobody has as well, once.
 * What is remembered of names has a fixed size: two that are marked alike pass for one.
 */
export class UnknownNames {
  readonly #marks = new Uint8Array(MARKS / 8);
  readonly #decoy: SealedText;
  #turnover = 0;

  /** `decoy` opens as passwords do. */
  constructor(decoy: SealedText) {
    this.#decoy = decoy;
  }

  /**
   * Takes as long as to look up the password of a known name would. True when something was unsealed. When passwords of
   * known names have turned over, and are unsealed anew, so is the one of this.
   */
  pretend(name: string, turnover = 0): boolean {
    if (turnover !== this.#turnover) this.#marks.fill(0);
    this.#turnover = turnover;
    const mark = markOf(name);
    const [byte, bit] = [mark >>> 3, 1 << (mark & 7)];
    if ((this.#marks[byte]! & bit) !== 0) return false;
    this.#marks[byte]! |= bit;
    return this.#decoy.again().text !== undefined;
  }
}

/** FNV-1a, folded. */
function markOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 12)) & (MARKS - 1);
}
