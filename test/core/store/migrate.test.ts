import type { Kysely } from 'kysely';
import { expect, test } from 'vitest';
import { MEMBER_TERMS } from '../../../core/calls/member-terms.ts';
import { Directory } from '../../../core/directory/directory.ts';
import { seeded } from '../../../core/kernel/random.ts';
import { loadAll } from '../../../core/store/load.ts';
import { MIGRATIONS, migrate, SCHEMA_NUMBER } from '../../../core/store/migrate.ts';
import { openSqlite, type Sqlite } from '../../../core/store/native.ts';
import { activeflowsLeftBehind } from '../../../core/store/repositories/activeflows.ts';
import { conferencecallsLeftBehind } from '../../../core/store/repositories/conferencecalls.ts';
import { recordingsLeftBehind } from '../../../core/store/repositories/recordings.ts';
import { Seal } from '../../../core/store/seal.ts';
import { compiler } from '../../../core/store/statement.ts';
import { CALL, CUSTOMER, EXTENSION, inClear } from './rows.ts';

const seal = new Seal(new Uint8Array(32), seeded(1));

/** A database as an earlier Tandem left it, with the schema of that number. */
function databaseOf(number: number): Sqlite {
  const database = openSqlite(':memory:', { timeoutMs: 0 });
  database.exec('create table migrations (number integer primary key, name text not null)');
  for (const migration of MIGRATIONS.slice(0, number)) {
    for (const statement of migration.statements(compiler as Kysely<unknown>)) database.exec(statement.compile().sql);
    database.prepare('insert into migrations values (?, ?)').run(migration.number, migration.name);
  }
  return database;
}

/** Every table and index with its columns, in an order that does not depend on when they were made. */
function shapeOf(database: Sqlite): unknown {
  const names = database.prepare(`select name from sqlite_master where type = 'table' order by name`).all() as {
    name: string;
  }[];
  return names.map(({ name }) => [
    name,
    database
      .prepare(`select name, type, "notnull", dflt_value, pk from pragma_table_info('${name}') order by name`)
      .all(),
    database.prepare(`select name, "partial" from pragma_index_list('${name}') order by name`).all(),
  ]);
}

test('migrating twice is migrating once', () => {
  const database = databaseOf(0);
  expect(migrate(database)).toBe(0);
  expect(migrate(database)).toBe(SCHEMA_NUMBER);
  expect(database.prepare('select number from migrations').all()).toEqual(MIGRATIONS.map(({ number }) => ({ number })));
});

test('migrations are numbered from 1 without holes', () => {
  expect(MIGRATIONS.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
});

test('a migration that fails leaves the database as it was', () => {
  const database = openSqlite(':memory:', { timeoutMs: 0 });
  database.exec('create table calls (id text)');
  expect(() => migrate(database)).toThrow(/already exists/);
  expect(database.prepare(`select name from sqlite_master where type = 'table' order by name`).all()).toEqual([
    { name: 'calls' },
    { name: 'migrations' },
  ]);
});

test('a later migration that fails leaves the schema and the rows of before', () => {
  const database = databaseOf(1);
  database.exec('create table activeflows (id text)');
  const before = shapeOf(database);
  expect(() => migrate(database)).toThrow(/already exists/);
  expect(shapeOf(database)).toEqual(before);
  expect(database.prepare('select number from migrations').all()).toEqual([{ number: 1 }]);
});

test('rows of the first schema are there after the next ones, and calls of before know of no flow', () => {
  const database = databaseOf(1);
  database
    .prepare(`insert into customers values (?, 'First', 'of all', 'a@example.org', 'active', 1, 1000, null, null)`)
    .run(CUSTOMER.id);
  database
    .prepare(`insert into extensions values (?, ?, '1001', ?, '', ?, 1000.25, null, null)`)
    .run(EXTENSION.id, CUSTOMER.id, EXTENSION.name, seal.sealedFrom(EXTENSION.password));
  const { source, destination, chainedCallIds } = CALL;
  database
    .prepare(`insert into calls values
      (?, ?, 'incoming', 'dialing', ?, ?, ?, null, ?, null, '', '', null, 1000.5, null, null, null, null, null)`)
    .run(
      CALL.id,
      CUSTOMER.id,
      ...[source, destination].map((address) => JSON.stringify(address)),
      EXTENSION.id,
      JSON.stringify(chainedCallIds),
    );
  expect(migrate(database)).toBe(1);
  const directory = new Directory();
  const left = loadAll(database, directory, seal, 4000);
  expect(directory.firstCustomer()).toEqual(CUSTOMER);
  expect(inClear(directory.extensionByName(CUSTOMER.id, '1001'))).toEqual({ ...EXTENSION, codecs: '', srtp: 'off' });
  expect(left.calls).toEqual([
    {
      ...CALL,
      trunkId: null,
      flowId: null,
      activeflowId: null,
      recordingIds: [],
      recordingId: null,
      muteDirection: '',
      media: null,
    },
  ]);
  expect(shapeOf(database)).toEqual(shapeOf(migrated()));
});

test('what lived when a process ended is found by an index', () => {
  const database = migrated();
  for (const [index, { sql, parameters }] of [
    ['conferencecalls_live', conferencecallsLeftBehind],
    ['recordings_live', recordingsLeftBehind],
    ['activeflows_live', activeflowsLeftBehind],
  ] as const) {
    const plan = database.prepare(`explain query plan ${sql}`).all(...parameters);
    expect(JSON.stringify(plan)).toContain(index);
  }
});

test('a stay in a conference of before is that of a call', () => {
  const database = databaseOf(7);
  database
    .prepare(`insert into conferencecalls (id, customer_id, conference_id, call_id, status, created_at)
      values ('stay', ?, 'room', ?, 'joined', 1000)`)
    .run(CUSTOMER.id, CALL.id);
  expect(migrate(database)).toBe(7);
  const [stay] = loadAll(database, new Directory(), seal, 4000).conferencecalls;
  expect(stay).toMatchObject({ id: 'stay', reference: { type: 'call', id: CALL.id }, terms: MEMBER_TERMS });
});

function migrated(): Sqlite {
  const database = openSqlite(':memory:', { timeoutMs: 0 });
  migrate(database);
  return database;
}
