import { expect, test } from 'vitest';
import type { AccesskeyFields } from '../../../core/command.ts';
import type { AccesskeyId } from '../../../core/kernel/ids.ts';
import { CUSTOMER } from '../store/rows.ts';
import { Office, OTHER_CUSTOMER } from './office.ts';

const FIELDS: AccesskeyFields = {
  name: 'key',
  detail: '',
  tokenHash: 'ab'.repeat(32),
  tokenPrefix: 'vb_abc',
  expiresAt: 90_000,
};

function creation(changes: Partial<AccesskeyFields> = {}, customerId = CUSTOMER.id) {
  return { kind: 'createAccesskey', customerId, fields: { ...FIELDS, ...changes } } as const;
}

test('an access key is found by its hash once it is committed, and until it is deleted', () => {
  const office = new Office();
  const id = office.doneAfterFailure(creation()) as AccesskeyId;
  const created = office.directory.accesskeyByHash(FIELDS.tokenHash, 89_999);
  const dates = { createdAt: office.at, updatedAt: null, deletedAt: null };
  expect(created).toEqual({ ...FIELDS, id, customerId: CUSTOMER.id, ...dates });
  office.doneAfterFailure({ kind: 'updateAccesskey', id, changes: { name: 'other', detail: 'x' } });
  expect(office.directory.accesskeys.get(id)).toEqual({ ...created, name: 'other', detail: 'x', updatedAt: office.at });
  office.restarted();
  office.doneAfterFailure({ kind: 'deleteAccesskey', id });
  expect(office.directory.accesskeyByHash(FIELDS.tokenHash, 0)).toBeUndefined();
  expect(office.types()).toEqual(['accesskey_created', 'accesskey_updated', 'accesskey_deleted']);
  office.restarted();
});

test('an access key has a hash of its own, and a time that is to come or none', () => {
  const office = new Office();
  office.done(creation());
  office.done(creation({ tokenHash: 'cd'.repeat(32), expiresAt: null }));
  expect(office.refused(creation({}, OTHER_CUSTOMER.id))).toMatchObject({
    code: 'ALREADY_EXISTS',
    field: 'token',
    got: 'vb_abc',
  });
  const fresh = 'ef'.repeat(32);
  expect(office.refused(creation({ tokenHash: fresh, expiresAt: 1_000 }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'expire',
  });
  for (const tokenHash of ['', 'vb_in_clear', 'EF'.repeat(32)]) {
    const refusal = office.refused(creation({ tokenHash }));
    expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'token' });
    if (tokenHash !== '') expect(JSON.stringify(refusal)).not.toContain(tokenHash);
  }
});

test('an access key that does not exist is neither changed nor deleted', () => {
  const office = new Office();
  const id = 'nothing' as AccesskeyId;
  expect(office.refused({ kind: 'updateAccesskey', id, changes: {} })).toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
  expect(office.refused({ kind: 'deleteAccesskey', id })).toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
});
