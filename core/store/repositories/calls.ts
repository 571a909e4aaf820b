import type { Insertable, Selectable } from 'kysely';
import type { Address } from '../../calls/address.ts';
import type { CallRecord } from '../../calls/call-record.ts';
import type { MediaFigures } from '../../calls/media-figures.ts';
import type {
  ActiveflowId,
  CallId,
  CustomerId,
  ExtensionId,
  FlowId,
  GroupcallId,
  RecordingId,
  TrunkId,
} from '../../kernel/ids.ts';
import type { CallsTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveCall = upsertOf(
  'calls',
  [
    'id',
    'customer_id',
    'direction',
    'status',
    'source',
    'destination',
    'extension_id',
    'trunk_id',
    'flow_id',
    'activeflow_id',
    'recording_ids',
    'recording_id',
    'mute_direction',
    'master_call_id',
    'chained_call_ids',
    'groupcall_id',
    'hangup_by',
    'hangup_reason',
    'cause',
    'media',
    'created_at',
    'ringing_at',
    'progressing_at',
    'hangup_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function callToRow(call: CallRecord): Insertable<CallsTable> {
  return {
    id: call.id,
    customer_id: call.customerId,
    direction: call.direction,
    status: call.status,
    source: JSON.stringify(call.source),
    destination: JSON.stringify(call.destination),
    extension_id: call.extensionId,
    trunk_id: call.trunkId,
    flow_id: call.flowId,
    activeflow_id: call.activeflowId,
    recording_ids: JSON.stringify(call.recordingIds),
    recording_id: call.recordingId,
    mute_direction: call.muteDirection,
    master_call_id: call.masterCallId,
    chained_call_ids: JSON.stringify(call.chainedCallIds),
    groupcall_id: call.groupcallId,
    hangup_by: call.hangupBy,
    hangup_reason: call.hangupReason,
    cause: call.cause,
    media: call.media && JSON.stringify(call.media),
    created_at: call.createdAt,
    ringing_at: call.ringingAt,
    progressing_at: call.progressingAt,
    hangup_at: call.hangupAt,
    updated_at: call.updatedAt,
    deleted_at: call.deletedAt,
  };
}

export function callOfRow(row: Selectable<CallsTable>): CallRecord {
  return {
    id: row.id as CallId,
    customerId: row.customer_id as CustomerId,
    direction: row.direction as CallRecord['direction'],
    status: row.status as CallRecord['status'],
    source: JSON.parse(row.source) as Address,
    destination: JSON.parse(row.destination) as Address,
    extensionId: row.extension_id as ExtensionId | null,
    trunkId: row.trunk_id as TrunkId | null,
    flowId: row.flow_id as FlowId | null,
    activeflowId: row.activeflow_id as ActiveflowId | null,
    recordingIds: JSON.parse(row.recording_ids) as RecordingId[],
    recordingId: row.recording_id as RecordingId | null,
    muteDirection: row.mute_direction as CallRecord['muteDirection'],
    masterCallId: row.master_call_id as CallId | null,
    chainedCallIds: JSON.parse(row.chained_call_ids) as CallId[],
    groupcallId: row.groupcall_id as GroupcallId | null,
    hangupBy: row.hangup_by as CallRecord['hangupBy'],
    hangupReason: row.hangup_reason as CallRecord['hangupReason'],
    cause: row.cause as CallRecord['cause'],
    media: row.media === null ? null : (JSON.parse(row.media) as MediaFigures),
    createdAt: row.created_at,
    ringingAt: row.ringing_at,
    progressingAt: row.progressing_at,
    hangupAt: row.hangup_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Calls that were live when the process that wrote them ended, oldest first. */
export const callsLeftBehind = queryOf(
  compiler
    .selectFrom('calls')
    .selectAll()
    .where('hangup_at', 'is', null)
    .where('deleted_at', 'is', null)
    .orderBy('created_at'),
);

/** Removes calls that ended before a time, at most a number of rows: its two parameters. */
export const purgeSql = queryOf(
  compiler
    .deleteFrom('calls')
    .where('id', 'in', (eb) => eb.selectFrom('calls').select('id').where('hangup_at', '<', 0).limit(1)),
).sql;
