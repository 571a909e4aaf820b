import { quotedStringEnd } from './quoted-string.ts';

/** More elements than this in one field are not split any further: the rest stays one (malformed) element. */
const MAX_ELEMENTS = 128;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING = 0x3c;

/** Elements of a comma-separated header value (RFC 3261 §7.3.1), trimmed; commas in quotes and in <> do not separate. */
export function splitList(text: string): readonly string[] {
  if (!text.includes(',')) return text === '' ? [] : [text];
  const elements: string[] = [];
  let start = 0;
  let index = 0;
  while (index < text.length && elements.length < MAX_ELEMENTS - 1) {
    const code = text.charCodeAt(index);
    if (code === COMMA) {
      elements.push(text.slice(start, index).trim());
      start = index + 1;
      index = start;
    } else if (code === QUOTE || code === OPENING) {
      const end = code === QUOTE ? quotedStringEnd(text, index) : text.indexOf('>', index) + 1;
      if (end <= 0) break;
      index = end;
    } else index++;
  }
  elements.push(text.slice(start).trim());
  return elements;
}
