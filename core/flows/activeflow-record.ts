import type { ActionId, ActiveflowId, CallId, CustomerId, FlowId, RecordingId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { Action } from './action.ts';

/** What a flow runs on. */
export type FlowReference =
  | { readonly type: 'call'; readonly id: CallId }
  | { readonly type: 'recording'; readonly id: RecordingId }
  /** Created by API; nothing stands behind it. */
  | { readonly type: 'api' };

/** One execution of a flow, as users see it and the store keeps it (platform §3.1). */
export interface ActiveflowRecord {
  readonly id: ActiveflowId;
  readonly customerId: CustomerId;
  readonly flowId: FlowId | null;
  readonly status: 'running' | 'ended';
  readonly reference: FlowReference;
  /** The one whose end started this one. */
  readonly parentId: ActiveflowId | null;
  readonly onCompleteFlowId: FlowId | null;
  readonly webhookUri: string;
  readonly webhookMethod: '' | 'POST' | 'GET' | 'PUT' | 'DELETE';
  readonly currentAction: Action | null;
  readonly forwardActionId: ActionId | null;
  readonly executedActions: readonly Action[];
  readonly createdAt: WallTime;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}
