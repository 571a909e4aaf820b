import type { Flow } from '../../core/directory/records.ts';
import type { Action } from '../../core/flows/action.ts';
import type { ActiveflowRecord } from '../../core/flows/activeflow-record.ts';
import { NIL_UUID } from '../../core/kernel/ids.ts';
import { idOf, type Presented, timeOf, timesOf } from './values.ts';

/** FlowManagerAction; null for the action of what runs no flow. */
export function presentAction(action: Action | null): Presented {
  if (action === null) return { id: NIL_UUID, next_id: NIL_UUID, type: '', option: {}, tm_execute: null };
  return {
    id: action.id,
    next_id: action.nextId,
    type: action.type,
    option: action.option,
    tm_execute: timeOf(action.executedAt),
  };
}

/** FlowManagerFlow. */
export function presentFlow(flow: Flow): Presented {
  return {
    id: flow.id,
    customer_id: flow.customerId,
    type: flow.type,
    name: flow.name,
    detail: flow.detail,
    actions: flow.actions.map(presentAction),
    direct_hash: flow.directHash,
    on_complete_flow_id: idOf(flow.onCompleteFlowId),
    ...timesOf(flow),
  };
}

/** FlowManagerActiveflow. */
export function presentActiveflow(activeflow: ActiveflowRecord): Presented {
  const { reference } = activeflow;
  return {
    id: activeflow.id,
    customer_id: activeflow.customerId,
    flow_id: idOf(activeflow.flowId),
    status: activeflow.status,
    reference_type: reference.type,
    reference_id: reference.type === 'api' ? NIL_UUID : reference.id,
    reference_activeflow_id: idOf(activeflow.parentId),
    on_complete_flow_id: idOf(activeflow.onCompleteFlowId),
    webhook_uri: activeflow.webhookUri,
    webhook_method: activeflow.webhookMethod,
    current_action: presentAction(activeflow.currentAction),
    forward_action_id: idOf(activeflow.forwardActionId),
    executed_actions: activeflow.executedActions.map(presentAction),
    ...timesOf(activeflow),
  };
}
