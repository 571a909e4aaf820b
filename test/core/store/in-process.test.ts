import { expect, test } from 'vitest';
import { Directory } from '../../../core/directory/directory.ts';
import type { CustomerId, ExtensionId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import { CallArchive } from '../../../core/store/call-archive.ts';
import { InProcessStore } from '../../../core/store/in-process.ts';
import { ACCESSKEY, AGENT, BINDING, CALL, CUSTOMER, callNumber, EXTENSION } from './rows.ts';

function stored(...writes: Parameters<InProcessStore['write']>[0]): InProcessStore {
  const store = new InProcessStore(seeded(1));
  store.write(writes, 1);
  expect(store.poll()).toEqual({ kind: 'stored', receipt: 1 });
  return store;
}

test('every kind of row is loaded as it was written', () => {
  const store = stored(
    { kind: 'saveCustomer', row: CUSTOMER },
    { kind: 'saveAgent', row: AGENT },
    { kind: 'saveAccesskey', row: ACCESSKEY },
    { kind: 'saveExtension', row: EXTENSION },
    { kind: 'saveBinding', row: BINDING },
    { kind: 'saveCall', row: CALL },
    { kind: 'saveDialog', callId: CALL.id, customerId: CUSTOMER.id, dialog: '{"tag":1}' },
    { kind: 'saveFact', name: 'token-key', value: 'secret' },
  );
  const directory = new Directory();
  const left = store.load(directory, 4000);
  expect(directory.customers.get(CUSTOMER.id)).toEqual(CUSTOMER);
  expect(directory.agentByUsername('admin@localhost')).toEqual(AGENT);
  expect(directory.accesskeyByHash(ACCESSKEY.tokenHash, 4000)).toEqual(ACCESSKEY);
  expect(directory.extensionByName(CUSTOMER.id, '1001')).toEqual(EXTENSION);
  expect(directory.bindings(EXTENSION.id, 4000)).toEqual([BINDING]);
  expect(left.calls).toEqual([CALL]);
  expect(left.dialogs).toEqual(new Map([[CALL.id, '{"tag":1}']]));
  expect(left.facts).toEqual(new Map([['token-key', 'secret']]));
});

test('a row that is saved again replaces the one before', () => {
  const changed = { ...EXTENSION, name: 'Two', password: 'other', updatedAt: 3000 };
  const store = stored({ kind: 'saveCustomer', row: CUSTOMER }, { kind: 'saveExtension', row: EXTENSION });
  store.write([{ kind: 'saveExtension', row: changed }], 0);
  expect(store.poll()).toBeUndefined();
  const directory = new Directory();
  store.load(directory, 4000);
  expect([...directory.extensions.values()]).toEqual([changed]);
});

test('passwords and facts are sealed in the database', async () => {
  const store = stored(
    { kind: 'saveExtension', row: EXTENSION },
    { kind: 'saveFact', name: 'key', value: 'clear text' },
  );
  const rows = [
    ...(await store.read({ sql: 'select * from extensions', parameters: [] })),
    ...(await store.read({ sql: 'select * from facts', parameters: [] })),
  ];
  expect(JSON.stringify(rows)).not.toMatch(/pässword|clear text/);
});

test('deleted rows, ended calls, dropped dialogs and expired bindings are not loaded', () => {
  const store = stored(
    { kind: 'saveCustomer', row: CUSTOMER },
    { kind: 'saveExtension', row: EXTENSION },
    { kind: 'saveExtension', row: { ...EXTENSION, id: 'e2' as ExtensionId, extension: '1002', deletedAt: 3000 } },
    { kind: 'saveBinding', row: BINDING },
    { kind: 'saveBinding', row: { ...BINDING, contact: 'sip:b@192.0.2.1', expiresAt: 9000 } },
    { kind: 'dropBinding', extensionId: EXTENSION.id, contact: 'sip:b@192.0.2.1' },
    { kind: 'saveCall', row: callNumber(1, { status: 'hangup', hangupAt: 2000 }) },
    { kind: 'saveDialog', callId: CALL.id, customerId: CUSTOMER.id, dialog: '{}' },
    { kind: 'dropDialog', callId: CALL.id },
  );
  const directory = new Directory();
  const left = store.load(directory, 5000);
  expect([...directory.extensions.keys()]).toEqual([EXTENSION.id]);
  expect(directory.bindingCount).toBe(0);
  expect(left).toEqual({ calls: [], dialogs: new Map(), facts: new Map() });
});

test('a phone that comes back with another contact keeps one binding, another instance keeps its own', () => {
  const mobile = { ...BINDING, instance: '<urn:uuid:1>', regId: 1, expiresAt: 9000 };
  const moved = { ...mobile, contact: 'sip:1001@198.51.100.7', registeredAt: 2000 };
  const desk = { ...mobile, instance: '<urn:uuid:2>', contact: 'sip:1001@192.0.2.9', registeredAt: 1500 };
  const store = stored(
    { kind: 'saveCustomer', row: CUSTOMER },
    { kind: 'saveExtension', row: EXTENSION },
    { kind: 'saveBinding', row: mobile },
    { kind: 'saveBinding', row: desk },
    { kind: 'saveBinding', row: moved },
  );
  const directory = new Directory();
  store.load(directory, 5000);
  expect(directory.bindings(EXTENSION.id, 5000)).toEqual([moved, desk]);
});

test('a group is committed all or none, and its failure does not touch the others', () => {
  const store = new InProcessStore(seeded(1));
  const bad = { ...CUSTOMER, id: 'bad' as CustomerId, name: null as unknown as string };
  store.write([{ kind: 'saveCustomer', row: CUSTOMER }], 1);
  store.write(
    [
      { kind: 'saveAgent', row: AGENT },
      { kind: 'saveCustomer', row: bad },
    ],
    2,
  );
  store.write([{ kind: 'saveExtension', row: EXTENSION }], 3);
  expect([store.poll(), store.poll(), store.poll(), store.poll()]).toEqual([
    { kind: 'stored', receipt: 1 },
    { kind: 'storeFailed', receipt: 2, detail: 'NOT NULL constraint failed: customers.name' },
    { kind: 'stored', receipt: 3 },
    undefined,
  ]);
  const directory = new Directory();
  store.load(directory, 0);
  expect([directory.customers.size, directory.agents.size, directory.extensions.size]).toEqual([1, 0, 1]);
});

test('the simulated store can fail, hang and crash', () => {
  const store = new InProcessStore(seeded(1));
  store.failOn((write) => write.kind === 'saveAgent');
  store.write([{ kind: 'saveAgent', row: AGENT }], 1);
  expect(store.poll()).toMatchObject({ kind: 'storeFailed', receipt: 1 });
  store.failOn(undefined);
  store.hold();
  store.write([{ kind: 'saveAgent', row: AGENT }], 2);
  expect(store.poll()).toBeUndefined();
  store.resume();
  expect(store.poll()).toEqual({ kind: 'stored', receipt: 2 });
  store.write([{ kind: 'saveAgent', row: { ...AGENT, name: 'lost' } }], 3);
  store.crash();
  expect(store.poll()).toBeUndefined();
  const directory = new Directory();
  store.load(directory, 0);
  expect(directory.agents.get(AGENT.id)?.name).toBe('Admin');
});

test('calls are listed newest first, page by page, each once, however many were created in one millisecond', async () => {
  const calls = Array.from({ length: 57 }, (_, i) =>
    callNumber(i, { createdAt: 1000 + Math.floor(i / 3) + (i % 3) / 4 }),
  );
  const deleted = callNumber(100, { deletedAt: 2000 });
  const foreign = callNumber(101, { customerId: 'other' as CustomerId });
  const store = stored(...[...calls, deleted, foreign].map((row) => ({ kind: 'saveCall' as const, row })));
  const archive = new CallArchive(store);
  const seen: string[] = [];
  for (let before = 10_000; ; ) {
    const page = await archive.page(CUSTOMER.id, { pageSize: 10, before });
    if (page.length === 0) break;
    expect(page.length).toBeLessThanOrEqual(10);
    seen.push(...page.map((call) => call.id));
    before = Math.floor(page.at(-1)!.createdAt);
  }
  expect(seen).toEqual(calls.map((call) => call.id).reverse());
  expect(await archive.byId(calls[3]!.id)).toEqual(calls[3]);
  expect(await archive.byId(deleted.id)).toBeUndefined();
});

test('a page of a single millisecond is given as it is', async () => {
  const store = stored(...Array.from({ length: 5 }, (_, i) => ({ kind: 'saveCall' as const, row: callNumber(i) })));
  expect(await new CallArchive(store).page(CUSTOMER.id, { pageSize: 3, before: 10_000 })).toHaveLength(3);
});
