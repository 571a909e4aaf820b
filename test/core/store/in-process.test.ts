import { expect, test } from 'vitest';
import { Directory } from '../../../core/directory/directory.ts';
import type { CustomerId, ExtensionId } from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import { ActiveflowArchive } from '../../../core/store/activeflow-archive.ts';
import { CallArchive } from '../../../core/store/call-archive.ts';
import { ConferencecallArchive } from '../../../core/store/conferencecall-archive.ts';
import { InProcessStore } from '../../../core/store/in-process.ts';
import { RecordingArchive } from '../../../core/store/recording-archive.ts';
import {
  ACCESSKEY,
  ACTIVEFLOW,
  AGENT,
  BINDING,
  CALL,
  CONFERENCE,
  CONFERENCECALL,
  CUSTOMER,
  callNumber,
  EXTENSION,
  FLOW,
  inClear,
  NUMBER,
  RECORDING,
  TRUNK,
} from './rows.ts';

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
    { kind: 'saveTrunk', row: TRUNK },
    { kind: 'saveNumber', row: NUMBER },
    { kind: 'saveFlow', row: FLOW },
    { kind: 'saveConference', row: CONFERENCE },
    { kind: 'saveBinding', row: BINDING },
    { kind: 'saveCall', row: CALL },
    { kind: 'saveConferencecall', row: CONFERENCECALL },
    { kind: 'saveRecording', row: RECORDING },
    { kind: 'saveActiveflow', row: ACTIVEFLOW },
    { kind: 'saveDialog', callId: CALL.id, customerId: CUSTOMER.id, dialog: '{"tag":1}' },
    { kind: 'saveFact', name: 'token-key', value: 'secret' },
  );
  const directory = new Directory();
  const left = store.load(directory, 4000);
  expect(directory.customers.get(CUSTOMER.id)).toEqual(CUSTOMER);
  expect(directory.agentByUsername('admin@localhost')).toEqual(AGENT);
  expect(directory.accesskeyByHash(ACCESSKEY.tokenHash, 4000)).toEqual(ACCESSKEY);
  expect(inClear(directory.extensionByName(CUSTOMER.id, '1001'))).toEqual(EXTENSION);
  expect(inClear(directory.trunkByDomainName(TRUNK.domainName))).toEqual(TRUNK);
  expect(inClear(directory.trunkForSource('198.51.100.9'))).toEqual(TRUNK);
  expect(directory.numberByE164(NUMBER.number)).toEqual(NUMBER);
  expect(directory.numberByShortCode(CUSTOMER.id, '9101')).toEqual(NUMBER);
  expect(directory.flows.get(FLOW.id)).toEqual(FLOW);
  expect(directory.conferences.get(CONFERENCE.id)).toEqual(CONFERENCE);
  expect(directory.bindings(EXTENSION.id, 4000)).toEqual([BINDING]);
  expect(left.calls).toEqual([CALL]);
  expect(left.conferencecalls).toEqual([CONFERENCECALL]);
  expect(left.recordings).toEqual([RECORDING]);
  expect(left.activeflows).toEqual([ACTIVEFLOW]);
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
  expect([...directory.extensions.values()].map(inClear)).toEqual([changed]);
});

test('what is empty comes back empty, and what a conference was recorded for as well', () => {
  const idle = {
    ...ACTIVEFLOW,
    reference: { type: 'api' } as const,
    flowId: null,
    currentAction: null,
    forwardActionId: null,
    executedActions: [],
  };
  const mixed = { ...RECORDING, reference: { type: 'confbridge', id: CONFERENCE.id } as const, files: [] };
  const store = stored({ kind: 'saveActiveflow', row: idle }, { kind: 'saveRecording', row: mixed });
  const left = store.load(new Directory(), 4000);
  expect(left.activeflows).toEqual([idle]);
  expect(left.recordings).toEqual([mixed]);
});

test('a recording that was deleted while it ran is left behind, so that its files go away', () => {
  const row = { ...RECORDING, deletedAt: 3000 };
  const store = stored({ kind: 'saveRecording', row });
  expect(store.load(new Directory(), 4000).recordings).toEqual([row]);
  store.write([{ kind: 'saveRecording', row: { ...row, status: 'ended' } }], 0);
  store.poll();
  expect(store.load(new Directory(), 4000).recordings).toEqual([]);
});

