import type { Compilable, Kysely } from 'kysely';

/** Not only calls are in conferences. */
export function programsInConferences({ schema }: Kysely<unknown>): Compilable[] {
  const table = 'conferencecalls';
  return [
    schema.alterTable(table).renameColumn('call_id', 'reference_id'),
    schema.alterTable(table).addColumn('reference_type', 'text', (c) => c.notNull().defaultTo('call')),
  ];
}
