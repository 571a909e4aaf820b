import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Directory } from '../../../core/directory/directory.ts';
import { secure, seeded } from '../../../core/kernel/random.ts';
import { SCHEMA_NUMBER } from '../../../core/store/migrate.ts';
import { type OpenedStore, openStore, type StoreOptions } from '../../../core/store/open.ts';
import { RecordingArchive } from '../../../core/store/recording-archive.ts';
import { openSeal } from '../../../core/store/seal.ts';
import {
  ACTIVEFLOW,
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

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-store-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function open(changes: Partial<StoreOptions> = {}, directory = new Directory()): Promise<OpenedStore> {
  const options = {
    databaseUrl: '',
    dataFolder: folder,
    durability: 'process',
    keepCallsMs: 1e12,
    random: secure(),
  } as const;
  return openStore({ ...options, ...changes }, directory, 4000);
}

async function filled(): Promise<void> {
  const { store } = await open();
  store.write(
    [
      { kind: 'saveCustomer', row: CUSTOMER },
      { kind: 'saveExtension', row: EXTENSION },
    ],
    0,
  );
  await store.close();
}

test('rows of every kind go through the thread and come back at the next start', async () => {
  const { store } = await open();
  store.write(
    [
      { kind: 'saveCustomer', row: CUSTOMER },
      { kind: 'saveTrunk', row: TRUNK },
      { kind: 'saveNumber', row: NUMBER },
      { kind: 'saveFlow', row: FLOW },
      { kind: 'saveConference', row: CONFERENCE },
      { kind: 'saveCall', row: CALL },
      { kind: 'saveConferencecall', row: CONFERENCECALL },
      { kind: 'saveRecording', row: RECORDING },
      { kind: 'saveActiveflow', row: ACTIVEFLOW },
    ],
    0,
  );
  expect(await new RecordingArchive(store).byId(RECORDING.id)).toEqual(RECORDING);
  await store.close();
  const directory = new Directory();
  const { store: next, left } = await open({}, directory);
  expect(inClear(directory.trunkForSource('2001:db8::7'))).toEqual(TRUNK);
  expect(directory.numberByE164(NUMBER.number)).toEqual(NUMBER);
  expect(directory.flows.get(FLOW.id)).toEqual(FLOW);
  expect(directory.conferences.get(CONFERENCE.id)).toEqual(CONFERENCE);
  expect(left).toMatchObject({
    calls: [CALL],
    conferencecalls: [CONFERENCECALL],
    recordings: [RECORDING],
    activeflows: [ACTIVEFLOW],
  });
  await next.close();
});

test('what was written is there after the next start, sealed secrets in clear', async () => {
  await filled();
  const directory = new Directory();
  const { store } = await open({}, directory);
  expect(directory.firstCustomer()).toEqual(CUSTOMER);
  expect(inClear(directory.extensionByName(CUSTOMER.id, '1001'))).toEqual(EXTENSION);
  await store.close();
  for (const file of ['secret.key', 'tandem.db']) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, 'tandem.db')).includes('pässword')).toBe(false);
});

test('with full durability it is written and read the same', async () => {
  const { store } = await open({ durability: 'full' });
  store.write([{ kind: 'saveCall', row: callNumber(1) }], 7);
  await store.flush();
  expect(store.poll()).toEqual({ kind: 'stored', receipt: 7 });
  await store.close();
});

test('a folder in use is refused, and free again after close', async () => {
  const { store } = await open();
  await expect(open()).rejects.toMatchObject({ code: 'FOLDER_IN_USE', context: { path: folder } });
  await store.close();
  await (await open()).store.close();
});

test('a folder that cannot be made or written is refused', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(open({ dataFolder: file })).rejects.toMatchObject({ code: 'FOLDER_UNWRITABLE' });
  await expect(open({ dataFolder: join(file, 'data') })).rejects.toMatchObject({ code: 'FOLDER_UNWRITABLE' });
  await expect(open({ dataFolder: '/proc/tandem' })).rejects.toMatchObject({ code: 'FOLDER_UNWRITABLE' });
});

test('a file that is no database is refused and left as it is', async () => {
  const path = join(folder, 'tandem.db');
  writeFileSync(path, 'This is a letter, not a database. '.repeat(200));
  await expect(open()).rejects.toMatchObject({ code: 'DATABASE_BROKEN' });
  expect(readFileSync(path, 'utf8')).toMatch(/^This is a letter/);
});

