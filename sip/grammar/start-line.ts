import type { Uri } from '../message.ts';
import { isToken } from './token.ts';
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
const VERSION = /^SIP\/\d+\.\d+$/i;

export function parseStartLine(line: string): StartLine {
  if (line.startsWith('SIP/') || line.startsWith('sip/')) {
    const match = STATUS_LINE.exec(line);
    return match === null
      ? { kind: 'unreadable' }
      : { kind: 'response', status: Number(match[1]), reason: match[2] ?? '' };
  }
  const methodEnd = line.indexOf(' ');
  const uriEnd = line.lastIndexOf(' ');
  const method = line.slice(0, methodEnd);
  const version = line.slice(uriEnd + 1);
  if (methodEnd <= 0 || uriEnd === methodEnd || !isToken(method) || !VERSION.test(version)) return parseLoosely(line);
  const uri = parseUri(line.slice(methodEnd + 1, uriEnd));
  if (version !== 'SIP/2.0' && version.toUpperCase() !== 'SIP/2.0') {
    return { kind: 'request', method, uri: uri ?? NO_URI, flaw: 'unsupported-version' };
  }
  if (uri === undefined) return { kind: 'request', method, uri: NO_URI, flaw: 'malformed-request-uri' };
  return { kind: 'request', method, uri, flaw: uri.headers === '' ? '' : 'headers-in-request-uri' };
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
