import type { Insertable, Selectable } from 'kysely';
import type { Extension } from '../../directory/records.ts';
import type { CustomerId, ExtensionId } from '../../kernel/ids.ts';
import type { SrtpPolicy } from '../../kernel/srtp-policy.ts';
import type { ExtensionsTable } from '../schema.ts';
import type { Seal } from '../seal.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveExtension = upsertOf(
  'extensions',
  [
    'id',
    'customer_id',
    'extension',
    'name',
    'detail',
    'sealed_password',
    'codecs',
    'srtp',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function extensionToRow(extension: Extension, seal: Seal): Insertable<ExtensionsTable> {
  return {
    id: extension.id,
    customer_id: extension.customerId,
    extension: extension.extension,
    name: extension.name,
    detail: extension.detail,
    sealed_password: seal.sealedFrom(extension.password),
    codecs: extension.codecs,
    srtp: extension.srtp,
    created_at: extension.createdAt,
    updated_at: extension.updatedAt,
    deleted_at: extension.deletedAt,
  };
}

export function extensionOfRow(row: Selectable<ExtensionsTable>, seal: Seal): Extension {
  return {
    id: row.id as ExtensionId,
    customerId: row.customer_id as CustomerId,
    extension: row.extension,
    name: row.name,
    detail: row.detail,
    password: seal.keepSealed(row.sealed_password),
    codecs: row.codecs,
    srtp: row.srtp as SrtpPolicy,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Extensions that are not deleted. */
export const liveExtensions = queryOf(compiler.selectFrom('extensions').selectAll().where('deleted_at', 'is', null));
