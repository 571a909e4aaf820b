import type { ActiveflowId, CallId, ConferencecallId, ConferenceId, CustomerId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { MemberTerms } from './member-terms.ts';

/** A call's stay in a conference (platform §5.5). */
export interface ConferencecallRecord {
  readonly id: ConferencecallId;
  readonly customerId: CustomerId;
  readonly activeflowId: ActiveflowId | null;
  readonly conferenceId: ConferenceId;
  readonly callId: CallId;
  readonly terms: MemberTerms;
  readonly status: 'joining' | 'joined' | 'leaving' | 'leaved';
  readonly createdAt: WallTime;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}
