import { describe, expect, test } from 'vitest';
import type { NumberFields } from '../../../core/command.ts';
import type { FlowId, NumberId } from '../../../core/kernel/ids.ts';
import { CUSTOMER, FLOW } from '../store/rows.ts';
import { Office, OTHER_CUSTOMER, OTHER_FLOW } from './office.ts';

const FIELDS: NumberFields = {
  number: '+899000000101',
  type: 'virtual',
  callFlowId: FLOW.id,
  messageFlowId: null,
  name: 'Echo',
  detail: '',
};

function creation(changes: Partial<NumberFields> = {}, customerId = CUSTOMER.id) {
  return { kind: 'createNumber', customerId, fields: { ...FIELDS, ...changes } } as const;
}

describe('a number', () => {
  test('that is created is active, purchased now, and found', () => {
    const office = new Office();
    const id = office.doneAfterFailure(creation()) as NumberId;
    const number = office.directory.numberByE164('+899000000101');
    expect(number).toEqual({
      ...FIELDS,
      id,
      customerId: CUSTOMER.id,
      shortCode: '',
      status: 'active',
      isRtpDebugged: false,
      purchasedAt: office.at,
      renewedAt: office.at,
      createdAt: office.at,
      updatedAt: null,
      deletedAt: null,
    });
    expect(office.events()).toEqual([{ type: 'number_created', number }]);
    office.restarted();
  });

  test('has + and 7 to 15 digits', () => {
    const office = new Office();
    for (const number of ['+1234567', '+123456789012345']) office.done(creation({ number }));
    for (const number of ['', '899000000101', '+123456', '+1234567890123456', '+89900a000101', '+1 2345678']) {
      expect(office.refused(creation({ number })), number).toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'number',
        expected: '+ and 7 to 15 digits',
        got: number,
      });
    }
  });

  test('exists once in the installation, until it is deleted', () => {
    const office = new Office();
    const id = office.done(creation()) as NumberId;
    for (const { id: customerId } of [CUSTOMER, OTHER_CUSTOMER]) {
      expect(office.refused(creation({ callFlowId: null }, customerId))).toMatchObject({
        code: 'ALREADY_EXISTS',
        field: 'number',
        got: '+899000000101',
      });
    }
    office.events();
    office.doneAfterFailure({ kind: 'deleteNumber', id });
    expect(office.events()).toMatchObject([
      { type: 'number_deleted', number: { id, status: 'deleted', deletedAt: office.at } },
    ]);
    expect(office.directory.numberByE164('+899000000101')).toBeUndefined();
    office.restarted();
    expect(office.done(creation({ callFlowId: null }, OTHER_CUSTOMER.id))).not.toBe(id);
  });

  test('runs flows of its own customer alone', () => {
    const office = new Office();
    const nowhere = 'f1000000-0000-4000-8000-00000000000f' as FlowId;
    for (const flowId of [OTHER_FLOW.id, nowhere]) {
      expect(office.refused(creation({ callFlowId: flowId }))).toMatchObject({
        code: 'RESOURCE_NOT_FOUND',
        field: 'call_flow_id',
        got: flowId,
      });
      expect(office.refused(creation({ messageFlowId: flowId }))).toMatchObject({ field: 'message_flow_id' });
    }
    const id = office.done(creation()) as NumberId;
    for (const [changes, field] of [
      [{ callFlowId: OTHER_FLOW.id }, 'call_flow_id'],
      [{ messageFlowId: nowhere }, 'message_flow_id'],
    ] as const) {
      expect(office.refused({ kind: 'updateNumber', id, changes })).toMatchObject({
        code: 'RESOURCE_NOT_FOUND',
        field,
      });
    }
  });

  test('keeps what an update does not name', () => {
    const office = new Office();
    const id = office.done(creation()) as NumberId;
    const before = office.directory.numbers.get(id)!;
    office.events();
    office.doneAfterFailure({ kind: 'updateNumber', id, changes: { callFlowId: null, messageFlowId: FLOW.id } });
    office.done({ kind: 'updateNumber', id, changes: { name: 'Menu', isRtpDebugged: true } });
    const after = { ...before, callFlowId: null, messageFlowId: FLOW.id, name: 'Menu', isRtpDebugged: true };
    expect(office.directory.numbers.get(id)).toEqual({ ...after, updatedAt: office.at });
    expect(office.types()).toEqual(['number_updated', 'number_updated']);
    office.restarted();
  });

  test('that does not exist is neither changed nor deleted, nor made for a customer who does not', () => {
    const office = new Office();
    const id = 'nothing' as NumberId;
    expect(office.refused({ kind: 'updateNumber', id, changes: {} })).toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
    expect(office.refused({ kind: 'deleteNumber', id })).toMatchObject({ code: 'RESOURCE_NOT_FOUND', got: 'nothing' });
    expect(office.refused(creation({ callFlowId: null }, 'nobody' as typeof CUSTOMER.id))).toMatchObject({
      code: 'RESOURCE_NOT_FOUND',
      field: 'customer_id',
    });
  });
});
