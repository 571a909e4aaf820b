import { intervalObjection } from '../dialog/session-interval.ts';
import { ALLOW, isSdp, SDP } from '../dialog/session-messages.ts';
import { ALLOWED_EVENTS } from '../events/packages.ts';
import { KNOWN_METHODS } from '../grammar/known-methods.ts';
import type { HeaderName, Request } from '../message.ts';

/** Why a request is not processed, as a response that says so. */
export interface Objection {
  readonly status: number;
  readonly fields: readonly (readonly [HeaderName, string])[];
}

/** Options that a REGISTER may require of us (RFC 5626, RFC 3327). */
const REGISTRAR_OPTIONS: ReadonlySet<string> = new Set(['path', 'outbound']);
/** Options that the requests of a session may require of us (RFC 3262, RFC 4028). */
const SESSION_OPTIONS: ReadonlySet<string> = new Set(['100rel', 'timer']);
/** Those of an INVITE besides (RFC 3891 §7.2), and of a REFER (RFC 4488 §4). */
const INVITE_OPTIONS: ReadonlySet<string> = new Set([...SESSION_OPTIONS, 'replaces']);
const REFER_OPTIONS: ReadonlySet<string> = new Set(['norefersub']);
const NO_OPTIONS: ReadonlySet<string> = new Set();
const OPTIONS_OF: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['REGISTER', REGISTRAR_OPTIONS],
  ['INVITE', INVITE_OPTIONS],
  ['PRACK', SESSION_OPTIONS],
  ['UPDATE', SESSION_OPTIONS],
  ['REFER', REFER_OPTIONS],
]);

/** Media ranges that include session descriptions. */
const SDP_RANGES: ReadonlySet<string> = new Set([SDP, 'application/*', '*/*']);

export const OPTIONS_FIELDS: readonly (readonly [HeaderName, string])[] = [
  ['Allow', ALLOW],
  ['Allow-Events', ALLOWED_EVENTS],
  ['Accept', SDP],
  ['Accept-Encoding', 'identity'],
  ['Supported', [...REGISTRAR_OPTIONS, ...INVITE_OPTIONS, ...REFER_OPTIONS].join(', ')],
];

/** A method that we do not take here: inside a dialog, or outside (RFC 3261 §8.2.1: 405 when it exists, else 501). */
export function methodObjection(method: string): Objection {
  return { status: KNOWN_METHODS.has(method) ? 405 : 501, fields: [['Allow', ALLOW]] };
}

/** What we do not understand or may not answer (RFC 3261 §8.2.2.3, §8.2.3), and INVITEs that went too far. */
export function objectionTo(request: Request): Objection | undefined {
  const { method, uri } = request;
  const isNumber = method === 'INVITE' && uri.scheme === 'tel';
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips' && !isNumber) return { status: 416, fields: [] };
  if (method === 'INVITE' && /^0+$/.test(request.first('Max-Forwards') ?? '')) return { status: 483, fields: [] };
  const options = OPTIONS_OF.get(method) ?? NO_OPTIONS;
  const unsupported = request.all('Require').filter((option) => !options.has(option.toLowerCase()));
  if (unsupported.length > 0) return { status: 420, fields: [['Unsupported', unsupported.join(', ')]] };
  const describes = method === 'INVITE' || method === 'UPDATE' || method === 'PRACK';
  if (describes && request.body.length > 0 && !isSdp(request)) return { status: 415, fields: [['Accept', SDP]] };
  // RFC 3261 §8.2.6: what would be answered is a session description.
  if (describes && !acceptsSdp(request)) return { status: 406, fields: [] };
  return describes ? intervalObjection(request) : undefined;
}

/** Whether the response may carry a session description (RFC 3261 §20.1: SDP is what no Accept means). */
function acceptsSdp(request: Request): boolean {
  if (request.first('Accept') === undefined) return true;
  return request.all('Accept').some((range) => SDP_RANGES.has(range.split(';', 1)[0]!.trim().toLowerCase()));
}
