import type { Response } from '../message.ts';
import { intervalFrom, raisedInterval } from './session-interval.ts';
import type { SessionSpeaker } from './session-speaker.ts';

/** How often a peer may ask for a longer interval in one session. */
const RAISES_MAX = 3;

/** Whether the peer wants a longer interval and shall have it (RFC 4028 §7.3): then the request goes out once more. */
export function raisesInterval(speaker: SessionSpeaker, response: Response): boolean {
  if (response.status !== 422 || speaker.raises >= RAISES_MAX) return false;
  const raised = raisedInterval(response, speaker.interval);
  if (raised === undefined) return false;
  speaker.raises++;
  speaker.interval = raised;
  return true;
}

/** What the answer to our UPDATE means (RFC 4028 §10); undefined when it is sent again, now or by and by. */
export function takeRefreshed(speaker: SessionSpeaker, response: Response): 'agreed' | 'lost' | 'renew' | undefined {
  const { status } = response;
  if (status < 300) {
    speaker.interval = intervalFrom(response, speaker.interval);
    return 'agreed';
  }
  if (status === 408 || status === 481) return 'lost';
  if (status === 405 || status === 501) {
    if (speaker.interval !== undefined) speaker.interval = { ...speaker.interval, isUpdatable: false };
    return 'renew';
  }
  const authorization = speaker.authorize(response);
  if (authorization !== undefined || raisesInterval(speaker, response))
    speaker.resend(response, authorization, 'normal');
  return undefined;
}
