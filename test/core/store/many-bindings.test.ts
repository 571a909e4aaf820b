import { expect, test } from 'vitest';
import { BindingExpiry } from '../../../core/directory/binding-expiry.ts';
import { Directory } from '../../../core/directory/directory.ts';
import type { Binding } from '../../../core/directory/records.ts';
import type { ExtensionId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import { NEVER } from '../../../core/kernel/time.ts';
import { InProcessStore } from '../../../core/store/in-process.ts';
import type { Write } from '../../../core/write.ts';
import { BINDING, CUSTOMER, EXTENSION } from './rows.ts';

const COUNT = Number(process.env['TANDEM_BINDINGS'] ?? 20_000);
const START = 1_790_000_000_000;
const LIFE_MS = 3_600_000;

const idOf = (index: number) => `e0000000-0000-4000-8000-${String(index).padStart(12, '0')}` as ExtensionId;

function bindingOf(index: number): Binding {
  return {
    ...BINDING,
    extensionId: idOf(index),
    contact: `sip:${index}@192.0.2.1:5062`,
    path: index % 10 === 0 ? ['sip:edge.example.org;lr'] : [],
    sipCallId: `call ${index}`,
    instance: index % 2 === 0 ? `<urn:uuid:${index}>` : '',
    userAgent: `Phone/${index % 5_000}`,
    registeredAt: START,
    expiresAt: START + 1 + index * (LIFE_MS / COUNT),
  };
}

function storeOfMany(): InProcessStore {
  const store = new InProcessStore(seeded(1));
  store.write([{ kind: 'saveCustomer', row: CUSTOMER }], 0);
  for (let index = 0; index < COUNT; index++) {
    const row = { ...EXTENSION, id: idOf(index), extension: String(index) };
    const writes: Write[] = [
      { kind: 'saveExtension', row },
      { kind: 'saveBinding', row: bindingOf(index) },
    ];
    store.write(writes, 0);
  }
  store.poll();
  return store;
}

test('as many phones as were registered are found after a restart, and each runs out in its turn', () => {
  const store = storeOfMany();
  const directory = new Directory();
  store.load(directory, START);
  expect([directory.bindingCount, [...directory.allBindings()].length]).toEqual([COUNT, COUNT]);
  for (let index = 0; index < COUNT; index += 97) {
    expect(directory.bindings(idOf(index), START)).toEqual([bindingOf(index)]);
    expect(directory.extensionByName(CUSTOMER.id, String(index))?.id).toBe(idOf(index));
  }
  const expiry = new BindingExpiry(directory, (now) => START + now);
  expiry.renew(0);
  const due: number[] = [];
  const takeDue = (now: number) => {
    const binding = expiry.due(now);
    if (binding !== undefined) directory.dropBinding(binding.extensionId, binding.contact);
    return binding;
  };
  for (let next = takeDue(LIFE_MS / 2); next !== undefined; next = takeDue(LIFE_MS / 2)) due.push(next.expiresAt);
  const expected = Array.from({ length: COUNT }, (_, index) => bindingOf(index).expiresAt);
  expect(due).toEqual(expected.filter((at) => at <= START + LIFE_MS / 2));
  expect(expiry.deadline()).toBeGreaterThan(LIFE_MS / 2);
  while (takeDue(LIFE_MS + 1) !== undefined);
  expect([directory.bindingCount, expiry.deadline()]).toEqual([0, NEVER]);
});

test('bindings of one extension run out, are refreshed and removed each for itself', () => {
  const directory = new Directory();
  const [first, second, third] = [1, 2, 3].map((number): Binding => {
    return { ...BINDING, contact: `sip:${number}@192.0.2.1`, expiresAt: START + number * 1_000 };
  });
  for (const binding of [first!, second!, third!]) directory.putBinding(binding);
  directory.putBinding({ ...first!, expiresAt: START + 9_000 });
  directory.dropBinding(third!.extensionId, third!.contact);
  expect(directory.bindingCount).toBe(2);
  expect(directory.expiredBinding(START + 5_000)).toEqual(second);
  directory.dropBinding(second!.extensionId, second!.contact);
  expect([directory.expiredBinding(START + 5_000), directory.nextBindingExpiryAt()]).toEqual([
    undefined,
    START + 9_000,
  ]);
  directory.dropBinding(first!.extensionId, first!.contact);
  expect([directory.bindingCount, directory.nextBindingExpiryAt()]).toEqual([0, Number.POSITIVE_INFINITY]);
});