test('passwords and facts are sealed in the database', async () => {
  const store = stored(
    { kind: 'saveExtension', row: EXTENSION },
    { kind: 'saveTrunk', row: TRUNK },
    { kind: 'saveFact', name: 'key', value: 'clear text' },
  );
  const rows = [
    ...(await store.read({ sql: 'select * from extensions', parameters: [] })),
    ...(await store.read({ sql: 'select * from trunks', parameters: [] })),
    ...(await store.read({ sql: 'select * from facts', parameters: [] })),
  ];
  expect(JSON.stringify(rows)).not.toMatch(/pässword|clear text/);
});

test('deleted rows, what has ended, dropped dialogs and expired bindings are not loaded', () => {
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
    { kind: 'saveTrunk', row: { ...TRUNK, deletedAt: 3000 } },
    { kind: 'saveNumber', row: { ...NUMBER, deletedAt: 3000 } },
    { kind: 'saveFlow', row: { ...FLOW, deletedAt: 3000 } },
    { kind: 'saveConference', row: { ...CONFERENCE, deletedAt: 3000 } },
    { kind: 'saveConferencecall', row: { ...CONFERENCECALL, status: 'leaved' } },
    { kind: 'saveRecording', row: { ...RECORDING, status: 'ended', endedAt: 3000 } },
    { kind: 'saveActiveflow', row: { ...ACTIVEFLOW, status: 'ended' } },
  );
  const directory = new Directory();
  const left = store.load(directory, 5000);
  expect([...directory.extensions.keys()]).toEqual([EXTENSION.id]);
  expect(directory.bindingCount).toBe(0);
  const { trunks, numbers, flows, conferences } = directory;
  expect([trunks.size, numbers.size, flows.size, conferences.size]).toEqual([0, 0, 0, 0]);
  expect(left).toEqual({
    calls: [],
    conferencecalls: [],
    recordings: [],
    activeflows: [],
    dialogs: new Map(),
    facts: new Map(),
  });
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

test('after a restart the newest phone is the one that was refreshed last, whenever each came first', () => {
  const desk = { ...BINDING, contact: 'sip:desk@192.0.2.9', registeredAt: 1000, expiresAt: 9500 };
  const mobile = { ...BINDING, contact: 'sip:mobile@192.0.2.9', registeredAt: 2000, expiresAt: 9000 };
  const tablet = { ...BINDING, contact: 'sip:tablet@192.0.2.9', registeredAt: 1500, expiresAt: 9200 };
  const store = stored(
    { kind: 'saveCustomer', row: CUSTOMER },
    { kind: 'saveExtension', row: EXTENSION },
    ...[desk, mobile, tablet].map((row) => ({ kind: 'saveBinding', row }) as const),
  );
  const directory = new Directory();
  store.load(directory, 5000);
  expect(directory.bindings(EXTENSION.id, 5000)).toEqual([desk, tablet, mobile]);
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

test('recordings, stays and flows are listed and found as calls are', async () => {
  const ids = ['f8000000-0000-4000-8000-000000000001', 'f8000000-0000-4000-8000-000000000002'] as const;
  const recordings = ids.map((id, i) => ({ ...RECORDING, id: id as typeof RECORDING.id, createdAt: 1000 + i }));
  const deleted = { ...RECORDING, deletedAt: 2000 };
  const store = stored(
    ...[...recordings, deleted].map((row) => ({ kind: 'saveRecording' as const, row })),
    { kind: 'saveConferencecall', row: CONFERENCECALL },
    { kind: 'saveActiveflow', row: ACTIVEFLOW },
  );
  const page = { pageSize: 10, before: 10_000 };
  const archive = new RecordingArchive(store);
  expect(await archive.page(CUSTOMER.id, page)).toEqual(recordings.toReversed());
  expect(await archive.byId(recordings[0]!.id)).toEqual(recordings[0]);
  expect(await archive.byId(deleted.id)).toBeUndefined();
  expect(await archive.idsOf(RECORDING.reference)).toEqual(ids);
  expect(await new ConferencecallArchive(store).page(CUSTOMER.id, page)).toEqual([CONFERENCECALL]);
  expect(await new ConferencecallArchive(store).byId(CONFERENCECALL.id)).toEqual(CONFERENCECALL);
  expect(await new ActiveflowArchive(store).page('other' as CustomerId, page)).toEqual([]);
  expect(await new ActiveflowArchive(store).byId(ACTIVEFLOW.id)).toEqual(ACTIVEFLOW);
});
