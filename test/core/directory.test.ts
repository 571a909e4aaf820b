import { expect, test } from 'vitest';
import { Directory } from '../../core/directory/directory.ts';
import type { Trunk } from '../../core/directory/records.ts';
import type { CustomerId, ExtensionId, FlowId, NumberId, TrunkId } from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import { ACCESSKEY, AGENT, BINDING, CONFERENCE, CUSTOMER, EXTENSION, FLOW, NUMBER, TRUNK } from './store/rows.ts';

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

test('a phone that is registered over IPv6 is known by its network of 64 bits', () => {
  const directory = filled();
  directory.putBinding({ ...BINDING, address: '2001:db8::1' });
  expect(['2001:db8::2', '2001:db8:0:1::1'].map((from) => directory.hasBindingFrom(from))).toEqual([true, false]);
  directory.dropBinding(EXTENSION.id, BINDING.contact);
  expect(directory.hasBindingFrom('2001:db8::1')).toBe(false);
});

test('RFC 5954 §4.2: an IPv6 address of ours is ours however it is written', () => {
  const directory = filled();
  directory.addOwnHost('2001:db8::1');
  for (const host of ['2001:DB8::1', '2001:0db8:0:0:0:0:0:1', '2001:db8::0.0.0.1']) {
    expect(directory.isOwnHost(host), host).toBe(true);
  }
  for (const host of ['2001:db8::2', '2001:db8:::1', '']) expect(directory.isOwnHost(host), host).toBe(false);
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
  expect(directory.customerForHost('registrar.example.org')).toBeUndefined();
  expect(directory.customerForHost('c2.registrar.example.org.')).toBeUndefined();
  expect(directory.customerForHost('192.0.2.1')).toBeUndefined();
});

test('a host that names a trunk means its customer, whatever the case of the letters and the dots in the name', () => {
  const directory = filled('example.org');
  directory.putTrunk(TRUNK);
  expect(directory.customerForHost('my.trunk-1.trunk.example.org')).toBe(CUSTOMER);
  expect(directory.trunkForHost('MY.TRUNK-1.Trunk.Example.ORG')).toBe(TRUNK);
  expect(directory.trunkByDomainName('my.TRUNK-1')).toBe(TRUNK);
  expect(directory.customerForHost('my.trunk-1.trunk.example.com')).toBeUndefined();
  expect(directory.customerForHost('trunk-1.trunk.example.org')).toBeUndefined();
  const nameless = filled();
  nameless.putTrunk(TRUNK);
  expect(nameless.customerForHost('my.trunk-1.trunk.any.where')).toBe(CUSTOMER);
  expect(nameless.customerForHost(`${CUSTOMER.id}.registrar.any.where`)).toBe(CUSTOMER);
});

test('a number is found by its E.164 form in the installation, by its short form within its customer', () => {
  const directory = filled();
  directory.putNumber(NUMBER);
  expect(directory.numberByE164('+899000000101')).toBe(NUMBER);
  expect(directory.numberByShortCode(CUSTOMER.id, '9101')).toBe(NUMBER);
  expect(directory.numberByShortCode('other' as CustomerId, '9101')).toBeUndefined();
  expect(directory.numberByE164('9101')).toBeUndefined();
  const plain = { ...NUMBER, shortCode: '' };
  directory.putNumber(plain);
  expect(directory.numberByShortCode(CUSTOMER.id, '9101')).toBeUndefined();
  expect(directory.numberByShortCode(CUSTOMER.id, '')).toBeUndefined();
  directory.putNumber({ ...plain, deletedAt: 1 });
  expect(directory.numberByE164('+899000000101')).toBeUndefined();
});

test('rows of each kind are listed newest first for their customer alone, deleted ones left out', () => {
  const directory = filled();
  const numbers = [1, 2, 3].map((n) => ({
    ...NUMBER,
    id: `n${n}` as NumberId,
    number: `+1555000000${n}`,
    shortCode: '',
    createdAt: n,
  }));
  for (const number of numbers) directory.putNumber(number);
  directory.putNumber({ ...numbers[1]!, deletedAt: 9 });
  directory.putNumber({ ...numbers[0]!, id: 'n4' as NumberId, number: '+15550000004', customerId: 'b' as CustomerId });
  expect(directory.numbersBefore(CUSTOMER.id, 10, 10).map(({ id }) => id)).toEqual(['n3', 'n1']);
  expect(directory.numbersBefore(CUSTOMER.id, 3, 10).map(({ id }) => id)).toEqual(['n1']);
  expect(directory.numbersOf(CUSTOMER.id)).toHaveLength(2);
  directory.putFlow(FLOW);
  directory.putFlow({ ...FLOW, id: 'f2' as FlowId, createdAt: 2000 });
  expect(directory.flowsBefore(CUSTOMER.id, 9e9, 1).map(({ id }) => id)).toEqual(['f2']);
  expect([directory.flowCountOf(CUSTOMER.id), directory.flowCountOf('b' as CustomerId)]).toEqual([2, 0]);
  directory.putConference(CONFERENCE);
  directory.putTrunk(TRUNK);
  directory.putAccesskey(ACCESSKEY);
  expect(directory.conferencesBefore(CUSTOMER.id, 9e9, 5)).toEqual([CONFERENCE]);
  expect(directory.trunksBefore(CUSTOMER.id, 9e9, 5)).toEqual([TRUNK]);
  expect(directory.accesskeysBefore(CUSTOMER.id, 9e9, 5)).toEqual([ACCESSKEY]);
});

