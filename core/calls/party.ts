import type { ActiveflowId, CallId, CustomerId, LegId } from '../kernel/ids.ts';

/** A live call, as those need it who play to it, record it or bring it together with others. */
export interface Party {
  readonly id: CallId;
  readonly leg: LegId;
  readonly customerId: CustomerId;
  readonly activeflowId: ActiveflowId | null;
}
