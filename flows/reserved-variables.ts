import type { Address } from '../core/calls/address.ts';
import type { CallRecord } from '../core/calls/call-record.ts';
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

export function callVariables(call: CallRecord): Record<string, string> {
  return {
    'voipbin.call.id': call.id,
    ...addressVariables('voipbin.call.source', call.source),
    ...addressVariables('voipbin.call.destination', call.destination),
    'voipbin.call.direction': call.direction,
    'voipbin.call.master_call_id': call.masterCallId ?? NIL_UUID,
  };
}

function addressVariables(prefix: string, address: Address): Record<string, string> {
  return {
    [`${prefix}.name`]: address.name,
    [`${prefix}.detail`]: address.detail,
    [`${prefix}.target`]: address.target,
    [`${prefix}.target_name`]: address.targetName,
    [`${prefix}.type`]: address.type,
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
