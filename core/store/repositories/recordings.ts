import { type Insertable, type Selectable, sql } from 'kysely';
import type { RecordingFile, RecordingRecord, RecordingReference } from '../../calls/recording-record.ts';
import type { ActiveflowId, CustomerId, FlowId, RecordingId } from '../../kernel/ids.ts';
import type { RecordingsTable } from '../schema.ts';
import { compiler, type Query, queryOf, upsertOf } from '../statement.ts';

export const saveRecording = upsertOf(
  'recordings',
  [
    'id',
    'customer_id',
    'reference_type',
    'reference_id',
    'status',
    'format',
    'name',
    'files',
    'failure',
    'activeflow_id',
    'on_end_flow_id',
    'started_at',
    'ended_at',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function recordingToRow(recording: RecordingRecord): Insertable<RecordingsTable> {
  return {
    id: recording.id,
    customer_id: recording.customerId,
    reference_type: recording.reference.type,
    reference_id: recording.reference.id,
    status: recording.status,
    format: recording.format,
    name: recording.name,
    files: JSON.stringify(recording.files),
    failure: recording.failure,
    activeflow_id: recording.activeflowId,
    on_end_flow_id: recording.onEndFlowId,
    started_at: recording.startedAt,
    ended_at: recording.endedAt,
    created_at: recording.createdAt,
    updated_at: recording.updatedAt,
    deleted_at: recording.deletedAt,
  };
}

export function recordingOfRow(row: Selectable<RecordingsTable>): RecordingRecord {
  return {
    id: row.id as RecordingId,
    customerId: row.customer_id as CustomerId,
    reference: { type: row.reference_type, id: row.reference_id } as RecordingReference,
    status: row.status as RecordingRecord['status'],
    format: row.format as RecordingRecord['format'],
    name: row.name,
    files: JSON.parse(row.files) as RecordingFile[],
    failure: row.failure,
    activeflowId: row.activeflow_id as ActiveflowId | null,
    onEndFlowId: row.on_end_flow_id as FlowId | null,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/**
 * Recordings that were not over when the process that wrote them ended, oldest first; deleted ones among them, whose
 * files are still there.
 */
export const recordingsLeftBehind = queryOf(
  compiler
    .selectFrom('recordings')
    .selectAll()
    // Written out, so that the index of living rows is used.
    .where('status', '<>', sql.lit('ended'))
    .orderBy('created_at'),
);

/** Ids of the recordings of a call or conference, oldest first. */
export function recordingsOf(referenceId: string): Query<{ readonly id: string }> {
  return queryOf(
    compiler
      .selectFrom('recordings')
      .select('id')
      .where('reference_id', '=', referenceId)
      .where('deleted_at', 'is', null)
      .orderBy('created_at'),
  );
}
