import type { Compilable, Kysely } from 'kysely';
import { Fault } from '../kernel/fault.ts';
import { accountsAndCalls } from './migrations/0001-accounts-and-calls.ts';
import { numbersAndFlows } from './migrations/0002-numbers-and-flows.ts';
import { providersAndRoutes } from './migrations/0003-providers-and-routes.ts';
import { trunksAsGateways } from './migrations/0004-trunks-as-gateways.ts';
import { mediaOfCalls } from './migrations/0005-media-of-calls.ts';
import { membersOfConferences } from './migrations/0006-members-of-conferences.ts';
import { srtpOfExtensions } from './migrations/0007-srtp-of-extensions.ts';
import { programsInConferences } from './migrations/0008-programs-in-conferences.ts';
import type { Sqlite } from './native.ts';
import { compiler, queryOf } from './statement.ts';

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: (db: Kysely<unknown>) => Compilable[];
}

/** Forward only. A migration that was released is never changed: another one follows it. */
export const MIGRATIONS: readonly Migration[] = [
  { number: 1, name: 'accounts-and-calls', statements: accountsAndCalls },
  { number: 2, name: 'numbers-and-flows', statements: numbersAndFlows },
  { number: 3, name: 'providers-and-routes', statements: providersAndRoutes },
  { number: 4, name: 'trunks-as-gateways', statements: trunksAsGateways },
  { number: 5, name: 'media-of-calls', statements: mediaOfCalls },
  { number: 6, name: 'members-of-conferences', statements: membersOfConferences },
  { number: 7, name: 'srtp-of-extensions', statements: srtpOfExtensions },
  { number: 8, name: 'programs-in-conferences', statements: programsInConferences },
];

/** Number of the schema that this Tandem reads and writes. */
export const SCHEMA_NUMBER = MIGRATIONS.at(-1)!.number;

/**
 * Brings the database to the schema of this Tandem in one transaction, and returns the number that it had.
 * Throws `Fault` DATABASE_NEWER, with expected and got, when a later Tandem wrote it.
 */
export function migrate(database: Sqlite): number {
  database.exec('create table if not exists migrations (number integer primary key, name text not null)');
  const before = schemaNumber(database);
  if (before > SCHEMA_NUMBER) {
    throw new Fault('DATABASE_NEWER', `the database has schema ${before}, this Tandem knows ${SCHEMA_NUMBER}`, {
      expected: SCHEMA_NUMBER,
      got: before,
    });
  }
  if (before < SCHEMA_NUMBER) {
    database
      .transaction(() => {
        for (const migration of MIGRATIONS) if (migration.number > before) apply(database, migration);
      })
      .immediate();
  }
  return before;
}

function schemaNumber(database: Sqlite): number {
  const last = queryOf(compiler.selectFrom('migrations').select((eb) => eb.fn.max('number').as('number')));
  const row = database.prepare(last.sql).get() as { number: number | null };
  return row.number ?? 0;
}

function apply(database: Sqlite, { number, name, statements }: Migration): void {
  for (const statement of statements(compiler as Kysely<unknown>)) database.exec(statement.compile().sql);
  const entry = queryOf(compiler.insertInto('migrations').values({ number, name }));
  database.prepare(entry.sql).run(...entry.parameters);
}
