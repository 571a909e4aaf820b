import type { Refusal } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { CustomerId, FlowId } from '../kernel/ids.ts';
import { notFound } from '../refusal.ts';

/** Keys of the flows that a row refers to: none of them goes away meanwhile. */
export function flowKeys(...ids: readonly (FlowId | null | undefined)[]): string[] {
  return ids.filter((id) => id !== null && id !== undefined).map((id) => `flow ${id}`);
}

/** Refuses the first field that names a flow which the customer does not have. */
export function checkFlows(
  customerId: CustomerId,
  ids: Readonly<Record<string, FlowId | null | undefined>>,
  directory: Directory,
): Refusal | undefined {
  for (const [field, id] of Object.entries(ids)) {
    if (id === null || id === undefined || directory.flows.get(id)?.customerId === customerId) continue;
    return notFound('flow', id, field);
  }
  return undefined;
}
