import { readExpires } from '../events/subscribe-request.ts';
import { parseParameters } from '../grammar/parameters.ts';
import { tokenEnd } from '../grammar/token.ts';
import type { Request } from '../message.ts';
import type { Objection } from './objection.ts';

/** An attempt to reach somebody is over by then (RFC 3515 §2.4.4: the duration of the subscription is ours to choose). */
export const REFERRAL_EXPIRES_S = 180;
/** What is asked for is granted without a timer: whoever wants less is told a little longer. */
const EXPIRES_MIN_S = 60;

/** What a SUBSCRIBE in the dialog of a REFER asks for. */
export interface Renewal {
  /** CSeq of the REFER (RFC 3515 §2.4.6); undefined when it is left out. */
  readonly id: number | undefined;
  /** 0 to hear no more. */
  readonly expiresS: number;
}

/** Reads it, or says why it is not taken (RFC 6665 §4.2.1). In a call nothing else can be subscribed to. */
export function readRenewal(request: Request): Renewal | Objection {
  const text = request.first('Event') ?? '';
  const end = tokenEnd(text, 0);
  const id = parseParameters(text, end)?.get('id');
  const isReadable = id === undefined || /^\d{1,10}$/.test(id);
  if (text.slice(0, end).toLowerCase() !== 'refer' || !isReadable) {
    return { status: 489, fields: [['Allow-Events', 'refer']] };
  }
  const expiresS = readExpires(request.first('Expires'), REFERRAL_EXPIRES_S);
  if (expiresS > 0 && expiresS < EXPIRES_MIN_S)
    return { status: 423, fields: [['Min-Expires', String(EXPIRES_MIN_S)]] };
  return { id: id === undefined ? undefined : Number(id), expiresS };
}
