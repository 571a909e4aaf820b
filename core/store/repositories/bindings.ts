import { type Insertable, type Selectable, sql } from 'kysely';
import type { Binding } from '../../directory/records.ts';
import type { CustomerId, ExtensionId } from '../../kernel/ids.ts';
import type { WallTime } from '../../kernel/time.ts';
import type { BindingsTable } from '../schema.ts';
import { compiler, deletionOf, type Query, queryOf, statementOf, upsertOf } from '../statement.ts';

export const saveBinding = upsertOf(
  'bindings',
  [
    'extension_id',
    'contact',
    'customer_id',
    'path',
    'transport',
    'address',
    'port',
    'local_port',
    'sip_call_id',
    'cseq',
    'instance',
    'reg_id',
    'q',
    'user_agent',
    'registered_at',
    'expires_at',
  ],
  ['extension_id', 'contact'],
);

/** A phone that came back with another contact replaces its own binding (RFC 5626 §6), as in the directory. */
export const replaceInstance = statementOf<Insertable<BindingsTable>>(
  queryOf(
    compiler
      .deleteFrom('bindings')
      .where('extension_id', '=', '')
      .where('instance', '=', '')
      .where('instance', '<>', sql.lit(''))
      .where('reg_id', '=', 0)
      .where('contact', '<>', ''),
  ).sql,
  ['extension_id', 'instance', 'reg_id', 'contact'],
);

export const dropBinding = deletionOf('bindings', ['extension_id', 'contact']);

export function bindingToRow(binding: Binding): Insertable<BindingsTable> {
  const { contact, transport, address, port, cseq, instance, q } = binding;
  return {
    contact,
    transport,
    address,
    port,
    cseq,
    instance,
    q,
    extension_id: binding.extensionId,
    customer_id: binding.customerId,
    path: JSON.stringify(binding.path),
    local_port: binding.localPort,
    sip_call_id: binding.sipCallId,
    reg_id: binding.regId,
    user_agent: binding.userAgent,
    registered_at: binding.registeredAt,
    expires_at: binding.expiresAt,
  };
}

const NO_PATH: readonly string[] = [];

export function bindingOfRow(row: Selectable<BindingsTable>): Binding {
  return {
    customerId: row.customer_id as CustomerId,
    extensionId: row.extension_id as ExtensionId,
    contact: row.contact,
    path: row.path === '[]' ? NO_PATH : (JSON.parse(row.path) as string[]),
    transport: row.transport as Binding['transport'],
    address: row.address,
    port: row.port,
    localPort: row.local_port,
    sipCallId: row.sip_call_id,
    cseq: row.cseq,
    instance: row.instance,
    regId: row.reg_id,
    q: row.q,
    userAgent: row.user_agent,
    registeredAt: row.registered_at,
    expiresAt: row.expires_at,
  };
}

/** Bindings that have not expired, in no order: sorting a million rows takes longer than reading them. */
export function liveBindings(at: WallTime): Query<Selectable<BindingsTable>> {
  return queryOf(compiler.selectFrom('bindings').selectAll().where('expires_at', '>', at));
}

export function removeExpiredBindings(at: WallTime): Query {
  return queryOf(compiler.deleteFrom('bindings').where('expires_at', '<=', at));
}
