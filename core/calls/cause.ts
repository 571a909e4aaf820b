/**
 * Why a leg was refused or ended: our own closed set, mapped to SIP (RFC 3261 §21) and Q.850 (RFC 3326)
 * in one place. Edges translate at their rim and speak causes inside.
 */
export type Cause =
  | 'normal'
  | 'busy'
  | 'no-answer'
  | 'unavailable'
  | 'not-found'
  | 'declined'
  | 'canceled'
  | 'forbidden'
  | 'not-acceptable'
  | 'srtp-required'
  | 'answered-elsewhere'
  | 'timeout'
  | 'session-expired'
  | 'machine'
  | 'media-lost'
  | 'media-failed'
  | 'media-overloaded'
  | 'overloaded'
  | 'shutting-down'
  | 'crashed'
  | 'peer-failed'
  | 'network-failed'
  | 'internal';

export interface CauseFacts {
  /** Final status with which an unanswered leg is refused. */
  readonly sipStatus: number;
  /** Q.850 cause value for the Reason header. */
  readonly q850: number;
  /** One line for people, also the text of the Reason header. */
  readonly text: string;
}

export const CAUSES: Readonly<Record<Cause, CauseFacts>> = {
  normal: { sipStatus: 480, q850: 16, text: 'Normal call clearing' },
  busy: { sipStatus: 486, q850: 17, text: 'User busy' },
  'no-answer': { sipStatus: 480, q850: 19, text: 'No answer from user' },
  unavailable: { sipStatus: 480, q850: 20, text: 'Subscriber absent' },
  'not-found': { sipStatus: 404, q850: 1, text: 'Unallocated number' },
  declined: { sipStatus: 603, q850: 21, text: 'Call rejected' },
  canceled: { sipStatus: 487, q850: 16, text: 'Canceled by the caller' },
  forbidden: { sipStatus: 403, q850: 57, text: 'Not allowed' },
  'not-acceptable': { sipStatus: 488, q850: 88, text: 'No common codec' },
  'srtp-required': { sipStatus: 488, q850: 88, text: 'SRTP required' },
  'answered-elsewhere': { sipStatus: 487, q850: 26, text: 'Answered elsewhere' },
  timeout: { sipStatus: 480, q850: 102, text: 'Longest call duration reached' },
  'session-expired': { sipStatus: 408, q850: 102, text: 'Session not refreshed in time' },
  machine: { sipStatus: 480, q850: 16, text: 'Answering machine' },
  'media-lost': { sipStatus: 480, q850: 38, text: 'No media from the peer' },
  'media-failed': { sipStatus: 500, q850: 41, text: 'Media thread failed' },
  'media-overloaded': { sipStatus: 503, q850: 42, text: 'Media overloaded' },
  overloaded: { sipStatus: 503, q850: 42, text: 'Switching equipment congestion' },
  'shutting-down': { sipStatus: 503, q850: 41, text: 'Shutting down' },
  crashed: { sipStatus: 500, q850: 41, text: 'Ended by a restart of the switch' },
  'peer-failed': { sipStatus: 502, q850: 27, text: 'Peer failed' },
  'network-failed': { sipStatus: 503, q850: 38, text: 'Peer unreachable' },
  internal: { sipStatus: 500, q850: 41, text: 'Temporary failure' },
};
