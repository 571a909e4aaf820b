import type { Cause } from '../../core/calls/cause.ts';
import type { Response } from '../message.ts';
import { causeOfReason } from './cause-of-reason.ts';

const CAUSE_BY_STATUS: ReadonlyMap<number, Cause> = new Map<number, Cause>([
  [401, 'forbidden'],
  [402, 'forbidden'],
  [403, 'forbidden'],
  [404, 'not-found'],
  [406, 'not-acceptable'],
  [407, 'forbidden'],
  [408, 'no-answer'],
  [410, 'not-found'],
  [415, 'not-acceptable'],
  [480, 'unavailable'],
  // A call that goes round in circles reaches nobody, and nobody on its way need try another way.
  [482, 'unavailable'],
  [483, 'unavailable'],
  [484, 'not-found'],
  [485, 'not-found'],
  [486, 'busy'],
  [487, 'canceled'],
  [488, 'not-acceptable'],
  [600, 'busy'],
  [603, 'declined'],
  [604, 'not-found'],
  [606, 'not-acceptable'],
  [607, 'declined'],
]);

/** Statuses that gateways use for many causes: then Q.850 says more, if it is there (RFC 3398 §7.2.4.1, RFC 6432). */
const VAGUE: ReadonlySet<number> = new Set([403, 480, 500, 502, 503, 504]);

/** What a final response other than 2xx to our INVITE means (RFC 3261 §21). */
export function causeOfFailure(response: Response): Cause {
  const { status } = response;
  const said = VAGUE.has(status) ? causeOfReason(response) : undefined;
  return said ?? causeOfStatus(status);
}

/** What a final status other than 2xx means (RFC 3261 §21). */
export function causeOfStatus(status: number): Cause {
  if (status < 400) return 'unavailable'; // It is elsewhere, and nobody follows.
  return CAUSE_BY_STATUS.get(status) ?? 'peer-failed';
}
