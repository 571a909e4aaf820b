import { type Insertable, type Selectable, sql } from 'kysely';
import type { Action } from '../../flows/action.ts';
import type { ActiveflowRecord, FlowReference } from '../../flows/activeflow-record.ts';
import type { ActionId, ActiveflowId, CustomerId, FlowId } from '../../kernel/ids.ts';
import type { ActiveflowsTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveActiveflow = upsertOf(
  'activeflows',
  [
    'id',
    'customer_id',
    'flow_id',
    'status',
    'reference_type',
    'reference_id',
    'parent_id',
    'on_complete_flow_id',
    'webhook_uri',
    'webhook_method',
    'current_action',
    'forward_action_id',
    'executed_actions',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function activeflowToRow(activeflow: ActiveflowRecord): Insertable<ActiveflowsTable> {
  return {
    id: activeflow.id,
    customer_id: activeflow.customerId,
    flow_id: activeflow.flowId,
    status: activeflow.status,
    reference_type: activeflow.reference.type,
    reference_id: activeflow.reference.type === 'api' ? null : activeflow.reference.id,
    parent_id: activeflow.parentId,
    on_complete_flow_id: activeflow.onCompleteFlowId,
    webhook_uri: activeflow.webhookUri,
    webhook_method: activeflow.webhookMethod,
    current_action: activeflow.currentAction === null ? null : JSON.stringify(activeflow.currentAction),
    forward_action_id: activeflow.forwardActionId,
    executed_actions: JSON.stringify(activeflow.executedActions),
    created_at: activeflow.createdAt,
    updated_at: activeflow.updatedAt,
    deleted_at: activeflow.deletedAt,
  };
}

export function activeflowOfRow(row: Selectable<ActiveflowsTable>): ActiveflowRecord {
  return {
    id: row.id as ActiveflowId,
    customerId: row.customer_id as CustomerId,
    flowId: row.flow_id as FlowId | null,
    status: row.status as ActiveflowRecord['status'],
    reference: referenceOf(row),
    parentId: row.parent_id as ActiveflowId | null,
    onCompleteFlowId: row.on_complete_flow_id as FlowId | null,
    webhookUri: row.webhook_uri,
    webhookMethod: row.webhook_method as ActiveflowRecord['webhookMethod'],
    currentAction: row.current_action === null ? null : (JSON.parse(row.current_action) as Action),
    forwardActionId: row.forward_action_id as ActionId | null,
    executedActions: JSON.parse(row.executed_actions) as Action[],
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Nothing stands behind what was created by API. */
function referenceOf(row: Selectable<ActiveflowsTable>): FlowReference {
  if (row.reference_id === null) return { type: 'api' };
  return { type: row.reference_type, id: row.reference_id } as FlowReference;
}

/** Flows that ran when the process that wrote them ended, oldest first. */
export const activeflowsLeftBehind = queryOf(
  compiler
    .selectFrom('activeflows')
    .selectAll()
    // Written out, so that the index of living rows is used.
    .where('status', '=', sql.lit('running'))
    .where('deleted_at', 'is', null)
    .orderBy('created_at'),
);
