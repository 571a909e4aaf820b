import { NIL_UUID } from '../kernel/ids.ts';
import type { CallRecord } from './call-record.ts';

/** What a flow may read of its call (platform §3.3). The digits that it has heard are the flow's own. */
export function callVariables(call: CallRecord): Record<string, string> {
  const { source, destination } = call;
  return {
    'voipbin.call.id': call.id,
    'voipbin.call.source.name': source.name,
    'voipbin.call.source.detail': source.detail,
    'voipbin.call.source.target': source.target,
    'voipbin.call.source.target_name': source.targetName,
    'voipbin.call.source.type': source.type,
    'voipbin.call.destination.name': destination.name,
    'voipbin.call.destination.detail': destination.detail,
    'voipbin.call.destination.target': destination.target,
    'voipbin.call.destination.target_name': destination.targetName,
    'voipbin.call.destination.type': destination.type,
    'voipbin.call.direction': call.direction,
    'voipbin.call.master_call_id': call.masterCallId ?? NIL_UUID,
  };
}
