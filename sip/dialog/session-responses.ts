import type { Response } from '../message.ts';
import type { Purpose } from './session-output.ts';
import type { SessionSpeaker } from './session-speaker.ts';
import type { SessionEvent } from './session-state.ts';

/** A re-INVITE that meets the peer's this often is given up. */
const GLARE_MAX = 3;

/** What a response to a request of ours means for its session; undefined when it changes nothing. */
export function eventOfResponse(
  speaker: SessionSpeaker,
  purpose: Purpose,
  response: Response,
): SessionEvent | undefined {
  const { status, cseq } = response;
  if (purpose === 'fork' || purpose === 'prack' || purpose === 'update' || (purpose !== 'invite' && status < 200))
    return undefined;
  if (purpose === 'bye') return 'byeDone';
  const { dialog, reinviteCSeq, glares } = speaker;
  if (purpose === 'reinvite') {
    if (status < 300) return cseq.number === reinviteCSeq ? 'modified' : 'again';
    if (status === 408 || status === 481) return 'gone';
    return status === 491 && glares < GLARE_MAX ? 'pending' : 'unmodified';
  }
  if (status < 200) return 'provisional';
  if (status >= 300) return 'failure';
  if (dialog === undefined) return speaker.isOffered(response) ? 'offer' : 'success';
  return dialog.remoteTag === response.toTag ? 'again' : 'fork';
}

/** RFC 3261 §20.33; 0 when it does not say. */
export function retryAfterMs(response: Response): number {
  const seconds = /^\d{1,9}/.exec(response.first('Retry-After') ?? '')?.[0];
  return 1_000 * Number(seconds ?? 0);
}
