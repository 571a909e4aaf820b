import type { Insertable, Selectable } from 'kysely';
import { type ProviderTerms, TRUNK_TERMS } from '../../directory/provider-terms.ts';
import type { Trunk } from '../../directory/records.ts';
import type { CustomerId, TrunkId } from '../../kernel/ids.ts';
import type { TrunksTable } from '../schema.ts';
import type { Seal } from '../seal.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveTrunk = upsertOf(
  'trunks',
  [
    'id',
    'customer_id',
    'name',
    'detail',
    'domain_name',
    'auth_types',
    'username',
    'sealed_password',
    'allowed_ips',
    'hostname',
    'codecs',
    'sealed_terms',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function trunkToRow(trunk: Trunk, seal: Seal): Insertable<TrunksTable> {
  return {
    id: trunk.id,
    customer_id: trunk.customerId,
    name: trunk.name,
    detail: trunk.detail,
    domain_name: trunk.domainName,
    auth_types: JSON.stringify(trunk.authTypes),
    username: trunk.username,
    sealed_password: seal.sealedFrom(trunk.password),
    allowed_ips: JSON.stringify(trunk.allowedIps),
    hostname: trunk.hostname,
    codecs: trunk.codecs,
    sealed_terms: trunk.terms === TRUNK_TERMS ? '' : seal.seal(JSON.stringify(trunk.terms)),
    created_at: trunk.createdAt,
    updated_at: trunk.updatedAt,
    deleted_at: trunk.deletedAt,
  };
}

export function trunkOfRow(row: Selectable<TrunksTable>, seal: Seal): Trunk {
  return {
    id: row.id as TrunkId,
    customerId: row.customer_id as CustomerId,
    name: row.name,
    detail: row.detail,
    domainName: row.domain_name,
    authTypes: JSON.parse(row.auth_types) as Trunk['authTypes'],
    username: row.username,
    password: seal.keepSealed(row.sealed_password),
    allowedIps: JSON.parse(row.allowed_ips) as string[],
    hostname: row.hostname,
    codecs: row.codecs,
    terms: termsOf(row.sealed_terms, seal),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Terms that an earlier Tandem did not know have their default. */
function termsOf(sealed: string, seal: Seal): ProviderTerms {
  if (sealed === '') return TRUNK_TERMS;
  return { ...TRUNK_TERMS, ...(JSON.parse(seal.open(sealed)) as Partial<ProviderTerms>) };
}

/** Trunks that are not deleted. */
export const liveTrunks = queryOf(compiler.selectFrom('trunks').selectAll().where('deleted_at', 'is', null));
