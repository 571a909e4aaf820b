import { describe, expect, test } from 'vitest';
import type { TrunkFields } from '../../../core/command.ts';
import { INCOMING_ONLY } from '../../../core/directory/provider-terms.ts';
import type { TrunkId } from '../../../core/kernel/ids.ts';
import { CUSTOMER } from '../store/rows.ts';
import { Office, OTHER_CUSTOMER } from './office.ts';

const FIELDS: TrunkFields = {
  name: 'Carrier',
  detail: '',
  domainName: 'my.trunk-1',
  authTypes: ['basic', 'ip'],
  username: 'carrier',
  password: 'secret',
  allowedIps: ['192.0.2.10', '198.51.100.0/24', '2001:db8::/32'],
  ...INCOMING_ONLY,
};

function creation(changes: Partial<TrunkFields> = {}, customerId = CUSTOMER.id) {
  return { kind: 'createTrunk', customerId, fields: { ...FIELDS, ...changes } } as const;
}

describe('a trunk', () => {
  test('that is created is found by its name and by the addresses that it comes from', () => {
    const office = new Office();
    const id = office.doneAfterFailure(creation()) as TrunkId;
    const trunk = office.directory.trunks.get(id)!;
    const dates = { createdAt: office.at, updatedAt: null, deletedAt: null };
    expect(trunk).toEqual({ ...FIELDS, id, customerId: CUSTOMER.id, ...dates });
    expect(office.directory.trunkByDomainName('my.trunk-1')).toBe(trunk);
    expect(office.directory.trunkForSource('198.51.100.7')).toBe(trunk);
    expect(office.events()).toEqual([{ type: 'trunk_created', trunk }]);
    office.restarted();
  });

  test('has a name of letters, digits, dots and dashes', () => {
    const office = new Office();
    for (const domainName of ['ab', 'my.trunk-2', `a${'b'.repeat(30)}`]) office.done(creation({ domainName }));
    for (const domainName of ['', 'a', '1abc', `a${'b'.repeat(31)}`, 'a_b', 'a b', 'añb', 'ab\n']) {
      expect(office.refused(creation({ domainName })), domainName).toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'domain_name',
        got: domainName,
      });
    }
  });

  test('has a name of its own in the installation, in letters of either case', () => {
    const office = new Office();
    office.done(creation());
    expect(office.refused(creation({ domainName: 'MY.TRUNK-1' }, OTHER_CUSTOMER.id))).toMatchObject({
      code: 'ALREADY_EXISTS',
      field: 'domain_name',
      got: 'MY.TRUNK-1',
    });
  });

  test('must be recognisable, and not everybody', () => {
    const office = new Office();
    const cases: readonly (readonly [Partial<TrunkFields>, string, string])[] = [
      [{ authTypes: [] }, 'auth_types', 'none'],
      [{ authTypes: ['digest' as 'basic'] }, 'auth_types', 'digest'],
      [{ authTypes: ['ip'], allowedIps: [] }, 'allowed_ips', 'none'],
      [{ allowedIps: ['192.0.2.1', 'sbc.example.org'] }, 'allowed_ips', 'sbc.example.org'],
      [{ allowedIps: ['192.0.2.0/33'] }, 'allowed_ips', '192.0.2.0/33'],
      [{ allowedIps: ['0.0.0.0/0'] }, 'allowed_ips', '0.0.0.0/0'],
      [{ allowedIps: ['::/0'] }, 'allowed_ips', '::/0'],
      [{ allowedIps: ['::ffff:0.0.0.0/96'] }, 'allowed_ips', '::ffff:0.0.0.0/96'],
      [{ authTypes: ['basic'], allowedIps: ['wrong'] }, 'allowed_ips', 'wrong'],
      [{ username: '' }, 'username', 'none'],
      [{ password: '' }, 'password', 'none'],
    ];
    for (const [changes, field, got] of cases) {
      expect(office.refused(creation(changes)), field).toMatchObject({ code: 'INVALID_ARGUMENT', field, got });
    }
    const id = office.done(creation({ domainName: 'other' })) as TrunkId;
    for (const [changes, field, got] of cases) {
      expect(office.refused({ kind: 'updateTrunk', id, changes }), field).toMatchObject({
        code: 'INVALID_ARGUMENT',
        field,
        got,
      });
    }
    office.done(creation({ domainName: 'ip-only', authTypes: ['ip'], username: '', password: '' }));
    office.done(creation({ domainName: 'basic-only', authTypes: ['basic'], allowedIps: [] }));
  });

  test('is judged by all that it is after an update', () => {
    const office = new Office();
    const id = office.done(creation({ authTypes: ['ip'], username: '', password: '' })) as TrunkId;
    expect(office.refused({ kind: 'updateTrunk', id, changes: { authTypes: ['ip', 'basic'] } })).toMatchObject({
      field: 'username',
    });
    const changes = { authTypes: ['basic'], username: 'u', password: 'p', allowedIps: [] } as const;
    office.doneAfterFailure({ kind: 'updateTrunk', id, changes });
    expect(office.directory.trunks.get(id)).toMatchObject({ ...changes, name: 'Carrier', updatedAt: office.at });
    expect(office.directory.trunkForSource('192.0.2.10')).toBeUndefined();
    expect(office.types()).toEqual(['trunk_created', 'trunk_updated']);
    office.restarted();
  });

  test('that is deleted is recognised no more, and its name is free', () => {
    const office = new Office();
    const id = office.done(creation()) as TrunkId;
    office.events();
    office.doneAfterFailure({ kind: 'deleteTrunk', id });
    expect(office.types()).toEqual(['trunk_deleted']);
    expect(office.directory.trunkForSource('192.0.2.10')).toBeUndefined();
    expect(office.refused({ kind: 'deleteTrunk', id })).toMatchObject({ code: 'RESOURCE_NOT_FOUND', got: id });
    expect(office.refused({ kind: 'updateTrunk', id, changes: {} })).toMatchObject({ code: 'RESOURCE_NOT_FOUND' });
    office.done(creation({}, OTHER_CUSTOMER.id));
    office.restarted();
  });
});
