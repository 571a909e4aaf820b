/** Start line and headers of a message: at most this many bytes. */
export const MAX_HEAD_BYTES = 16_384;

/** Header lines of a message, folded lines counted once. */
export const MAX_HEADERS = 256;

const LF = 0x0a;
const CR = 0x0d;

/** Index of the first byte of `bytes` in [start, end) that is neither CR nor LF (RFC 3261 §7.5); `end` if none. */
export function skipLineEnds(bytes: Uint8Array, start: number, end: number): number {
  let index = start;
  while (index < end && (bytes[index] === CR || bytes[index] === LF)) index++;
  return index;
}

/** Index after the empty line that ends the head, looked for in [start, end); -1 if none. CRLF and bare LF both count. */
export function headEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let index = bytes.indexOf(LF, start); index >= 0 && index < end; index = bytes.indexOf(LF, index + 1)) {
    if (index + 1 < end && bytes[index + 1] === LF) return index + 2;
    if (index + 2 < end && bytes[index + 1] === CR && bytes[index + 2] === LF) return index + 3;
  }
  return -1;
}