test('a database with damaged pages is refused', async () => {
  const { store } = await open();
  for (let i = 0; i < 2_000; i++) store.write([{ kind: 'saveCall', row: callNumber(i) }], 0);
  await store.close();
  const path = join(folder, 'tandem.db');
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096 * 20, 4096 * 30);
  writeFileSync(path, bytes);
  await expect(open()).rejects.toMatchObject({ code: 'DATABASE_BROKEN' });
  truncateSync(path, 4096 * 5);
  await expect(open()).rejects.toMatchObject({ code: 'DATABASE_BROKEN' });
});

test('a database of a newer Tandem is refused with both numbers', async () => {
  await filled();
  const database = new Database(join(folder, 'tandem.db'));
  database.exec(`insert into migrations values (999, 'from-the-future')`);
  database.close();
  await expect(open()).rejects.toMatchObject({
    code: 'DATABASE_NEWER',
    context: { expected: SCHEMA_NUMBER, got: 999 },
  });
});

test('another kind of database is refused without telling its password', async () => {
  const refusal = open({ databaseUrl: 'postgres://tandem:hunter2@db.example.org/tandem' });
  await expect(refusal).rejects.toMatchObject({ code: 'NOT_IMPLEMENTED' });
  await expect(refusal).rejects.not.toThrow(/hunter2/);
});

test('a key that others may read, a damaged key, a foreign key and none at all are refused', async () => {
  await filled();
  const path = join(folder, 'secret.key');
  chmodSync(path, 0o640);
  await expect(open()).rejects.toMatchObject({ code: 'SECRET_EXPOSED', context: { got: '0640' } });
  chmodSync(path, 0o600);
  writeFileSync(path, 'short');
  await expect(open()).rejects.toMatchObject({ code: 'SECRET_WRONG' });
  rmSync(path);
  await expect(open()).rejects.toMatchObject({ code: 'SECRET_WRONG' });
  expect(existsSync(path)).toBe(false);
  openSeal(folder, seeded(5));
  await expect(open()).rejects.toMatchObject({ code: 'SECRET_WRONG' });
});

test('a copy made while in use opens as a database of its own', async () => {
  const { store } = await open();
  store.write([{ kind: 'saveCustomer', row: CUSTOMER }], 0);
  await store.backup(join(folder, 'copy.db'));
  await expect(store.backup(join(folder, 'copy.db'))).rejects.toMatchObject({ code: 'STORE_FAILED' });
  await store.close();
  const copy = new Database(join(folder, 'copy.db'));
  expect(copy.prepare('select count(*) as count from customers').get()).toEqual({ count: 1 });
  copy.close();
});

test('calls past their time are removed at the start', async () => {
  const { store } = await open();
  for (let i = 0; i < 1_200; i++) store.write([{ kind: 'saveCall', row: callNumber(i, { hangupAt: 2000 }) }], 0);
  store.write([{ kind: 'saveCall', row: callNumber(5_000, { createdAt: 1 }) }], 0);
  store.write([{ kind: 'saveCall', row: callNumber(5_001, { hangupAt: Number.MAX_SAFE_INTEGER }) }], 0);
  await store.close();
  const again = (await open({ keepCallsMs: 1 })).store;
  let ids: readonly { id: string }[] = [];
  do ids = await again.read<{ id: string }>({ sql: 'select id from calls order by id', parameters: [] });
  while (ids.length > 2);
  expect(ids.map(({ id }) => id)).toEqual([callNumber(5_000).id, callNumber(5_001).id]);
  await again.close();
});

test('every acknowledged write survives kill -9, and the folder is free at once', async () => {
  const rounds = Math.min(20, Number(process.env['TANDEM_SEEDS'] ?? 5));
  const acknowledged = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    const from = round * 1_000_000;
    for (const number of await killedWhileWriting(from, 20 + 17 * round)) acknowledged.add(number);
    const { store } = await open();
    const rows = await store.read<{ id: string }>({ sql: 'select id from calls', parameters: [] });
    await store.close();
    const kept = new Set(rows.map(({ id }) => id));
    const lost = [...acknowledged].filter((number) => !kept.has(callNumber(number).id));
    expect(lost).toEqual([]);
  }
  expect(acknowledged.size).toBeGreaterThan(rounds * 20);
}, 60_000);

/** Numbers that a process acknowledged before it was killed, at some moment after the given count. */
async function killedWhileWriting(from: number, count: number): Promise<number[]> {
  const script = fileURLToPath(new URL('./writing-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, folder, String(from + 1)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.split('\n').length > count) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('close', resolve));
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  expect(complete).not.toMatch(/storeFailed/);
  return [...complete.matchAll(/stored (\d+)\n/g)].map((match) => Number(match[1]));
}
