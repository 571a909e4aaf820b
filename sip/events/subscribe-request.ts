import { parseParameters } from '../grammar/parameters.ts';
import { tokenEnd } from '../grammar/token.ts';
import type { HeaderName, Request } from '../message.ts';
import type { Objection } from '../user-agent/objection.ts';
import { ALLOWED_EVENTS, type EventPackage, packageNamed } from './packages.ts';

/** Shortest and longest time granted, in seconds; the longest is the default as well (RFC 4235 §3.4, RFC 3842 §3.4). */
const EXPIRES_MIN = 60;
const EXPIRES_MAX = 3_600;

/** What a SUBSCRIBE asks for. */
export interface Wish {
  readonly kind: EventPackage;
  /** Event as every NOTIFY says it. */
  readonly event: string;
  /** 0 to be told once, or no more. */
  readonly expiresS: number;
}

/** Reads a SUBSCRIBE, or says why it is not taken (RFC 6665 §4.2.1). */
export function readSubscribe(request: Request): Wish | Objection {
  const text = request.first('Event') ?? '';
  const end = tokenEnd(text, 0);
  const kind = packageNamed(text.slice(0, end));
  const parameters = parseParameters(text, end);
  if (kind === undefined || parameters === undefined) return refusal(489, ['Allow-Events', ALLOWED_EVENTS]);
  const accepted = request.all('Accept').map((range) => range.split(';')[0]!.trim().toLowerCase());
  if (accepted.length > 0 && !accepted.some((range) => covers(range, kind.contentType))) {
    return refusal(406, ['Accept', kind.contentType]);
  }
  const expiresS = readExpires(request.first('Expires'), EXPIRES_MAX);
  if (expiresS > 0 && expiresS < EXPIRES_MIN) return refusal(423, ['Min-Expires', String(EXPIRES_MIN)]);
  const id = parameters.get('id') ?? '';
  return { kind, event: id === '' ? kind.name : `${kind.name};id=${id}`, expiresS };
}

/** The seconds that Expires asks for, at most so many. A malformed time counts as none (RFC 3261 §20.19). */
export function readExpires(text: string | undefined, most: number): number {
  const isNumber = text !== undefined && /^\d{1,10}$/.test(text.trim());
  return isNumber ? Math.min(Number(text), most) : most;
}

function covers(range: string, type: string): boolean {
  return range === '*/*' || range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)));
}

function refusal(status: number, field: readonly [HeaderName, string]): Objection {
  return { status, fields: [field] };
}
