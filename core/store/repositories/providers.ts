import type { Insertable, Selectable } from 'kysely';
import { PROVIDER_TERMS, type ProviderTerms } from '../../directory/provider-terms.ts';
import type { Provider } from '../../directory/records.ts';
import type { CustomerId, ProviderId } from '../../kernel/ids.ts';
import type { ProvidersTable } from '../schema.ts';
import type { Seal } from '../seal.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveProvider = upsertOf(
  'providers',
  [
    'id',
    'customer_id',
    'name',
    'detail',
    'hostname',
    'tech_prefix',
    'tech_postfix',
    'tech_headers',
    'codecs',
    'sealed_terms',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

/** The terms hold a password: they are sealed as a whole. */
export function providerToRow(provider: Provider, seal: Seal): Insertable<ProvidersTable> {
  return {
    id: provider.id,
    customer_id: provider.customerId,
    name: provider.name,
    detail: provider.detail,
    hostname: provider.hostname,
    tech_prefix: provider.techPrefix,
    tech_postfix: provider.techPostfix,
    tech_headers: JSON.stringify(provider.techHeaders),
    codecs: provider.codecs,
    sealed_terms: seal.seal(JSON.stringify(provider.terms)),
    created_at: provider.createdAt,
    updated_at: provider.updatedAt,
    deleted_at: provider.deletedAt,
  };
}

/** Terms that an earlier Tandem did not know have their default. */
export function providerOfRow(row: Selectable<ProvidersTable>, seal: Seal): Provider {
  return {
    id: row.id as ProviderId,
    customerId: row.customer_id as CustomerId,
    name: row.name,
    detail: row.detail,
    hostname: row.hostname,
    techPrefix: row.tech_prefix,
    techPostfix: row.tech_postfix,
    techHeaders: JSON.parse(row.tech_headers) as Record<string, string>,
    codecs: row.codecs,
    terms: { ...PROVIDER_TERMS, ...(JSON.parse(seal.open(row.sealed_terms)) as Partial<ProviderTerms>) },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Providers that are not deleted. */
export const liveProviders = queryOf(compiler.selectFrom('providers').selectAll().where('deleted_at', 'is', null));
