/**
 * ```abnf
 * escaped = "%" HEXDIG HEXDIG                                ; RFC 3261 §25.1
 * ```
 */

/**
 * Escapes replaced once by the UTF-8 characters that they stand for. Escapes that are no valid UTF-8 stay as they are,
 * so that different names never become the same name.
 */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    const decoded = Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8');
    return decoded.includes('\ufffd') ? run : decoded;
  });
}

/** Every character that `allowed` (some of a class, from first to last, without `g`) does not match is escaped as UTF-8. */
export function percentEncode(text: string, allowed: RegExp): string {
  if (allowed.test(text)) return text;
  let encoded = '';
  for (const character of text) {
    if (allowed.test(character)) encoded += character;
    else for (const byte of Buffer.from(character, 'utf8')) encoded += `%${HEX[byte]!}`;
  }
  return encoded;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0'));
