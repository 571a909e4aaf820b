import type { Compilable, Kysely } from 'kysely';

/** Trunks of customers that are called as providers are, and the codecs that phones want. */
export function trunksAsGateways({ schema }: Kysely<unknown>): Compilable[] {
  const columns = [
    ...['hostname', 'codecs', 'sealed_terms'].map((name) => ['trunks', name] as const),
    ['extensions', 'codecs'] as const,
  ];
  return columns.map(([table, name]) =>
    schema.alterTable(table).addColumn(name, 'text', (c) => c.notNull().defaultTo('')),
  );
}
