/**
 * Memory that the streams of a thread share, a row of numbers for each, seen as numbers and as words of 32 bits. A packet
 * finds all that it changes side by side: fields of objects would each lie somewhere else, and 20 ms later nothing of a
 * stream is left in the caches.
 */
export interface StreamRows {
  readonly numbers: Float64Array;
  readonly words: Int32Array;
}

/** Words of a row that come into a cache together. */
export const LINE_WORDS = 16;

/** Room for `count` rows of `length` numbers: memory of one's own, or that behind `offset` of `buffer`. */
export function streamRows(
  count: number,
  length: number,
  buffer: ArrayBufferLike = new ArrayBuffer(8 * count * length),
  offset = 0,
): StreamRows {
  const numbers = new Float64Array(buffer, offset, count * length);
  return { numbers, words: new Int32Array(buffer, offset, 2 * count * length) };
}
