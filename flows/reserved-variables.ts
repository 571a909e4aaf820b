import type { RecordingRecord } from '../core/calls/recording-record.ts';
import { type ActiveflowId, NIL_UUID } from '../core/kernel/ids.ts';
import type { FlowStart } from '../core/ports.ts';

/** Variables under `voipbin.`, by who knows them (platform §3.3). */

export const COMPLETE_COUNT = 'voipbin.activeflow.complete_count';

export function activeflowVariables(
  start: FlowStart,
  parentId: ActiveflowId | null,
  completeCount: number,
): Record<string, string> {
  const { reference } = start;
  return {
    'voipbin.activeflow.id': start.activeflowId,
    'voipbin.activeflow.reference_type': reference.type,
    'voipbin.activeflow.reference_id': reference.type === 'api' ? NIL_UUID : reference.id,
    'voipbin.activeflow.reference_activeflow_id': parentId ?? NIL_UUID,
    'voipbin.activeflow.flow_id': start.flowId ?? NIL_UUID,
    [COMPLETE_COUNT]: String(completeCount),
  };
}

export function recordingVariables(recording: RecordingRecord): Record<string, string> {
  return {
    'voipbin.recording.id': recording.id,
    'voipbin.recording.reference_type': recording.reference.type,
    'voipbin.recording.reference_id': recording.reference.id,
    'voipbin.recording.format': recording.format,
    'voipbin.recording.recording_name': recording.name,
    'voipbin.recording.filenames': recording.files.map((file) => file.name).join(','),
  };
}
