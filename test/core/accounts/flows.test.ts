import { describe, expect, test } from 'vitest';
import type { FlowFields } from '../../../core/command.ts';
import type { FlowId, NumberId } from '../../../core/kernel/ids.ts';
import { LIMITS } from '../../../core/kernel/limits.ts';
import { ACTION, CUSTOMER, FLOW } from '../store/rows.ts';
import { Office, OTHER_CUSTOMER, OTHER_FLOW } from './office.ts';

const FIELDS: FlowFields = { type: 'flow', name: 'Menu', detail: '', actions: [ACTION], onCompleteFlowId: null };

function creation(changes: Partial<FlowFields> = {}, customerId = CUSTOMER.id) {
  return { kind: 'createFlow', customerId, fields: { ...FIELDS, ...changes } } as const;
}

function numberOf(office: Office, number: string, callFlowId: FlowId | null, messageFlowId: FlowId | null): NumberId {
  const fields = { number, type: 'normal', callFlowId, messageFlowId, name: '', detail: '' } as const;
  return office.done({ kind: 'createNumber', customerId: CUSTOMER.id, fields }) as NumberId;
}

describe('a flow', () => {
  test('is created, changed and deleted, each once it is committed', () => {
    const office = new Office();
    const id = office.doneAfterFailure(creation({ onCompleteFlowId: FLOW.id })) as FlowId;
    const created = office.directory.flows.get(id)!;
    const dates = { createdAt: office.at, updatedAt: null, deletedAt: null };
    expect(created).toEqual({
      ...FIELDS,
      id,
      customerId: CUSTOMER.id,
      onCompleteFlowId: FLOW.id,
      directHash: '',
      ...dates,
    });
    office.restarted();
    const changes = { name: 'Other', actions: [], onCompleteFlowId: null };
    office.doneAfterFailure({ kind: 'updateFlow', id, changes });
    expect(office.directory.flows.get(id)).toEqual({ ...created, ...changes, updatedAt: office.at });
    office.doneAfterFailure({ kind: 'deleteFlow', id });
    expect(office.directory.flows.has(id)).toBe(false);
    expect(office.types()).toEqual(['flow_created', 'flow_updated', 'flow_deleted']);
    office.restarted();
  });

  test('goes on with flows of its own customer alone', () => {
    const office = new Office();
    expect(office.refused(creation({ onCompleteFlowId: OTHER_FLOW.id }))).toMatchObject({
      code: 'RESOURCE_NOT_FOUND',
      field: 'on_complete_flow_id',
      got: OTHER_FLOW.id,
    });
    const update = { kind: 'updateFlow', id: FLOW.id, changes: { onCompleteFlowId: OTHER_FLOW.id } } as const;
    expect(office.refused(update)).toMatchObject({ field: 'on_complete_flow_id' });
  });

  test('that does not exist is neither changed nor deleted', () => {
    const office = new Office();
    const id = 'nothing' as FlowId;
    expect(office.refused({ kind: 'updateFlow', id, changes: {} })).toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
    expect(office.refused({ kind: 'deleteFlow', id })).toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
  });

  test('that is deleted is taken from the numbers that run it, in the same commit', () => {
    const office = new Office();
    const other = office.done(creation()) as FlowId;
    const both = numberOf(office, '+15550000001', FLOW.id, FLOW.id);
    const one = numberOf(office, '+15550000002', other, FLOW.id);
    const none = numberOf(office, '+15550000003', other, null);
    const untouched = office.directory.numbers.get(none);
    office.events();
    // One row that fails is enough for nothing to happen.
    office.store.failOn((write) => write.kind === 'saveNumber');
    expect(office.refused({ kind: 'deleteFlow', id: FLOW.id }).code).toBe('STORE_FAILED');
    office.store.failOn(undefined);
    office.done({ kind: 'deleteFlow', id: FLOW.id });
    const { numbers } = office.directory;
    expect(numbers.get(both)).toMatchObject({ callFlowId: null, messageFlowId: null, updatedAt: office.at });
    expect(numbers.get(one)).toMatchObject({ callFlowId: other, messageFlowId: null });
    expect(numbers.get(none)).toBe(untouched);
    const events = office.events();
    expect(events[0]).toMatchObject({ type: 'flow_deleted', flow: { id: FLOW.id } });
    expect(events.slice(1)).toHaveLength(2);
    expect(events.slice(1)).toEqual(
      expect.arrayContaining([both, one].map((id) => ({ type: 'number_updated', number: numbers.get(id) }))),
    );
    office.restarted();
  });

  test('of a customer has as many beside it as the limit allows', () => {
    const office = new Office();
    for (let i = office.directory.flowCountOf(CUSTOMER.id); i < LIMITS.flowsPerCustomerMax - 1; i++) {
      office.directory.putFlow({ ...FLOW, id: `flow ${i}` as FlowId });
    }
    for (const ticket of [1, 2]) office.accounts.execute(ticket, creation(), 0);
    for (let event = office.store.poll(); event !== undefined; event = office.store.poll()) {
      office.accounts.receive(event, 0);
    }
    expect([office.accounts.poll(), office.accounts.poll()]).toMatchObject([
      { ticket: 1, result: { kind: 'done' } },
      { ticket: 2, result: { kind: 'refused', refusal: { code: 'STATE_INVALID', got: '10000' } } },
    ]);
    office.done(creation({}, OTHER_CUSTOMER.id));
  });
});
