import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CustomerId } from '../../../core/kernel/ids.ts';
import { LIMITS } from '../../../core/kernel/limits.ts';
import { seeded } from '../../../core/kernel/random.ts';
import { startWorker } from '../../../core/kernel/start-worker.ts';
import type { StoreEvent } from '../../../core/ports.ts';
import { migrate } from '../../../core/store/migrate.ts';
import { openDatabase } from '../../../core/store/open-database.ts';
import { purgeSql } from '../../../core/store/repositories/calls.ts';
import { Seal } from '../../../core/store/seal.ts';
import type { StoreThreadStart } from '../../../core/store/store-protocol.ts';
import { WRITE_SQL } from '../../../core/store/write-statements.ts';
import { StoreWriter } from '../../../core/store/writer.ts';
import { CUSTOMER, callNumber } from './rows.ts';

let folder = '';
let threads: Worker[] = [];
let released = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-writer-'));
  [threads, released] = [[], 0];
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function writerOn(path: string, queueWritesMax?: number): StoreWriter {
  const workerData: StoreThreadStart = {
    path,
    durability: 'process',
    writeSql: WRITE_SQL,
    keepCallsMs: 1e12,
    purgeSql,
  };
  return new StoreWriter({
    seal: new Seal(new Uint8Array(32), seeded(1)),
    startThread: () => {
      const url = new URL('../../../core/store/store-thread.ts', import.meta.url);
      const thread = startWorker(url, { name: 'store-thread', workerData });
      threads.push(thread);
      return thread;
    },
    release: () => {
      released += 1;
    },
    ...(queueWritesMax === undefined ? {} : { queueWritesMax }),
  });
}

async function opened(queueWritesMax?: number): Promise<StoreWriter> {
  const path = join(folder, 'tandem.db');
  const database = openDatabase(path, 'process');
  migrate(database);
  database.close();
  const writer = writerOn(path, queueWritesMax);
  await writer.ready();
  return writer;
}

function drained(writer: StoreWriter): StoreEvent[] {
  const events: StoreEvent[] = [];
  for (let event = writer.poll(); event !== undefined; event = writer.poll()) events.push(event);
  return events;
}

const countCalls = { sql: 'select count(*) as count from calls', parameters: [] } as const;

test('receipts come in the order of the writes, once each', async () => {
  const writer = await opened();
  for (let i = 1; i <= 5_000; i++) writer.write([{ kind: 'saveCall', row: callNumber(i) }], i);
  await writer.flush();
  expect(drained(writer)).toEqual(Array.from({ length: 5_000 }, (_, i) => ({ kind: 'stored', receipt: i + 1 })));
  expect([writer.queueLength, writer.committedCount, writer.failedCount]).toEqual([0, 5_000, 0]);
  await writer.close();
  expect(released).toBe(1);
});

test('a write with a receipt is told to the listener without a flush, and takes the ones before it along', async () => {
  const writer = await opened();
  const told = new Promise<void>((resolve) => writer.onEvent(resolve));
  writer.write([{ kind: 'saveCall', row: callNumber(1) }], 0);
  writer.write([{ kind: 'saveCall', row: callNumber(2) }], 9);
  await told;
  expect(drained(writer)).toEqual([{ kind: 'stored', receipt: 9 }]);
  expect(writer.committedCount).toBe(2);
  await writer.close();
});

test('a read sees the writes before it, also those that nobody waits for', async () => {
  const writer = await opened();
  writer.write([{ kind: 'saveCall', row: callNumber(1) }], 0);
  expect(await writer.read(countCalls)).toEqual([{ count: 1 }]);
  await expect(writer.read({ sql: 'select nonsense', parameters: [] })).rejects.toMatchObject({ code: 'STORE_FAILED' });
  await writer.close();
});

test('one write that cannot be committed fails alone among thousands', async () => {
  const writer = await opened();
  const bad = { ...CUSTOMER, id: 'bad' as CustomerId, name: null as unknown as string };
  for (let i = 1; i <= 2_000; i++) {
    if (i === 700)
      writer.write(
        [
          { kind: 'saveCall', row: callNumber(i) },
          { kind: 'saveCustomer', row: bad },
        ],
        i,
      );
    else writer.write([{ kind: 'saveCall', row: callNumber(i) }], i);
  }
  await writer.flush();
  const events = drained(writer);
  expect(events).toHaveLength(2_000);
  expect(events.filter(({ kind }) => kind === 'storeFailed')).toEqual([
    { kind: 'storeFailed', receipt: 700, detail: 'NOT NULL constraint failed: customers.name' },
  ]);
  expect(await writer.read(countCalls)).toEqual([{ count: 1_999 }]);
  expect(writer.failedCount).toBe(2);
  await writer.close();
});

