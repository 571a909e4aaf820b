import { expect, test } from 'vitest';
import { Directory } from '../../core/directory/directory.ts';
import type { CustomerId, ExtensionId } from '../../core/kernel/ids.ts';
import { ACCESSKEY, AGENT, BINDING, CUSTOMER, EXTENSION } from './store/rows.ts';

function filled(domain = ''): Directory {
  const directory = new Directory(domain);
  directory.putCustomer(CUSTOMER);
  directory.putExtension(EXTENSION);
  return directory;
}

test('an extension is found by its name within its customer alone', () => {
  const directory = filled();
  expect(directory.extensionByName(CUSTOMER.id, '1001')).toBe(EXTENSION);
  expect(directory.extensionByName('other' as CustomerId, '1001')).toBeUndefined();
  expect(directory.extensionByName(CUSTOMER.id, '1002')).toBeUndefined();
});

test('what is renamed is found by its new name alone', () => {
  const directory = filled();
  directory.putExtension({ ...EXTENSION, extension: '2001' });
  expect(directory.extensionByName(CUSTOMER.id, '1001')).toBeUndefined();
  expect(directory.extensionByName(CUSTOMER.id, '2001')?.id).toBe(EXTENSION.id);
  directory.putAgent(AGENT);
  directory.putAgent({ ...AGENT, username: 'root@localhost' });
  expect(directory.agentByUsername('admin@localhost')).toBeUndefined();
  directory.putAccesskey(ACCESSKEY);
  directory.putAccesskey({ ...ACCESSKEY, tokenHash: 'other' });
  expect(directory.accesskeyByHash(ACCESSKEY.tokenHash, 0)).toBeUndefined();
});

test('deleted rows are not found, and a deleted extension has no bindings', () => {
  const directory = filled();
  directory.putBinding(BINDING);
  directory.putExtension({ ...EXTENSION, deletedAt: 1 });
  directory.putAgent(AGENT);
  directory.putAgent({ ...AGENT, deletedAt: 1 });
  directory.putAccesskey(ACCESSKEY);
  directory.putAccesskey({ ...ACCESSKEY, deletedAt: 1 });
  directory.putCustomer({ ...CUSTOMER, deletedAt: 1 });
  expect(directory.extensionByName(CUSTOMER.id, '1001')).toBeUndefined();
  expect(directory.bindings(EXTENSION.id, 0)).toEqual([]);
  expect(directory.bindingCount).toBe(0);
  expect(directory.agentByUsername(AGENT.username)).toBeUndefined();
  expect(directory.accesskeyByHash(ACCESSKEY.tokenHash, 0)).toBeUndefined();
  expect(directory.firstCustomer()).toBeUndefined();
});

test('a name freed by deletion and taken by another keeps meaning the other', () => {
  const directory = filled();
  const second = { ...EXTENSION, id: 'e2' as ExtensionId };
  directory.putExtension({ ...EXTENSION, deletedAt: 1 });
  directory.putExtension(second);
  directory.putExtension({ ...EXTENSION, deletedAt: 2 });
  expect(directory.extensionByName(CUSTOMER.id, '1001')).toBe(second);
});

test('an access key is found until it expires', () => {
  const directory = filled();
  directory.putAccesskey(ACCESSKEY);
  expect(directory.accesskeyByHash(ACCESSKEY.tokenHash, 8_999)).toBe(ACCESSKEY);
  expect(directory.accesskeyByHash(ACCESSKEY.tokenHash, 9_000)).toBeUndefined();
});

test('a binding replaces the one of the same contact, or of the same instance and reg-id', () => {
  const directory = filled();
  const instance = { ...BINDING, instance: '<urn:uuid:1>', regId: 1, contact: 'sip:a@192.0.2.2' };
  directory.putBinding(BINDING);
  directory.putBinding(instance);
  directory.putBinding({ ...BINDING, cseq: 2 });
  directory.putBinding({ ...instance, contact: 'sip:a@198.51.100.1' });
  expect(directory.bindings(EXTENSION.id, 0).map(({ contact }) => contact)).toEqual([
    'sip:a@198.51.100.1',
    BINDING.contact,
  ]);
  expect(directory.bindingCount).toBe(2);
  directory.dropBinding(EXTENSION.id, BINDING.contact);
  directory.dropBinding(EXTENSION.id, BINDING.contact);
  expect(directory.bindingCount).toBe(1);
});

test('expired bindings are not given', () => {
  const directory = filled();
  directory.putBinding(BINDING);
  directory.putBinding({ ...BINDING, contact: 'sip:b@192.0.2.2', expiresAt: 9_000 });
  expect(directory.bindings(EXTENSION.id, 4_999)).toHaveLength(2);
  expect(directory.bindings(EXTENSION.id, 5_000).map(({ contact }) => contact)).toEqual(['sip:b@192.0.2.2']);
});

test('it is known from which addresses phones are registered', () => {
  const directory = filled();
  const other = { ...BINDING, contact: 'sip:b@192.0.2.1' };
  directory.putBinding(BINDING);
  directory.putBinding(other);
  directory.dropBinding(EXTENSION.id, BINDING.contact);
  expect(directory.hasBindingFrom('192.0.2.1')).toBe(true);
  directory.putBinding({ ...other, address: '198.51.100.1' });
  expect([directory.hasBindingFrom('192.0.2.1'), directory.hasBindingFrom('198.51.100.1')]).toEqual([false, true]);
  directory.putExtension({ ...EXTENSION, deletedAt: 1 });
  expect([directory.hasBindingFrom('198.51.100.1'), directory.bindingCount]).toEqual([false, 0]);
});

test('a host means the first customer when it is ours, or the customer that it names', () => {
  const directory = filled('Example.org');
  const second = { ...CUSTOMER, id: 'c2' as CustomerId, ordinal: 2 };
  directory.putCustomer(second);
  directory.addOwnHost('PBX.local');
  for (const host of ['example.org', 'EXAMPLE.ORG', 'pbx.local'])
    expect(directory.customerForHost(host)).toBe(CUSTOMER);
  expect(directory.customerForHost('c2.registrar.example.org')).toBe(second);
  expect(directory.customerForHost('c2.registrar.example.com')).toBeUndefined();
  expect(directory.customerForHost('c2.trunk.example.org')).toBeUndefined();
  expect(directory.customerForHost('192.0.2.1')).toBeUndefined();
});
