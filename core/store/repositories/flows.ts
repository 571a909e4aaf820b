import type { Insertable, Selectable } from 'kysely';
import type { Flow } from '../../directory/records.ts';
import type { Action } from '../../flows/action.ts';
import type { CustomerId, FlowId } from '../../kernel/ids.ts';
import type { FlowsTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveFlow = upsertOf(
  'flows',
  [
    'id',
    'customer_id',
    'type',
    'name',
    'detail',
    'actions',
    'on_complete_flow_id',
    'direct_hash',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function flowToRow(flow: Flow): Insertable<FlowsTable> {
  return {
    id: flow.id,
    customer_id: flow.customerId,
    type: flow.type,
    name: flow.name,
    detail: flow.detail,
    actions: JSON.stringify(flow.actions),
    on_complete_flow_id: flow.onCompleteFlowId,
    direct_hash: flow.directHash,
    created_at: flow.createdAt,
    updated_at: flow.updatedAt,
    deleted_at: flow.deletedAt,
  };
}

export function flowOfRow(row: Selectable<FlowsTable>): Flow {
  return {
    id: row.id as FlowId,
    customerId: row.customer_id as CustomerId,
    type: row.type as Flow['type'],
    name: row.name,
    detail: row.detail,
    actions: JSON.parse(row.actions) as Action[],
    onCompleteFlowId: row.on_complete_flow_id as FlowId | null,
    directHash: row.direct_hash,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Flows that are not deleted. */
export const liveFlows = queryOf(compiler.selectFrom('flows').selectAll().where('deleted_at', 'is', null));
