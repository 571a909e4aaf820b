import type { DefectList } from '../defect.ts';
import type { HeaderName } from '../message.ts';
import { MAX_HEADERS } from './head.ts';
import { canonicalHeaderName, knownHeaderName } from './header-name.ts';
import { isToken } from './token.ts';

/**
 * ```abnf
 * message-header = header-name HCOLON header-value CRLF      ; RFC 3261 §25.1
 * HCOLON         = *(SP / HTAB) ":" SWS
 * ```
 * A line that begins with a space continues the one before (§7.3.1).
 */
export interface HeaderLines {
  readonly names: readonly HeaderName[];
  /** Unfolded and trimmed; no CR and no LF is left in them. */
  readonly values: readonly string[];
}

const CR = 0x0d;

/** All header lines of a head from `at`, up to the empty line or the end of the text. */
export function readHeaderLines(text: string, at: number, defects: DefectList): HeaderLines {
  const names: HeaderName[] = [];
  const values: string[] = [];
  let start = at;
  let nextCr = text.indexOf('\r', start);
  for (let count = 0; start < text.length; count++) {
    let lineEnd = text.indexOf('\n', start);
    if (lineEnd < 0) lineEnd = text.length;
    let folded = false;
    while (isContinuation(text, lineEnd + 1)) {
      folded = true;
      lineEnd = text.indexOf('\n', lineEnd + 1);
      if (lineEnd < 0) lineEnd = text.length;
    }
    const end = text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd;
    if (end <= start) break;
    if (nextCr >= 0 && nextCr < start) nextCr = text.indexOf('\r', start);
    const raw = folded || (nextCr >= 0 && nextCr < end);
    if (count === MAX_HEADERS) {
      defects.fatal('too-many-headers', '', 400, `limit ${MAX_HEADERS}`);
      break;
    }
    readLine(text, start, end, raw, names, values, defects);
    start = lineEnd + 1;
  }
  return { names, values };
}

function readLine(
  text: string,
  start: number,
  end: number,
  raw: boolean,
  names: HeaderName[],
  values: string[],
  defects: DefectList,
): void {
  const colon = text.indexOf(':', start);
  const nameEnd = colon < 0 || colon >= end ? start : colon;
  const known = knownHeaderName(text, start, nameEnd);
  const name = known ?? canonicalHeaderName(text.slice(start, nameEnd).trimEnd());
  if (known === undefined && !isToken(name)) {
    defects.minor('malformed-header', '', text.slice(start, Math.min(end, start + 60)));
    return;
  }
  names.push(name);
  values.push(raw ? unfold(text.slice(colon + 1, end), name, defects) : trimmed(text, colon + 1, end));
}

/** As trim of that part of the text, cut out only once where spaces and tabs are all there is to trim. */
function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (from < to && isSpace(text.charCodeAt(to - 1))) to--;
  const value = text.slice(from, to);
  return isVisible(text.charCodeAt(from)) && isVisible(text.charCodeAt(to - 1)) ? value : value.trim();
}

/** Line ends inside become one space each; a CR that ends no line could begin another field when written again. */
function unfold(value: string, name: HeaderName, defects: DefectList): string {
  const lines = value.split('\n').map((line) => line.trim());
  const unfolded = lines.join(' ').trim();
  if (!unfolded.includes('\r')) return unfolded;
  defects.fatal('bare-cr', name, 400, 'a CR without LF');
  return unfolded.replaceAll('\r', ' ');
}

function isContinuation(text: string, at: number): boolean {
  return isSpace(text.charCodeAt(at));
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function isVisible(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}
