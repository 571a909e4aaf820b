import type { Refusal } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { Flow, PhoneNumber } from '../directory/records.ts';
import { type CustomerId, type FlowId, uuid } from '../kernel/ids.ts';
import { LIMITS } from '../kernel/limits.ts';
import { Aggregate, newRow } from './aggregate.ts';
import { type Change, type Definitions, isRefusal } from './change.ts';
import { numbers } from './numbers.ts';
import { checkFlows, flowKeys } from './references.ts';

const flows = new Aggregate<Flow>({
  what: 'flow',
  rowsOf: (directory) => directory.flows,
  nameOf: (row) => row.id,
  writeOf: (row) => ({ kind: 'saveFlow', row }),
  eventOf: (flow, happening) => ({ type: `flow_${happening}`, flow }),
});

export const FLOWS: Definitions<'createFlow' | 'updateFlow' | 'deleteFlow'> = {
  createFlow: {
    // One at a time for a customer: the next one must count this one.
    keysOf: ({ customerId, fields }) => [`flow count ${customerId}`, ...flowKeys(fields.onCompleteFlowId)],
    changeOf({ customerId, fields }, ground) {
      const refusal =
        checkCount(customerId, ground.directory) ??
        checkFlows(customerId, { on_complete_flow_id: fields.onCompleteFlowId }, ground.directory);
      if (refusal !== undefined) return refusal;
      const id = uuid(ground.random) as FlowId;
      return flows.created({ ...newRow(customerId, ground.at), ...fields, id, directHash: '' }, ground);
    },
  },
  updateFlow: {
    keysOf: ({ id, changes }) => flowKeys(id, changes.onCompleteFlowId),
    changeOf: ({ id, changes }, ground) =>
      flows.updated(
        id,
        ground,
        ({ customerId }) =>
          checkFlows(customerId, { on_complete_flow_id: changes.onCompleteFlowId }, ground.directory) ?? changes,
      ),
  },
  deleteFlow: {
    keysOf: ({ id }, directory) => [
      ...flowKeys(id),
      ...numbersThatRun(id, directory).map((row) => numbers.key(row.number)),
    ],
    /** Numbers that run it run nothing from then on. */
    changeOf({ id }, ground) {
      const change = flows.deleted(id, ground);
      if (isRefusal(change)) return change;
      const without = (flowId: FlowId | null): FlowId | null => (flowId === id ? null : flowId);
      const cleared = numbersThatRun(id, ground.directory).map((number) =>
        numbers.updated(number.id, ground, ({ callFlowId, messageFlowId }) => ({
          callFlowId: without(callFlowId),
          messageFlowId: without(messageFlowId),
        })),
      ) as Change[];
      return {
        ...change,
        writes: [...change.writes, ...cleared.flatMap(({ writes }) => writes)],
        events: [...change.events, ...cleared.flatMap(({ events }) => events)],
      };
    },
  },
};

function checkCount(customerId: CustomerId, directory: Directory): Refusal | undefined {
  const count = directory.flowCountOf(customerId);
  if (count < LIMITS.flowsPerCustomerMax) return undefined;
  return {
    code: 'STATE_INVALID',
    message: `the customer has ${count} flows`,
    field: 'customer_id',
    expected: `fewer than ${LIMITS.flowsPerCustomerMax} flows`,
    got: String(count),
  };
}

function numbersThatRun(id: FlowId, directory: Directory): readonly PhoneNumber[] {
  const owner = directory.flows.get(id)?.customerId;
  if (owner === undefined) return [];
  return directory.numbersOf(owner).filter((number) => number.callFlowId === id || number.messageFlowId === id);
}
