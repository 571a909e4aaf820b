import type { Request } from '../message.ts';
import type { Field } from './session-messages.ts';

/** How an INFO is answered, and the digit that it brings. */
export interface InfoReading {
  readonly status: number;
  readonly fields: readonly Field[];
  readonly digit?: { readonly digit: string; readonly durationMs: number };
}

const RELAY = 'application/dtmf-relay';
const PLAIN = 'application/dtmf';
const OK: InfoReading = { status: 200, fields: [] };
const MALFORMED: InfoReading = { status: 400, fields: [] };
const DIGIT = /^[0-9*#A-D]$/;
/** Events of RFC 4733 §3.2 by their numbers: some phones send these in place of the digit. */
const NUMBERED: readonly string[] = ['*', '#', 'A', 'B', 'C', 'D'];
const DURATION_MS = 250;
const DURATION_MAX_MS = 10_000;
/** `Signal=5`, `Duration=160`, one a line. */
const SIGNAL = /^\s*signal\s*=\s*([^\s]+)\s*$/im;
const DURATION = /^\s*duration\s*=\s*([0-9]{1,6})\s*$/im;

/**
 * An INFO inside a call. Two bodies that phones use bring a digit; what is neither is refused with what we take. An INFO
 * without a body is taken (RFC 2976 §2.2); one of an Info Package is not, since we have invited none (RFC 6086 §4.2.2).
 */
export function readInfo(request: Request): InfoReading {
  if (request.first('Info-Package') !== undefined) return { status: 469, fields: [['Recv-Info', '']] };
  if (request.body.length === 0) return OK;
  const type = (request.first('Content-Type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type !== RELAY && type !== PLAIN) return { status: 415, fields: [['Accept', `${RELAY}, ${PLAIN}`]] };
  const text = new TextDecoder().decode(request.body.subarray(0, BODY_BYTES_MAX));
  const signal = type === PLAIN ? text.trim() : SIGNAL.exec(text)?.[1];
  if (signal === undefined || signal === '') return MALFORMED;
  const digit = (/^1[0-5]$/.test(signal) ? NUMBERED[Number(signal) - 10]! : signal).toUpperCase();
  // Flash and what else there is: understood, and nothing to do.
  if (!DIGIT.test(digit)) return OK;
  const durationMs = Math.min(Number(DURATION.exec(text)?.[1] ?? DURATION_MS), DURATION_MAX_MS);
  return { ...OK, digit: { digit, durationMs: type === PLAIN ? DURATION_MS : durationMs } };
}

const BODY_BYTES_MAX = 256;
