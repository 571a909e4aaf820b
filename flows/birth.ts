import { callVariables } from '../core/calls/call-variables.ts';
import { type ActiveflowId, timeOrderedUuid } from '../core/kernel/ids.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { FlowStart } from '../core/ports.ts';
import { Activeflow, type ActiveflowHost } from './activeflow.ts';
import { activeflowVariables, COMPLETE_COUNT } from './reserved-variables.ts';
import { acceptSupplied, Variables } from './variables.ts';

/** Generations that `on_complete_flow_id` may make after the first activeflow (platform §3.2.6). */
export const COMPLETE_GENERATIONS_MAX = 4;

/** An activeflow as it is asked for. Reserved variables win over those supplied. */
export function seed(start: FlowStart, host: ActiveflowHost, now: Instant): Activeflow {
  const flow = start.flowId === null ? undefined : host.ports.directory.flows.get(start.flowId);
  const whole: FlowStart = {
    ...start,
    actions: start.actions.length > 0 ? start.actions : (flow?.actions ?? []),
    onCompleteFlowId: start.onCompleteFlowId ?? flow?.onCompleteFlowId ?? null,
  };
  return make(whole, null, 0, acceptSupplied(start.suppliedVariables), host, now);
}

/** The activeflow that follows the end of this one; undefined when there is none, or too many came before. */
export function childOf(parent: Activeflow, host: ActiveflowHost, now: Instant): Activeflow | undefined {
  const id = parent.onCompleteFlowId;
  if (id === null || parent.ending === 'replaced') return undefined;
  const flow = host.ports.directory.flows.get(id);
  const generation = Number.parseInt(parent.variables.get(COMPLETE_COUNT), 10) + 1;
  if (flow === undefined || flow.customerId !== parent.customerId || !(generation <= COMPLETE_GENERATIONS_MAX)) {
    return undefined;
  }
  const start: FlowStart = {
    activeflowId: timeOrderedUuid(host.ports.random, host.ports.calendar(now)) as ActiveflowId,
    customerId: parent.customerId,
    flowId: flow.id,
    actions: flow.actions,
    onCompleteFlowId: flow.onCompleteFlowId,
    reference: parent.reference,
    variables: {},
    suppliedVariables: {},
    webhookUri: '',
    webhookMethod: '',
  };
  return make(start, parent.id, generation, parent.variables, host, now);
}

function make(
  start: FlowStart,
  parentId: ActiveflowId | null,
  generation: number,
  given: ReadonlyMap<string, string> | Variables,
  host: ActiveflowHost,
  now: Instant,
): Activeflow {
  const { callOf, presentCall, calendar } = host.ports;
  const { reference } = start;
  const variables = new Variables((name) => {
    if (name !== 'voipbin.flow.reference_data' || reference.type !== 'call') return undefined;
    const call = callOf(reference.id);
    return call === undefined ? '' : JSON.stringify(presentCall(call));
  });
  variables.inherit(given);
  const isKnown = 'voipbin.call.id' in start.variables;
  const call = reference.type === 'call' && !isKnown ? callOf(reference.id) : undefined;
  if (call !== undefined) variables.setAll(callVariables(call));
  variables.setAll(start.variables);
  variables.setAll(activeflowVariables(start, parentId, generation));
  return new Activeflow(start, parentId, variables, host, calendar(now));
}