// ── Trunks by source address ──────────────────────────────────────────────────────────────────────────────────

function trunkOf(id: string, allowedIps: readonly string[], changes: Partial<Trunk> = {}): Trunk {
  return { ...TRUNK, id: id as TrunkId, domainName: id, allowedIps, ...changes };
}

test('a source belongs to the trunk with the longest prefix, then to the oldest', () => {
  const directory = filled();
  directory.putTrunk(trunkOf('wide', ['192.0.0.0/8', '2001:db8::/32'], { createdAt: 1 }));
  directory.putTrunk(trunkOf('young', ['192.0.2.0/24'], { createdAt: 3 }));
  directory.putTrunk(trunkOf('old', ['192.0.2.0/24', '192.0.2.0/24'], { createdAt: 2 }));
  directory.putTrunk(trunkOf('exact', ['192.0.2.10', '2001:db8::10'], { createdAt: 4 }));
  const found = (address: string) => directory.trunkForSource(address)?.id;
  expect(found('192.0.2.10')).toBe('exact');
  expect(found('::ffff:192.0.2.10')).toBe('exact');
  expect(found('192.0.2.11')).toBe('old');
  expect(found('192.9.9.9')).toBe('wide');
  expect(found('2001:DB8:0::10')).toBe('exact');
  expect(found('2001:db8:1::1')).toBe('wide');
  expect(found('198.51.100.1')).toBeUndefined();
  expect(found('not an address')).toBeUndefined();
});

test('a trunk that may not come by address, has another one now, or is deleted is not found by the one it had', () => {
  const directory = filled();
  const trunk = trunkOf('t', ['192.0.2.0/24']);
  directory.putTrunk({ ...trunk, authTypes: ['basic'] });
  expect(directory.trunkForSource('192.0.2.1')).toBeUndefined();
  directory.putTrunk(trunk);
  expect(directory.trunkForSource('192.0.2.1')).toBe(trunk);
  directory.putTrunk({ ...trunk, allowedIps: ['198.51.100.1'] });
  expect(directory.trunkForSource('192.0.2.1')).toBeUndefined();
  expect(directory.trunkForSource('198.51.100.1')?.id).toBe('t');
  directory.putTrunk({ ...trunk, allowedIps: ['198.51.100.1'], deletedAt: 1 });
  expect(directory.trunkForSource('198.51.100.1')).toBeUndefined();
});

test('after many changes a source is found as by looking at every trunk', () => {
  const random = seeded(7);
  const pick = (count: number): number => Math.floor(random.next() * count);
  const directory = filled();
  const live = new Map<string, Trunk>();
  for (let round = 0; round < 2_000; round++) {
    const id = `t${pick(30)}`;
    const allowedIps = Array.from({ length: 1 + pick(3) }, () => `10.0.${pick(4)}.${pick(8)}/${24 + pick(9)}`);
    const isDeleted = pick(4) === 0;
    const trunk = trunkOf(id, allowedIps, { createdAt: pick(5), deletedAt: isDeleted ? 1 : null });
    // A row keeps the time at which it was made.
    const kept = { ...trunk, createdAt: live.get(id)?.createdAt ?? trunk.createdAt };
    directory.putTrunk(kept);
    if (isDeleted) live.delete(id);
    else live.set(id, kept);
    const address = `10.0.${pick(4)}.${pick(8)}`;
    expect(directory.trunkForSource(address)?.id).toBe(byLooking([...live.values()], address));
  }
});

/** Bit by bit, for IPv4 alone. */
function byLooking(trunks: readonly Trunk[], address: string): string | undefined {
  const bits = (text: string): string =>
    text
      .split('.')
      .map((octet) => Number(octet).toString(2).padStart(8, '0'))
      .join('');
  const matches = trunks.flatMap((trunk) =>
    trunk.allowedIps.flatMap((network) => {
      const [base, length] = network.split('/') as [string, string];
      const isInside = bits(base).slice(0, Number(length)) === bits(address).slice(0, Number(length));
      return isInside ? [{ trunk, length: Number(length) }] : [];
    }),
  );
  matches.sort(
    (a, b) => b.length - a.length || a.trunk.createdAt - b.trunk.createdAt || (a.trunk.id < b.trunk.id ? -1 : 1),
  );
  return matches[0]?.trunk.id;
}
