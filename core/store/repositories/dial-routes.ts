import type { Insertable, Selectable } from 'kysely';
import type { DialRoute } from '../../directory/records.ts';
import type { CustomerId, DialRouteId, ProviderId } from '../../kernel/ids.ts';
import type { DialRoutesTable } from '../schema.ts';
import { compiler, queryOf, upsertOf } from '../statement.ts';

export const saveDialRoute = upsertOf(
  'dial_routes',
  [
    'id',
    'customer_id',
    'name',
    'detail',
    'provider_id',
    'priority',
    'target',
    'created_at',
    'updated_at',
    'deleted_at',
  ],
  ['id'],
);

export function dialRouteToRow(route: DialRoute): Insertable<DialRoutesTable> {
  return {
    id: route.id,
    customer_id: route.customerId,
    name: route.name,
    detail: route.detail,
    provider_id: route.providerId,
    priority: route.priority,
    target: route.target,
    created_at: route.createdAt,
    updated_at: route.updatedAt,
    deleted_at: route.deletedAt,
  };
}

export function dialRouteOfRow(row: Selectable<DialRoutesTable>): DialRoute {
  return {
    id: row.id as DialRouteId,
    customerId: row.customer_id as CustomerId,
    name: row.name,
    detail: row.detail,
    providerId: row.provider_id as ProviderId,
    priority: row.priority,
    target: row.target,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
  };
}

/** Routes that are not deleted. */
export const liveDialRoutes = queryOf(compiler.selectFrom('dial_routes').selectAll().where('deleted_at', 'is', null));
