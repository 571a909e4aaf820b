import { type Compilable, type CreateTableBuilder, type Kysely, sql } from 'kysely';

/** Trunks, numbers, flows and conferences; records of stays, recordings and executed flows; what calls know of them. */
export function numbersAndFlows(db: Kysely<unknown>): Compilable[] {
  return [...directoryTables(db), ...recordTables(db), ...callColumns(db), ...indexes(db)];
}

function directoryTables({ schema }: Kysely<unknown>): Compilable[] {
  return [
    dated(
      owned(schema.createTable('trunks'))
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('detail', 'text', (c) => c.notNull())
        .addColumn('domain_name', 'text', (c) => c.notNull())
        .addColumn('auth_types', 'text', (c) => c.notNull())
        .addColumn('username', 'text', (c) => c.notNull())
        .addColumn('sealed_password', 'text', (c) => c.notNull())
        .addColumn('allowed_ips', 'text', (c) => c.notNull()),
    ),
    dated(
      owned(schema.createTable('numbers'))
        .addColumn('number', 'text', (c) => c.notNull())
        .addColumn('short_code', 'text', (c) => c.notNull())
        .addColumn('type', 'text', (c) => c.notNull())
        .addColumn('call_flow_id', 'text')
        .addColumn('message_flow_id', 'text')
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('detail', 'text', (c) => c.notNull())
        .addColumn('status', 'text', (c) => c.notNull())
        .addColumn('is_rtp_debugged', 'integer', (c) => c.notNull())
        .addColumn('purchased_at', 'double precision')
        .addColumn('renewed_at', 'double precision'),
    ),
    dated(
      owned(schema.createTable('flows'))
        .addColumn('type', 'text', (c) => c.notNull())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('detail', 'text', (c) => c.notNull())
        .addColumn('actions', 'text', (c) => c.notNull())
        .addColumn('on_complete_flow_id', 'text')
        .addColumn('direct_hash', 'text', (c) => c.notNull()),
    ),
    dated(
      owned(schema.createTable('conferences'))
        .addColumn('type', 'text', (c) => c.notNull())
        .addColumn('status', 'text', (c) => c.notNull())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('detail', 'text', (c) => c.notNull())
        .addColumn('data', 'text', (c) => c.notNull())
        .addColumn('timeout_s', 'integer', (c) => c.notNull())
        .addColumn('pre_flow_id', 'text')
        .addColumn('post_flow_id', 'text')
        .addColumn('direct_hash', 'text', (c) => c.notNull())
        .addColumn('ended_at', 'double precision'),
    ),
  ];
}

function recordTables({ schema }: Kysely<unknown>): Compilable[] {
  return [
    dated(
      owned(schema.createTable('conferencecalls'))
        .addColumn('activeflow_id', 'text')
        .addColumn('conference_id', 'text', (c) => c.notNull())
        .addColumn('call_id', 'text', (c) => c.notNull())
        .addColumn('status', 'text', (c) => c.notNull()),
    ),
    dated(
      owned(schema.createTable('recordings'))
        .addColumn('reference_type', 'text', (c) => c.notNull())
        .addColumn('reference_id', 'text', (c) => c.notNull())
        .addColumn('status', 'text', (c) => c.notNull())
        .addColumn('format', 'text', (c) => c.notNull())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('files', 'text', (c) => c.notNull())
        .addColumn('failure', 'text', (c) => c.notNull())
        .addColumn('activeflow_id', 'text')
        .addColumn('on_end_flow_id', 'text')
        .addColumn('started_at', 'double precision')
        .addColumn('ended_at', 'double precision'),
    ),
    dated(
      owned(schema.createTable('activeflows'))
        .addColumn('flow_id', 'text')
        .addColumn('status', 'text', (c) => c.notNull())
        .addColumn('reference_type', 'text', (c) => c.notNull())
        .addColumn('reference_id', 'text')
        .addColumn('parent_id', 'text')
        .addColumn('on_complete_flow_id', 'text')
        .addColumn('webhook_uri', 'text', (c) => c.notNull())
        .addColumn('webhook_method', 'text', (c) => c.notNull())
        .addColumn('current_action', 'text')
        .addColumn('forward_action_id', 'text')
        .addColumn('executed_actions', 'text', (c) => c.notNull()),
    ),
  ];
}

/** One statement each: SQLite adds one column at a time. Calls of before have none of it. */
function callColumns({ schema }: Kysely<unknown>): Compilable[] {
  const calls = schema.alterTable('calls');
  return [
    ...['trunk_id', 'flow_id', 'activeflow_id', 'recording_id'].map((name) => calls.addColumn(name, 'text')),
    calls.addColumn('recording_ids', 'text', (c) => c.notNull().defaultTo(sql.lit('[]'))),
    calls.addColumn('mute_direction', 'text', (c) => c.notNull().defaultTo(sql.lit(''))),
  ];
}

/** For lists of a customer, the recordings of a conference, removal after a time, and what lived when a process ended. */
function indexes({ schema }: Kysely<unknown>): Compilable[] {
  return [
    ...['conferencecalls', 'recordings', 'activeflows'].map((table) =>
      schema.createIndex(`${table}_by_customer`).on(table).columns(['customer_id', 'created_at']),
    ),
    schema.createIndex('recordings_by_reference').on('recordings').columns(['reference_id', 'created_at']),
    schema.createIndex('recordings_by_end').on('recordings').column('ended_at'),
    live(schema, 'conferencecalls', '<>', 'leaved'),
    live(schema, 'recordings', '<>', 'ended'),
    live(schema, 'activeflows', '=', 'running'),
  ];
}

/** Holds the few rows that live, so that a start does not read all the others. */
function live(schema: Kysely<unknown>['schema'], table: string, operator: '=' | '<>', status: string): Compilable {
  return schema
    .createIndex(`${table}_live`)
    .on(table)
    .column('created_at')
    .where(sql.ref('status'), operator, sql.lit(status));
}

type Columns = CreateTableBuilder<string, never>;

function owned(table: Columns): Columns {
  return table
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('customer_id', 'text', (c) => c.notNull()) as Columns;
}

function dated(table: CreateTableBuilder<string, string>): Compilable {
  return table
    .addColumn('created_at', 'double precision', (c) => c.notNull())
    .addColumn('updated_at', 'double precision')
    .addColumn('deleted_at', 'double precision');
}
