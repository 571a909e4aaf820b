import { quote, quotedStringEnd, unquote } from './quoted-string.ts';
import { isToken, spaceEnd, tokenEnd } from './token.ts';

/**
 * ```abnf
 * generic-param = token [EQUAL gen-value]                    ; RFC 3261 §25.1
 * gen-value     = token / host / quoted-string
 * ```
 * A value may be any text without separators: `received=2001:db8::9:255` is in use (RFC 5118 §4.5).
 */
export type Parameters = ReadonlyMap<string, string>;

export const NO_PARAMETERS: Parameters = new Map();

/** A value with more parameters than this is malformed. */
export const MAX_PARAMETERS = 64;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;

/**
 * Reads `;name=value;flag…` from `at` to the end of the text: names in lower case, quoted values unquoted, '' for a
 * flag. Undefined when malformed: an empty or repeated parameter, an unclosed quote, text between parameters.
 */
export function parseParameters(text: string, at: number): Parameters | undefined {
  let index = spaceEnd(text, at);
  if (index === text.length) return NO_PARAMETERS;
  const parameters = new Map<string, string>();
  while (index < text.length) {
    if (text.charCodeAt(index) !== SEMICOLON) return undefined;
    const nameStart = spaceEnd(text, index + 1);
    const nameEnd = tokenEnd(text, nameStart);
    if (nameEnd === nameStart) return undefined;
    const name = text.slice(nameStart, nameEnd).toLowerCase();
    let value = '';
    index = spaceEnd(text, nameEnd);
    if (text.charCodeAt(index) === EQUALS) {
      const valueStart = spaceEnd(text, index + 1);
      const quoted = text.charCodeAt(valueStart) === QUOTE;
      const valueEnd = quoted ? quotedStringEnd(text, valueStart) : plainValueEnd(text, valueStart);
      if (valueEnd < 0) return undefined;
      value = text.slice(valueStart, valueEnd);
      if (quoted) value = unquote(value);
      index = spaceEnd(text, valueEnd);
    }
    if (parameters.has(name) || parameters.size === MAX_PARAMETERS) return undefined;
    parameters.set(name, value);
  }
  return parameters;
}

/** `;name=value;flag`, values quoted where they are no token. Names must be tokens. */
export function formatParameters(parameters: Parameters): string {
  let text = '';
  for (const [name, value] of parameters) {
    text += value === '' ? `;${name}` : `;${name}=${isPlain(value) ? value : quote(value)}`;
  }
  return text;
}

/** Tokens and addresses go without quotes. */
function isPlain(value: string): boolean {
  return isToken(value) || /^\[?[0-9A-Fa-f:.]+\]?$/.test(value);
}

function plainValueEnd(text: string, at: number): number {
  for (let index = at; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case 0x20:
      case 0x09:
      case SEMICOLON:
        return index;
      case 0x2c: // A comma would have ended the element, an angle bracket or a quote begins something else.
      case 0x3c:
      case 0x3e:
      case QUOTE:
        return -1;
    }
  }
  return text.length;
}
