import { CAUSES } from '../../core/calls/cause.ts';
import { formatHostPort } from '../../sip/grammar/host.ts';
import type { DialString } from './dial-string.ts';
import type { CallResult } from './phone-call.ts';

/** INVITEs are repeated for 64 × T1 (RFC 3261 §17.1.1.2, timer B). */
const NO_RESPONSE_S = 32;
const MEDIA_TIMEOUT_S = 60;

/**
 * Why a call was not answered, or did not end well: one sentence of what was expected and what came, and what to do.
 * Undefined when all went well. `user` is '' when no credentials were given, and
 * `connectionFailure` when no connection was refused.
 */
export function failureOf(
  result: CallResult,
  target: DialString,
  user: string,
  connectionFailure = '',
): string | undefined {
  const { answered, cause, playFailure } = result;
  if (answered && cause === 'normal') {
    return playFailure === '' ? undefined : `The file could not be played: ${playFailure}. Give another --play file.`;
  }
  return answered ? brokenOff(result, target) : unanswered(result, target, user, connectionFailure);
}

function brokenOff({ cause }: CallResult, { host }: DialString): string {
  switch (cause) {
    case 'media-lost':
      return `The call was hung up after ${MEDIA_TIMEOUT_S} s of silence: expected RTP from ${host}, got none. Check the firewall between here and there.`;
    case 'media-failed':
      return 'The call was hung up because media failed here: expected a running media thread, got none. Call again.';
    default:
      return `The call broke off: expected a goodbye from ${host}, got none (${CAUSES[cause].text}). Check the network between here and there.`;
  }
}

function unanswered(result: CallResult, target: DialString, user: string, connectionFailure: string): string {
  const { cause, status, hasRung, endedBy } = result;
  const { user: number, host } = target;
  const place = formatHostPort(host, target.port);
  const transport = target.transport.toUpperCase();
  const got = `expected an answer, got ${status}`;
  if (cause === 'network-failed' && target.transport === 'tls' && connectionFailure !== '') {
    return `${place} cannot be reached over TLS: expected a certificate for ${host} that is believed, got: ${connectionFailure}. Give --tls-authorities for roots of your own.`;
  }
  if (cause === 'network-failed') {
    return `${place} cannot be reached over ${transport}: expected a connection, got none. Check the address, and that a SIP server listens there.`;
  }
  // A 408 of the other side means that nobody answered; this one is ours.
  if (cause === 'unavailable' && status === 408) {
    return `No answer from ${place} within ${NO_RESPONSE_S} s: expected a SIP response over ${transport}, got none. Check the address, and that a SIP server listens there.`;
  }
  if (endedBy === 'local') return givenUp(result, target);
  switch (cause) {
    case 'forbidden':
      return forbidden(status, target, user);
    case 'not-found':
      return `The number ${number} is not known at ${host}: ${got}. Check the number.`;
    case 'unavailable':
      if (hasRung) return `Nobody answered at ${number}: ${got}. Call again later.`;
      return `Nobody is registered for ${number} at ${host}: ${got}. Register a phone as ${number} there.`;
    case 'no-answer':
      return `Nobody answered at ${number}: ${got}. Call again later.`;
    case 'busy':
      return `${number} is busy: ${got}. Call again later.`;
    case 'declined':
      return `${number} declined the call: ${got}. Call again later.`;
    case 'not-acceptable':
      return `${number} speaks none of our codecs: expected PCMU or PCMA, got ${status}. Allow one of them there.`;
    default:
      return `${host} refused the call: ${got} (${CAUSES[cause].text}). See the log of ${host}.`;
  }
}

function forbidden(status: number, { user: number, host }: DialString, user: string): string {
  if (status === 403)
    return `${host} forbids this call: expected an answer, got 403. Check that ${user || 'this phone'} may call ${number}.`;
  if (user === '') return `${host} asks who is calling: expected an answer, got ${status}. Give --user and --password.`;
  return `The password was refused for user ${user} at ${host}: expected an answer, got ${status}. Check --user and --password.`;
}

function givenUp({ cause }: CallResult, { user: number, host }: DialString): string {
  switch (cause) {
    case 'canceled':
      return `The call was canceled before ${number} answered.`;
    case 'not-acceptable':
      return `The answer of ${number} could not be used: expected PCMU or PCMA over IPv4 or IPv6, got something else. Check the codecs at ${host}.`;
    default:
      return `The call could not be placed: expected a free RTP port here, got none (${CAUSES[cause].text}). Call again.`;
  }
}
