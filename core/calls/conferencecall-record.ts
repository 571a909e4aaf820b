import type {
  ActiveflowId,
  CallId,
  ConferencecallId,
  ConferenceId,
  CustomerId,
  ExternalMediaId,
} from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { MemberTerms } from './member-terms.ts';

/** Who is in a conference: a call, or a program outside that is there by itself, and is a member like any other. */
export type MemberReference =
  | { readonly type: 'call'; readonly id: CallId }
  | { readonly type: 'external_media'; readonly id: ExternalMediaId };

/** A stay in a conference (platform §5.5). */
export interface ConferencecallRecord {
  readonly id: ConferencecallId;
  readonly customerId: CustomerId;
  readonly activeflowId: ActiveflowId | null;
  readonly conferenceId: ConferenceId;
  readonly reference: MemberReference;
  readonly terms: MemberTerms;
  readonly status: 'joining' | 'joined' | 'leaving' | 'leaved';
  readonly createdAt: WallTime;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}
