import { type Compilable, type Kysely, sql } from 'kysely';

/** Customers and their agents, access keys, extensions and bindings; calls with their dialogs; facts. */
export function accountsAndCalls(db: Kysely<unknown>): Compilable[] {
  const { schema } = db;
  return [
    schema
      .createTable('customers')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('detail', 'text', (c) => c.notNull())
      .addColumn('email', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('ordinal', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'double precision', (c) => c.notNull())
      .addColumn('updated_at', 'double precision')
      .addColumn('deleted_at', 'double precision'),
    schema
      .createTable('agents')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('customer_id', 'text', (c) => c.notNull())
      .addColumn('username', 'text', (c) => c.notNull())
      .addColumn('password_hash', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('detail', 'text', (c) => c.notNull())
      .addColumn('permission', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'double precision', (c) => c.notNull())
      .addColumn('updated_at', 'double precision')
      .addColumn('deleted_at', 'double precision'),
    schema
      .createTable('accesskeys')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('customer_id', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('detail', 'text', (c) => c.notNull())
      .addColumn('token_hash', 'text', (c) => c.notNull())
      .addColumn('token_prefix', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'double precision')
      .addColumn('created_at', 'double precision', (c) => c.notNull())
      .addColumn('updated_at', 'double precision')
      .addColumn('deleted_at', 'double precision'),
    schema
      .createTable('extensions')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('customer_id', 'text', (c) => c.notNull())
      .addColumn('extension', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('detail', 'text', (c) => c.notNull())
      .addColumn('sealed_password', 'text', (c) => c.notNull())
      .addColumn('created_at', 'double precision', (c) => c.notNull())
      .addColumn('updated_at', 'double precision')
      .addColumn('deleted_at', 'double precision'),
    ...liveTables(db),
    ...indexes(db),
  ];
}

function liveTables({ schema }: Kysely<unknown>): Compilable[] {
  return [
    schema
      .createTable('bindings')
      .addColumn('extension_id', 'text', (c) => c.notNull())
      .addColumn('contact', 'text', (c) => c.notNull())
      .addColumn('customer_id', 'text', (c) => c.notNull())
      .addColumn('path', 'text', (c) => c.notNull())
      .addColumn('transport', 'text', (c) => c.notNull())
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('port', 'integer', (c) => c.notNull())
      .addColumn('local_port', 'integer', (c) => c.notNull())
      .addColumn('sip_call_id', 'text', (c) => c.notNull())
      .addColumn('cseq', 'double precision', (c) => c.notNull())
      .addColumn('instance', 'text', (c) => c.notNull())
      .addColumn('reg_id', 'double precision', (c) => c.notNull())
      .addColumn('q', 'integer', (c) => c.notNull())
      .addColumn('user_agent', 'text', (c) => c.notNull())
      .addColumn('registered_at', 'double precision', (c) => c.notNull())
      .addColumn('expires_at', 'double precision', (c) => c.notNull())
      .addPrimaryKeyConstraint('bindings_key', ['extension_id', 'contact'] as never[]),
    schema
      .createTable('calls')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('customer_id', 'text', (c) => c.notNull())
      .addColumn('direction', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('source', 'text', (c) => c.notNull())
      .addColumn('destination', 'text', (c) => c.notNull())
      .addColumn('extension_id', 'text')
      .addColumn('master_call_id', 'text')
      .addColumn('chained_call_ids', 'text', (c) => c.notNull())
      .addColumn('groupcall_id', 'text')
      .addColumn('hangup_by', 'text', (c) => c.notNull())
      .addColumn('hangup_reason', 'text', (c) => c.notNull())
      .addColumn('cause', 'text')
      .addColumn('created_at', 'double precision', (c) => c.notNull())
      .addColumn('ringing_at', 'double precision')
      .addColumn('progressing_at', 'double precision')
      .addColumn('hangup_at', 'double precision')
      .addColumn('updated_at', 'double precision')
      .addColumn('deleted_at', 'double precision'),
    schema
      .createTable('dialogs')
      .addColumn('call_id', 'text', (c) => c.primaryKey())
      .addColumn('customer_id', 'text', (c) => c.notNull())
      .addColumn('dialog', 'text', (c) => c.notNull()),
    schema
      .createTable('facts')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('sealed_value', 'text', (c) => c.notNull()),
  ];
}

/** For the list of a customer's calls, their removal after a time, and those that were live when a process ended. */
function indexes({ schema }: Kysely<unknown>): Compilable[] {
  return [
    schema.createIndex('calls_by_customer').on('calls').columns(['customer_id', 'created_at']),
    schema.createIndex('calls_by_end').on('calls').column('hangup_at'),
    schema
      .createIndex('bindings_by_instance')
      .on('bindings')
      .columns(['extension_id', 'instance', 'reg_id'])
      .where(sql.ref('instance'), '<>', sql.lit('')),
  ];
}
