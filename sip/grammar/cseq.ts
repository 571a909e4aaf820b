import type { CSeq } from '../message.ts';

/**
 * ```abnf
 * CSeq = "CSeq" HCOLON 1*DIGIT LWS Method                    ; RFC 3261 §25.1
 * ```
 */

/** What a message without a readable CSeq has in its place. */
export const NO_CSEQ: CSeq = { number: 0, method: '' };

/** RFC 3261 §20.16: a 32-bit unsigned integer. */
const MAX_NUMBER = 2 ** 32 - 1;

const CSEQ = /^(\d{1,64})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)$/;

/** Undefined when malformed or beyond 32 bits. */
export function parseCSeq(text: string): CSeq | undefined {
  const match = CSEQ.exec(text);
  if (match === null) return undefined;
  const number = Number(match[1]);
  return number > MAX_NUMBER ? undefined : { number, method: match[2]! };
}
