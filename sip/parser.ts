import { type Defect, DefectList } from './defect.ts';
import { NO_BODY, RequestFields, ResponseFields } from './field-list.ts';
import { headEnd, MAX_HEAD_BYTES, skipLineEnds } from './grammar/head.ts';
import { type HeaderLines, readHeaderLines } from './grammar/header-lines.ts';
import { indexOfName } from './grammar/header-name.ts';
import { parseStartLine, type RequestLineFlaw } from './grammar/start-line.ts';
import type { Message } from './message.ts';
import { checkWellFormed } from './well-formedness.ts';

export type { Defect } from './defect.ts';

export interface ParseResult {
  /** Undefined when nothing can be done with it, not even an answer. */
  readonly message: Message | undefined;
  /** In the order found. The first `fatal` one says how the message is answered. */
  readonly defects: readonly Defect[];
}

const FLAW_STATUS: Record<Exclude<RequestLineFlaw, ''>, number> = {
  'malformed-start-line': 400,
  'malformed-request-uri': 400,
  'headers-in-request-uri': 400,
  'unsupported-version': 505,
};

/**
 * One message from one datagram, or from one frame of a stream (RFC 3261 §7, §18.3). Never throws. The body is a view
 * of `bytes`, which must not change afterwards. A request with a fatal defect still comes with its message when its
 * Via can be read, so that it can be refused.
 */
export function parse(bytes: Uint8Array): ParseResult {
  const defects = new DefectList();
  const start = skipLineEnds(bytes, 0, bytes.length);
  const limit = Math.min(bytes.length, start + MAX_HEAD_BYTES);
  const bodyStart = headEnd(bytes, start, limit);
  const text = decode(bytes, start, bodyStart < 0 ? limit : bodyStart);
  const lineEnd = text.indexOf('\n');
  const line = firstLine(text, lineEnd);
  const startLine = parseStartLine(line);
  if (startLine.kind === 'unreadable') {
    defects.fatal(line === '' ? 'empty' : 'malformed-start-line', '', 0, line);
    return { message: undefined, defects: defects.found };
  }
  if (startLine.kind === 'response' || startLine.method === 'ACK') defects.silence();
  if (startLine.kind === 'request' && startLine.flaw !== '') {
    defects.fatal(startLine.flaw, '', FLAW_STATUS[startLine.flaw], line);
  }
  if (bodyStart < 0) reportEndlessHead(bytes.length > limit, defects);
  const lines = readHeaderLines(text, lineEnd < 0 ? text.length : lineEnd + 1, defects);
  const { names, values } = lines;
  const body = takeBody(bytes, bodyStart < 0 ? bytes.length : bodyStart, lines, defects);
  const message =
    startLine.kind === 'request'
      ? new RequestFields(startLine.method, startLine.uri, names, values, body)
      : new ResponseFields(startLine.status, startLine.reason, names, values, body);
  checkWellFormed(message, names, defects);
  return { message: message.topVia.host === '' ? undefined : message, defects: defects.found };
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('utf8', start, end);
}

function firstLine(text: string, lineEnd: number): string {
  const end = lineEnd < 0 ? text.length : lineEnd;
  return text.slice(0, text.charCodeAt(end - 1) === 0x0d ? end - 1 : end);
}

function reportEndlessHead(tooLarge: boolean, defects: DefectList): void {
  if (tooLarge) defects.fatal('head-too-large', '', 513, `limit ${MAX_HEAD_BYTES} bytes`);
  else defects.fatal('unterminated-head', '', 400, 'no empty line after the headers');
}

/** What Content-Length says of the bytes after the head; all of them without it (RFC 3261 §18.3). */
function takeBody(bytes: Uint8Array, start: number, { names, values }: HeaderLines, defects: DefectList): Uint8Array {
  const available = bytes.length - start;
  const index = indexOfName(names, 'Content-Length', 0);
  if (index < 0) return view(bytes, start, available);
  const text = values[index]!;
  if (!/^\d+$/.test(text)) {
    defects.fatal('malformed-content-length', 'Content-Length', 400, text);
    return NO_BODY;
  }
  const length = Number(text);
  if (length > available) {
    defects.fatal('content-length-beyond-datagram', 'Content-Length', 400, `says ${text}, got ${available}`);
  }
  return view(bytes, start, Math.min(length, available));
}

function view(bytes: Uint8Array, start: number, length: number): Uint8Array {
  return length === 0 ? NO_BODY : bytes.subarray(start, start + length);
}
