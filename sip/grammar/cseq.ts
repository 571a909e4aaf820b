import type { CSeq } from '../message.ts';
import { cutOut, isToken, spaceEnd } from './token.ts';

/**
 * ```abnf
 * CSeq = "CSeq" HCOLON 1*DIGIT LWS Method                    ; RFC 3261 §25.1
 * ```
 */

/** Those of calls and registrations. */
export const METHODS: readonly string[] = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'REGISTER', 'OPTIONS'];

/** What a message without a readable CSeq has in its place. */
export const NO_CSEQ: CSeq = { number: 0, method: '' };

/** RFC 3261 §20.16: a 32-bit unsigned integer. */
const MAX_NUMBER = 2 ** 32 - 1;

const DIGITS_MAX = 64;

/** Undefined when malformed or beyond 32 bits. */
export function parseCSeq(text: string): CSeq | undefined {
  let number = 0;
  let index = 0;
  for (; index < DIGITS_MAX; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (!(digit >= 0 && digit <= 9)) break;
    number = number * 10 + digit;
  }
  const methodStart = spaceEnd(text, index);
  if (index === 0 || methodStart === index || number > MAX_NUMBER) return undefined;
  const method = cutOut(text, methodStart, text.length, METHODS);
  return isToken(method) ? { number, method } : undefined;
}
