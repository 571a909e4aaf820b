import type { Uri } from '../message.ts';
import { METHODS } from './cseq.ts';
import { cutOut, isToken } from './token.ts';
import { NO_URI, parseUri } from './uri.ts';

/**
 * ```abnf
 * Request-Line = Method SP Request-URI SP SIP-Version CRLF               ; RFC 3261 §25.1
 * Status-Line  = SIP-Version SP Status-Code SP Reason-Phrase CRLF
 * SIP-Version  = "SIP" "/" 1*DIGIT "." 1*DIGIT
 * ```
 */
export type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: Uri; readonly flaw: RequestLineFlaw }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string }
  /** Not SIP, or a status line that nobody is waiting for. */
  | { readonly kind: 'unreadable' };

/** What is wrong with a request line that can still be answered; '' when nothing is. */
export type RequestLineFlaw =
  | ''
  | 'malformed-start-line'
  | 'malformed-request-uri'
  | 'headers-in-request-uri'
  | 'unsupported-version';

const STATUS_LINE = /^SIP\/2\.0 ([1-6]\d\d)(?: ([^\r\n]*))?$/i;
/** How status lines begin, and what ends request lines, as all but the oddest write them. */
const STATUS_START = 'SIP/2.0 ';
const REQUEST_END = ' SIP/2.0';
const VERSION = /^SIP\/\d+\.\d+$/i;

export function parseStartLine(line: string): StartLine {
  if (line.startsWith('SIP/') || line.startsWith('sip/')) {
    return parseStatusLine(line);
  }
  const methodEnd = line.indexOf(' ');
  const uriEnd = line.lastIndexOf(' ');
  const method = cutOut(line, 0, methodEnd, METHODS);
  const version = line.endsWith(REQUEST_END) ? 'SIP/2.0' : line.slice(uriEnd + 1);
  if (methodEnd <= 0 || uriEnd === methodEnd || !isToken(method) || !isVersion(version)) return parseLoosely(line);
  const uri = parseUri(line.slice(methodEnd + 1, uriEnd));
  if (version !== 'SIP/2.0' && version.toUpperCase() !== 'SIP/2.0') {
    return { kind: 'request', method, uri: uri ?? NO_URI, flaw: 'unsupported-version' };
  }
  if (uri === undefined) return { kind: 'request', method, uri: NO_URI, flaw: 'malformed-request-uri' };
  return { kind: 'request', method, uri, flaw: uri.headers === '' ? '' : 'headers-in-request-uri' };
}

/** One reading of the line for what every response says; the expression for the rest. */
function parseStatusLine(line: string): StartLine {
  const status = line.startsWith(STATUS_START) && line.charCodeAt(11) === 0x20 ? readStatus(line, 8) : 0;
  if (status !== 0 && !line.includes('\r', 12)) return { kind: 'response', status, reason: line.slice(12) };
  const match = STATUS_LINE.exec(line);
  return match === null
    ? { kind: 'unreadable' }
    : { kind: 'response', status: Number(match[1]), reason: match[2] ?? '' };
}

/** The three digits from `at`; 0 when they are no status. */
function readStatus(line: string, at: number): number {
  const hundreds = line.charCodeAt(at) - 0x30;
  const tens = line.charCodeAt(at + 1) - 0x30;
  const ones = line.charCodeAt(at + 2) - 0x30;
  const isStatus = hundreds >= 1 && hundreds <= 6 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
  return isStatus ? hundreds * 100 + tens * 10 + ones : 0;
}

function isVersion(text: string): boolean {
  return text === 'SIP/2.0' || VERSION.test(text);
}

/** A line with too many spaces still shows whose request it is. */
function parseLoosely(line: string): StartLine {
  const words = line.split(/[ \t]+/).filter((word) => word !== '');
  const method = words[0];
  const version = words.at(-1);
  if (words.length < 3 || method === undefined || version === undefined) return { kind: 'unreadable' };
  if (!isToken(method) || !VERSION.test(version)) return { kind: 'unreadable' };
  return { kind: 'request', method, uri: NO_URI, flaw: 'malformed-start-line' };
}
