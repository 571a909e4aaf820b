import type { Insertable, Selectable } from 'kysely';
import { CONFERENCE_SETTINGS, type Conference, type ConferenceSettings } from '../../directory/records.ts';
import type { ConferenceId, CustomerId, FlowId } from '../../kernel/ids.ts';
import type { ConferencesTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveConference = upsertOf(
  'conferences',
  [
    'id',
    'customer_id',
    'type',
    'status',
    'name',
    'detail',
    'data',
    'timeout_s',
    'settings',
    'pre_flow_id',
    'post_flow_id',
    'direct_hash',
    'ended_at',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function conferenceToRow(conference: Conference): Insertable<ConferencesTable> {
  return {
    id: conference.id,
    customer_id: conference.customerId,
    type: conference.type,
    status: conference.status,
    name: conference.name,
    detail: conference.detail,
    data: JSON.stringify(conference.data),
    timeout_s: conference.timeoutS,
    settings: JSON.stringify(conference.settings),
    pre_flow_id: conference.preFlowId,
    post_flow_id: conference.postFlowId,
    direct_hash: conference.directHash,
    ended_at: conference.endedAt,
    created_at: conference.createdAt,
    updated_at: conference.updatedAt,
    deleted_at: conference.deletedAt,
  };
}

export function conferenceOfRow(row: Selectable<ConferencesTable>): Conference {
  return {
    id: row.id as ConferenceId,
    customerId: row.customer_id as CustomerId,
    type: row.type as Conference['type'],
    status: row.status as Conference['status'],
    name: row.name,
    detail: row.detail,
    data: JSON.parse(row.data) as Conference['data'],
    timeoutS: row.timeout_s,
    settings: { ...CONFERENCE_SETTINGS, ...(JSON.parse(row.settings) as Partial<ConferenceSettings>) },
    preFlowId: row.pre_flow_id as FlowId | null,
    postFlowId: row.post_flow_id as FlowId | null,
    directHash: row.direct_hash,
    endedAt: row.ended_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Conferences that are not deleted. */
export const liveConferences = queryOf(compiler.selectFrom('conferences').selectAll().where('deleted_at', 'is', null));
