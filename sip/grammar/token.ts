/**
 * ```abnf
 * token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~")    ; RFC 3261 §25.1
 * LWS   = [*WSP CRLF] 1*WSP                                                           ; unfolded before it gets here
 * ```
 */
const TOKEN = new Uint8Array(128);
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~") {
  TOKEN[character.charCodeAt(0)] = 1;
}

const SPACE = 0x20;
const TAB = 0x09;

/** Index of the first character at or after `at` that is not part of a token. */
export function tokenEnd(text: string, at: number): number {
  let index = at;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code > 127 || TOKEN[code] === 0) break;
    index++;
  }
  return index;
}

export function isToken(text: string): boolean {
  return text !== '' && tokenEnd(text, 0) === text.length;
}

/**
 * The text from `start` to `end`. When it is one of the known words, that word itself, which is always there: so nothing
 * is allocated, nothing keeps the message alive, and comparing is comparing of addresses.
 */
export function cutOut(text: string, start: number, end: number, known: readonly string[]): string {
  const length = end - start;
  const firstCode = text.charCodeAt(start);
  for (let index = 0; index < known.length; index++) {
    const word = known[index]!;
    if (word.length === length && word.charCodeAt(0) === firstCode && text.startsWith(word, start)) return word;
  }
  return text.slice(start, end);
}

/** As toLowerCase of ASCII text, but without a copy when there is nothing to change. */
export function lowerCase(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code >= 0x41 && code <= 0x5a) || code > 127) return text.toLowerCase();
  }
  return text;
}

/** Index of the first character at or after `at` that is neither space nor tab. */
export function spaceEnd(text: string, at: number): number {
  let index = at;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code !== SPACE && code !== TAB) break;
    index++;
  }
  return index;
}
