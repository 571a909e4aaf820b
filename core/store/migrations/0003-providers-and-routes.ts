import type { Compilable, CreateTableBuilder, Kysely } from 'kysely';

/** Providers, the routes to them, and what customers may call outside. */
export function providersAndRoutes({ schema }: Kysely<unknown>): Compilable[] {
  return [
    dated(
      owned(schema.createTable('providers'))
        .addColumn('hostname', 'text', (c) => c.notNull())
        .addColumn('tech_prefix', 'text', (c) => c.notNull())
        .addColumn('tech_postfix', 'text', (c) => c.notNull())
        .addColumn('tech_headers', 'text', (c) => c.notNull())
        .addColumn('codecs', 'text', (c) => c.notNull())
        .addColumn('sealed_terms', 'text', (c) => c.notNull()),
    ),
    dated(
      owned(schema.createTable('dial_routes'))
        .addColumn('provider_id', 'text', (c) => c.notNull())
        .addColumn('priority', 'integer', (c) => c.notNull())
        .addColumn('target', 'text', (c) => c.notNull()),
    ),
    dated(
      owned(schema.createTable('outbound_configs'))
        .addColumn('destination_whitelist', 'text', (c) => c.notNull())
        .addColumn('codecs', 'text', (c) => c.notNull())
        .addColumn('default_number_id', 'text')
        .addColumn('calls_max', 'integer', (c) => c.notNull()),
    ),
  ];
}

type Columns = CreateTableBuilder<string, never>;

function owned(table: Columns): Columns {
  return table
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull()) as Columns;
}

function dated(table: CreateTableBuilder<string, string>): Compilable {
  return table
    .addColumn('created_at', 'double precision', (c) => c.notNull())
    .addColumn('updated_at', 'double precision')
    .addColumn('deleted_at', 'double precision');
}
