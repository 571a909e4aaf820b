import type { Flow } from '../directory/records.ts';
import type { FlowStart } from '../ports.ts';
import type { CallRecord } from './call-record.ts';
import { callVariables } from './call-variables.ts';

/** The start of a stored flow on a call, whose record names the activeflow that it will be. */
export function flowStartOf(record: CallRecord, flow: Flow): FlowStart {
  return {
    activeflowId: record.activeflowId!,
    customerId: record.customerId,
    flowId: flow.id,
    actions: flow.actions,
    onCompleteFlowId: flow.onCompleteFlowId,
    reference: { type: 'call', id: record.id },
    variables: { ...callVariables(record), 'voipbin.call.digits': '' },
    suppliedVariables: {},
    webhookUri: '',
    webhookMethod: '',
  };
}
