import type { Insertable, Selectable } from 'kysely';
import type { OutboundConfig } from '../../directory/records.ts';
import type { CustomerId, NumberId, OutboundConfigId } from '../../kernel/ids.ts';
import type { OutboundConfigsTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveOutboundConfig = upsertOf(
  'outbound_configs',
  [
    'id',
    'customer_id',
    'name',
    'detail',
    'destination_whitelist',
    'codecs',
    'default_number_id',
    'calls_max',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function outboundConfigToRow(config: OutboundConfig): Insertable<OutboundConfigsTable> {
  return {
    id: config.id,
    customer_id: config.customerId,
    name: config.name,
    detail: config.detail,
    destination_whitelist: JSON.stringify(config.destinationWhitelist),
    codecs: config.codecs,
    default_number_id: config.defaultNumberId,
    calls_max: config.callsMax,
    created_at: config.createdAt,
    updated_at: config.updatedAt,
    deleted_at: config.deletedAt,
  };
}

export function outboundConfigOfRow(row: Selectable<OutboundConfigsTable>): OutboundConfig {
  return {
    id: row.id as OutboundConfigId,
    customerId: row.customer_id as CustomerId,
    name: row.name,
    detail: row.detail,
    destinationWhitelist: JSON.parse(row.destination_whitelist) as string[],
    codecs: row.codecs,
    defaultNumberId: row.default_number_id as NumberId | null,
    callsMax: row.calls_max,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Configurations that are not deleted. */
export const liveOutboundConfigs = queryOf(
  compiler.selectFrom('outbound_configs').selectAll().where('deleted_at', 'is', null),
);
