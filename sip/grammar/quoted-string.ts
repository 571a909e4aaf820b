/**
 * ```abnf
 * quoted-string = DQUOTE *(qdtext / quoted-pair) DQUOTE      ; RFC 3261 §25.1
 * quoted-pair   = "\" (%x00-09 / %x0B-0C / %x0E-7F)
 * ```
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Index after the closing quote of the quoted string that opens at `at`; -1 when it is never closed. */
export function quotedStringEnd(text: string, at: number): number {
  for (let index = at + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index + 1;
    if (code === BACKSLASH) index++;
  }
  return -1;
}

/** What the complete quoted string from `start` to `end` says, without its quotes and escapes. */
export function unquote(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner;
}

/** The text as a quoted string. Control characters become spaces: they mean nothing there and would end the line. */
export function quote(text: string): string {
  if (!UNPLAIN.test(text)) return `"${text}"`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is searched for.
  return `"${text.replace(/[\x00-\x1f\x7f]/g, ' ').replace(/["\\]/g, '\\$&')}"`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is searched for.
const UNPLAIN = /[\x00-\x1f\x7f"\\]/;
