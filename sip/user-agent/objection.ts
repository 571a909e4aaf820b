import { ALLOW, isSdp, SDP } from '../dialog/session-messages.ts';
import { ALLOWED_EVENTS } from '../events/packages.ts';
import type { HeaderName, Request } from '../message.ts';

/** Why a request is not processed, as a response that says so. */
export interface Objection {
  readonly status: number;
  readonly fields: readonly (readonly [HeaderName, string])[];
}

/** Options that a REGISTER may require of us (RFC 5626, RFC 3327). We offer none for sessions. */
const REGISTRAR_OPTIONS: ReadonlySet<string> = new Set(['path', 'outbound']);

/** Methods that exist but are none of ours (RFC 3261 §8.2.1: 405, not 501). */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'ACK',
  'BYE',
  'CANCEL',
  'INFO',
  'INVITE',
  'MESSAGE',
  'NOTIFY',
  'OPTIONS',
  'PRACK',
  'PUBLISH',
  'REFER',
  'REGISTER',
  'SUBSCRIBE',
  'UPDATE',
]);

export const OPTIONS_FIELDS: readonly (readonly [HeaderName, string])[] = [
  ['Allow', ALLOW],
  ['Allow-Events', ALLOWED_EVENTS],
  ['Accept', SDP],
  ['Accept-Encoding', 'identity'],
  ['Supported', [...REGISTRAR_OPTIONS].join(', ')],
];

/** A method that we do not take here: inside a dialog, or outside. */
export function methodObjection(method: string): Objection {
  return { status: KNOWN_METHODS.has(method) ? 405 : 501, fields: [['Allow', ALLOW]] };
}

/** Extensions and bodies that we do not understand (RFC 3261 §8.2.2.3, §8.2.3), and INVITEs that went too far. */
export function objectionTo(request: Request): Objection | undefined {
  const { method, uri } = request;
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return { status: 416, fields: [] };
  if (method === 'INVITE' && request.first('Max-Forwards')?.trim() === '0') return { status: 483, fields: [] };
  const unsupported = request.all('Require').filter((option) => {
    return method !== 'REGISTER' || !REGISTRAR_OPTIONS.has(option.toLowerCase());
  });
  if (unsupported.length > 0) return { status: 420, fields: [['Unsupported', unsupported.join(', ')]] };
  const describes = method === 'INVITE' || method === 'UPDATE';
  if (describes && request.body.length > 0 && !isSdp(request)) return { status: 415, fields: [['Accept', SDP]] };
  return undefined;
}
