import type { Cause } from '../../core/calls/cause.ts';
import type { Message } from '../message.ts';

/** Cause values of Q.850 in our words, as RFC 3398 §7.2.4.1 groups them by the status that they become. */
const CAUSE_BY_Q850: ReadonlyMap<number, Cause> = new Map<number, Cause>([
  [1, 'not-found'],
  [2, 'not-found'],
  [3, 'not-found'],
  [16, 'normal'],
  [17, 'busy'],
  [18, 'no-answer'],
  [19, 'no-answer'],
  [20, 'unavailable'],
  [21, 'declined'],
  [22, 'not-found'],
  [23, 'not-found'],
  [26, 'answered-elsewhere'],
  [27, 'peer-failed'],
  [28, 'not-found'],
  [29, 'peer-failed'],
  [31, 'normal'],
  [34, 'overloaded'],
  [38, 'network-failed'],
  [41, 'peer-failed'],
  [42, 'overloaded'],
  [47, 'overloaded'],
  [50, 'forbidden'],
  [55, 'forbidden'],
  [57, 'forbidden'],
  [58, 'overloaded'],
  [65, 'not-acceptable'],
  [70, 'not-acceptable'],
  [79, 'not-acceptable'],
  [87, 'forbidden'],
  [88, 'not-acceptable'],
  [102, 'session-expired'],
  [111, 'peer-failed'],
  [127, 'peer-failed'],
]);

/** What the Reason of a BYE, CANCEL or refusal says (RFC 3326, RFC 6432), by Q.850 first; undefined when it says nothing. */
export function causeOfReason(message: Message): Cause | undefined {
  if (message.first('Reason') === undefined) return undefined;
  let cause: Cause | undefined;
  for (const reason of message.all('Reason')) {
    const [, protocol = '', value = ''] = REASON.exec(reason) ?? [];
    if (protocol.toLowerCase() === 'q.850') return CAUSE_BY_Q850.get(Number(value)) ?? cause;
    // RFC 3326 §2: what a forking proxy tells the branches that were too late.
    if (protocol.toLowerCase() === 'sip' && Number(value) === 200) cause ??= 'answered-elsewhere';
  }
  return cause;
}

const REASON = /^[ \t]*([\w.]+)[ \t]*;(?:.*;)?[ \t]*cause[ \t]*=[ \t]*(\d{1,3})[ \t]*(?:;|$)/i;
