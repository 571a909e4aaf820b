import type { Insertable, Selectable } from 'kysely';
import type { Accesskey } from '../../directory/records.ts';
import type { AccesskeyId, CustomerId } from '../../kernel/ids.ts';
import type { AccesskeysTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveAccesskey = upsertOf(
  'accesskeys',
  [
    'id',
    'customer_id',
    'name',
    'detail',
    'token_hash',
    'token_prefix',
    'expires_at',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function accesskeyToRow(key: Accesskey): Insertable<AccesskeysTable> {
  return {
    id: key.id,
    customer_id: key.customerId,
    name: key.name,
    detail: key.detail,
    token_hash: key.tokenHash,
    token_prefix: key.tokenPrefix,
    expires_at: key.expiresAt,
    created_at: key.createdAt,
    updated_at: key.updatedAt,
    deleted_at: key.deletedAt,
  };
}

export function accesskeyOfRow(row: Selectable<AccesskeysTable>): Accesskey {
  return {
    id: row.id as AccesskeyId,
    customerId: row.customer_id as CustomerId,
    name: row.name,
    detail: row.detail,
    tokenHash: row.token_hash,
    tokenPrefix: row.token_prefix,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Access keys that are not deleted; expired ones among them. */
export const liveAccesskeys = queryOf(compiler.selectFrom('accesskeys').selectAll().where('deleted_at', 'is', null));