test('beyond its limit the queue refuses at once, and counts', async () => {
  const writer = await opened(10);
  for (let i = 1; i <= 15; i++) writer.write([{ kind: 'saveCall', row: callNumber(i) }], i);
  const refused = drained(writer);
  expect(refused.map(({ receipt }) => receipt)).toEqual([11, 12, 13, 14, 15]);
  expect(refused[0]).toEqual({ kind: 'storeFailed', receipt: 11, detail: '10 writes wait for the disk, limit 10' });
  expect(writer.refusedCount).toBe(5);
  await writer.flush();
  writer.write([{ kind: 'saveCall', row: callNumber(16) }], 16);
  await writer.close();
  expect(drained(writer).map(({ kind }) => kind)).toEqual(new Array(11).fill('stored'));
});

test('a thread that dies is replaced, and nothing is lost or answered twice', async () => {
  const writer = await opened();
  for (let round = 0; round < 4; round++) {
    for (let i = 1; i <= 500; i++)
      writer.write([{ kind: 'saveCall', row: callNumber(round * 1000 + i) }], round * 1000 + i);
    const flushed = writer.flush();
    await threads.at(-1)!.terminate();
    await flushed;
  }
  const receipts = drained(writer).map(({ kind, receipt }) => `${kind} ${receipt}`);
  expect(receipts).toHaveLength(2_000);
  expect(new Set(receipts).size).toBe(2_000);
  expect(await writer.read(countCalls)).toEqual([{ count: 2_000 }]);
  expect(writer.deathCount).toBe(4);
  await writer.close();
  expect(released).toBe(1);
});

test('a thread that cannot live breaks the store: what waits fails, what follows is refused', async () => {
  const writer = writerOn(join(folder, 'missing', 'tandem.db'));
  writer.write([{ kind: 'saveCall', row: callNumber(1) }], 1);
  await expect(writer.ready()).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(threads).toHaveLength(LIMITS.storeThreadDeathsMax);
  writer.write([{ kind: 'saveCall', row: callNumber(2) }], 2);
  expect(drained(writer).map(({ kind, receipt }) => [kind, receipt])).toEqual([
    ['storeFailed', 1],
    ['storeFailed', 2],
  ]);
  await expect(writer.read(countCalls)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  await writer.close();
  expect(released).toBe(1);
});

test('a close that waits behind other messages closes all the same', async () => {
  const writer = await opened();
  const reads = [writer.read(countCalls), writer.read(countCalls)];
  await writer.close();
  expect(await Promise.all(reads)).toEqual([[{ count: 0 }], [{ count: 0 }]]);
});

test('closing twice is closing once, and later writes are refused', async () => {
  const writer = await opened();
  writer.write([{ kind: 'saveCall', row: callNumber(1) }], 1);
  await Promise.all([writer.close(), writer.close()]);
  writer.write([{ kind: 'saveCall', row: callNumber(2) }], 2);
  expect(drained(writer)).toEqual([
    { kind: 'stored', receipt: 1 },
    { kind: 'storeFailed', receipt: 2, detail: 'the store is closed' },
  ]);
  expect(released).toBe(1);
});

test('what nobody waits for is written once per row while it lingers, and tried again when the disk was ill', async () => {
  const writer = await opened();
  const other = openDatabase(join(folder, 'tandem.db'), 'process');
  other.exec("create trigger ill before insert on calls begin select raise(fail, 'the disk is ill'); end");
  writer.write([{ kind: 'saveCall', row: { ...callNumber(1), status: 'ringing' } }], 0);
  writer.write([{ kind: 'saveCall', row: { ...callNumber(1), status: 'progressing' } }], 0);
  await writer.flush();
  expect([writer.failedCount, writer.lastFailure]).toEqual([1, 'the disk is ill']);
  // A later state of the row takes the place of the one that failed.
  writer.write([{ kind: 'saveCall', row: { ...callNumber(1), status: 'hangup' } }], 0);
  await writer.flush();
  expect([writer.failedCount, writer.queueLength]).toEqual([2, 1]);
  other.exec('drop trigger ill');
  other.close();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(await writer.read({ sql: 'select status from calls', parameters: [] })).toEqual([{ status: 'hangup' }]);
  expect([writer.committedCount, writer.queueLength]).toEqual([1, 0]);
  await writer.close();
});
