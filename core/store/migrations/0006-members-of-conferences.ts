import type { Compilable, Kysely } from 'kysely';

/** How calls take part in conferences, and what conferences do besides. */
export function membersOfConferences({ schema }: Kysely<unknown>): Compilable[] {
  const columns = [['conferencecalls', 'terms'] as const, ['conferences', 'settings'] as const];
  return columns.map(([table, name]) =>
    schema.alterTable(table).addColumn(name, 'text', (c) => c.notNull().defaultTo('{}')),
  );
}
