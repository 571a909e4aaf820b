import { type Instant, NEVER } from '../../core/kernel/time.ts';
import type { Message, Request, Response } from '../message.ts';
import { type Field, SUPPORTED_FIELD } from './session-messages.ts';

/** How long a session lives unless it is refreshed, as both sides have agreed (RFC 4028). */
export interface SessionInterval {
  readonly seconds: number;
  /** Who refreshes: we, or the peer. */
  readonly refresher: 'local' | 'remote';
  /** The least that the peer or a proxy wants; 0 when nobody said. */
  readonly minimumSeconds: number;
  /** The peer takes UPDATE: then a refresh needs no new offer. */
  readonly isUpdatable: boolean;
}

/** Shorter intervals are refused (RFC 4028 §4). */
export const MINIMUM_S = 90;
/** No peer makes us promise more. */
const MAXIMUM_S = 86_400;

/** Our wish for the interval of a new session, which we then refresh whether or not the peer can. */
export function wishedInterval(seconds: number): SessionInterval {
  return { seconds: Math.max(MINIMUM_S, seconds), refresher: 'local', minimumSeconds: 0, isUpdatable: false };
}

/** What we agree to by the 2xx to this INVITE, re-INVITE or UPDATE (RFC 4028 §9); undefined for a session without end. */
export function intervalFor(request: Request, before: SessionInterval | undefined): SessionInterval | undefined {
  const asked = expiresOf(request);
  if (asked === undefined && before === undefined) return undefined;
  const isSupported = supportsTimer(request);
  if (asked === undefined && !isSupported) return undefined;
  const minimumSeconds = Math.max(secondsOf(request.first('Min-SE')), before?.minimumSeconds ?? 0);
  const seconds = Math.min(MAXIMUM_S, Math.max(asked?.seconds ?? before!.seconds, MINIMUM_S, minimumSeconds));
  const nominated = { uac: 'remote', uas: 'local', '': before?.refresher ?? 'remote' } as const;
  const refresher = isSupported ? nominated[asked?.refresher ?? ''] : 'local';
  return { seconds, refresher, minimumSeconds, isUpdatable: takesUpdate(request, before) };
}

/** What a 2xx to a request of ours has made of what we asked for, if we did (RFC 4028 §7.2). */
export function intervalFrom(response: Response, asked: SessionInterval | undefined): SessionInterval | undefined {
  const said = expiresOf(response);
  // A peer that cannot refreshes nothing; we can do without its help.
  if (said === undefined) {
    return asked?.refresher === 'local' ? { ...asked, isUpdatable: takesUpdate(response, asked) } : undefined;
  }
  return {
    seconds: Math.max(said.seconds, MINIMUM_S),
    refresher: said.refresher === 'uas' ? 'remote' : 'local',
    minimumSeconds: asked?.minimumSeconds ?? 0,
    isUpdatable: takesUpdate(response, asked),
  };
}

/** After 422: the interval that its sender wants at least; undefined when it is none that we can keep. */
export function raisedInterval(response: Response, asked: SessionInterval | undefined): SessionInterval | undefined {
  const minimumSeconds = secondsOf(response.first('Min-SE'));
  if (asked === undefined || minimumSeconds <= asked.seconds || minimumSeconds > MAXIMUM_S) return undefined;
  return { ...asked, seconds: minimumSeconds, minimumSeconds };
}

/** The header fields that say so in a request of ours. */
export function requestFields({ seconds, refresher, minimumSeconds }: SessionInterval, isFirst: boolean): Field[] {
  const role = isFirst ? '' : `;refresher=${refresher === 'local' ? 'uac' : 'uas'}`;
  const fields: Field[] = [['Session-Expires', `${seconds}${role}`]];
  if (minimumSeconds > 0) fields.push(['Min-SE', String(minimumSeconds)]);
  return fields;
}

/** The header fields of a request that keeps the session; none for a session without end. */
export function keepingFields(interval: SessionInterval | undefined): readonly Field[] {
  return interval === undefined ? [] : [SUPPORTED_FIELD, ...requestFields(interval, false)];
}

/** The header fields that say so in a 2xx of ours. */
export function responseFields({ seconds, refresher }: SessionInterval): Field[] {
  if (refresher === 'local') return [['Session-Expires', `${seconds};refresher=uas`]];
  return [
    ['Session-Expires', `${seconds};refresher=uac`],
    ['Require', 'timer'],
  ];
}

/** The least interval, when a request asks for less and can be told so (RFC 4028 §9); undefined when it is fine. */
export function intervalObjection(
  request: Request,
): { readonly status: 422; readonly fields: readonly Field[] } | undefined {
  const asked = expiresOf(request);
  if (asked === undefined || asked.seconds >= MINIMUM_S || !supportsTimer(request)) return undefined;
  return { status: 422, fields: [['Min-SE', String(MINIMUM_S)]] };
}

/** Until we refresh: half of it (RFC 4028 §7.4). */
export function refreshAfterMs(interval: SessionInterval | undefined): Instant {
  return interval?.refresher === 'local' ? 500 * interval.seconds : NEVER;
}

/** Until the session is over: who waits for a refresh leaves a little before the end (RFC 4028 §10). */
export function expiresAfterMs(interval: SessionInterval | undefined): Instant {
  if (interval === undefined) return NEVER;
  const { seconds, refresher } = interval;
  return 1_000 * (refresher === 'local' ? seconds : seconds - Math.min(32, Math.floor(seconds / 3)));
}

/** RFC 4028 §4: delta-seconds and who refreshes; undefined when absent or malformed. */
function expiresOf(message: Message): { readonly seconds: number; readonly refresher: 'uac' | 'uas' | '' } | undefined {
  const text = message.first('Session-Expires');
  if (text === undefined) return undefined;
  const [seconds = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  if (!/^\d{1,9}$/.test(seconds)) return undefined;
  const named = parameters.map((parameter) => /^refresher[ \t]*=[ \t]*(uac|uas)$/.exec(parameter)?.[1]);
  return { seconds: Number(seconds), refresher: (named.find(Boolean) as 'uac' | 'uas' | undefined) ?? '' };
}

function secondsOf(text: string | undefined): number {
  return Number(/^\d{1,9}/.exec(text ?? '')?.[0] ?? 0);
}

function supportsTimer(request: Request): boolean {
  return [...request.all('Supported'), ...request.all('Require')].some((option) => option.toLowerCase() === 'timer');
}

function takesUpdate(message: Message, before: SessionInterval | undefined): boolean {
  const methods = message.all('Allow');
  if (methods.length > 0) return methods.includes('UPDATE');
  return message.cseq.method === 'UPDATE' || before?.isUpdatable === true;
}
