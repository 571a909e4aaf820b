import type { Insertable, Selectable } from 'kysely';
import type { PhoneNumber } from '../../directory/records.ts';
import type { CustomerId, FlowId, NumberId } from '../../kernel/ids.ts';
import type { NumbersTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveNumber = upsertOf(
  'numbers',
  [
    'id',
    'customer_id',
    'number',
    'short_code',
    'type',
    'call_flow_id',
    'message_flow_id',
    'name',
    'detail',
    'status',
    'is_rtp_debugged',
    'purchased_at',
    'renewed_at',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function numberToRow(number: PhoneNumber): Insertable<NumbersTable> {
  return {
    id: number.id,
    customer_id: number.customerId,
    number: number.number,
    short_code: number.shortCode,
    type: number.type,
    call_flow_id: number.callFlowId,
    message_flow_id: number.messageFlowId,
    name: number.name,
    detail: number.detail,
    status: number.status,
    is_rtp_debugged: number.isRtpDebugged ? 1 : 0,
    purchased_at: number.purchasedAt,
    renewed_at: number.renewedAt,
    created_at: number.createdAt,
    updated_at: number.updatedAt,
    deleted_at: number.deletedAt,
  };
}

export function numberOfRow(row: Selectable<NumbersTable>): PhoneNumber {
  return {
    id: row.id as NumberId,
    customerId: row.customer_id as CustomerId,
    number: row.number,
    shortCode: row.short_code,
    type: row.type as PhoneNumber['type'],
    callFlowId: row.call_flow_id as FlowId | null,
    messageFlowId: row.message_flow_id as FlowId | null,
    name: row.name,
    detail: row.detail,
    status: row.status as PhoneNumber['status'],
    isRtpDebugged: row.is_rtp_debugged === 1,
    purchasedAt: row.purchased_at,
    renewedAt: row.renewed_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Numbers that are not deleted. */
export const liveNumbers = queryOf(compiler.selectFrom('numbers').selectAll().where('deleted_at', 'is', null));
