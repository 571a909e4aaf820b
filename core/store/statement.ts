import {
  type Compilable,
  DummyDriver,
  type Insertable,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { assert } from '../kernel/assert.ts';
import type { Schema } from './schema.ts';

export type SqlValue = string | number | null;

/** SQL and its parameters, ready for any thread to execute. `Row` is what a read gives, known to the compiler alone. */
export interface Query<Row = unknown> {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  readonly row?: Row;
}

/** Compiles and never executes: there is no connection behind it, so nothing can be awaited. */
export const compiler = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

/** A query that is compiled each time; for reads, which are rare. */
export function queryOf<Row>(compilable: Compilable<Row>): Query<Row> {
  const { sql, parameters } = compilable.compile();
  return { sql, parameters: parameters as readonly SqlValue[] };
}

/** A statement compiled once, and the way from a row to its parameters. */
export interface Statement<Row> {
  readonly sql: string;
  bind(row: Row): SqlValue[];
}

type Table = Exclude<keyof Schema, 'migrations'>;

/**
 * Inserts the whole row, or replaces the one with the same key. Compiled with the names of the columns in the place
 * of values, so that the compiled parameters tell which column belongs where.
 */
export function upsertOf<T extends Table>(
  table: T,
  columns: readonly (keyof Schema[T] & string)[],
  key: readonly (keyof Schema[T] & string)[],
): Statement<Insertable<Schema[T]>> {
  const names = Object.fromEntries(columns.map((column) => [column, column]));
  // The generic table would make every builder type a union over all tables; the signature above is the check.
  const insert = compiler.insertInto(table).values(names as never);
  const rest = columns.filter((column) => !key.includes(column));
  const compiled = insert
    .onConflict((conflict) =>
      conflict
        .columns(key as never)
        .doUpdateSet(
          (row) => Object.fromEntries(rest.map((column) => [column, row.ref(`excluded.${column}` as never)])) as never,
        ),
    )
    .compile();
  return statementOf(compiled.sql, compiled.parameters as string[]);
}

/** Removes the row with this key. */
export function deletionOf<T extends Table, K extends keyof Schema[T] & string>(
  table: T,
  key: readonly K[],
): Statement<Pick<Insertable<Schema[T]>, K & keyof Insertable<Schema[T]>>> {
  let deletion = compiler.deleteFrom(table) as unknown as {
    where(c: string, o: '=', v: string): typeof deletion;
  } & Compilable;
  for (const column of key) deletion = deletion.where(column, '=', column);
  const compiled = deletion.compile();
  return statementOf(compiled.sql, compiled.parameters as string[]);
}

/** A statement whose parameters, as compiled, are the names of the columns that take their place. */
export function statementOf<Row extends object>(sql: string, columns: readonly string[]): Statement<Row> {
  assert(columns.length > 0, `${sql} has parameters`);
  return {
    sql,
    bind: (row) => {
      const parameters: SqlValue[] = new Array(columns.length);
      for (let i = 0; i < columns.length; i++) parameters[i] = (row as Record<string, SqlValue>)[columns[i]!]!;
      return parameters;
    },
  };
}
