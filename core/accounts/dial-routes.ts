import type { DialRouteFields, Refusal } from '../command.ts';
import { type DialRoute, EVERYBODY } from '../directory/records.ts';
import {
  type CustomerId,
  type DialRouteId,
  type GatewayId,
  type ProviderId,
  type TrunkId,
  uuid,
} from '../kernel/ids.ts';
import { invalid, notFound } from '../refusal.ts';
import { Aggregate, newRow } from './aggregate.ts';
import type { Definitions, Ground } from './change.ts';

const dialRoutes = new Aggregate<DialRoute>({
  what: 'route',
  rowsOf: (directory) => directory.dialRoutes,
  nameOf: (row) => row.id,
  writeOf: (row) => ({ kind: 'saveDialRoute', row }),
  eventOf: (route, happening) => ({ type: `route_${happening}`, route }),
});

/** `all`, or a calling code; its + may be left out. */
const TARGET = /^(all|\+?[1-9][0-9]{0,2})$/;

export const DIAL_ROUTES: Definitions<'createDialRoute' | 'updateDialRoute' | 'deleteDialRoute'> = {
  createDialRoute: {
    keysOf: ({ fields }) => [gatewayKey(fields.providerId)],
    changeOf({ customerId, fields }, ground) {
      const refusal = check(fields, customerId, ground);
      if (refusal !== undefined) return refusal;
      const id = uuid(ground.random) as DialRouteId;
      const row = { ...newRow(customerId, ground.at), ...fields, id };
      return customerId === EVERYBODY ? dialRoutes.createdForAll(row) : dialRoutes.created(row, ground);
    },
  },
  updateDialRoute: {
    keysOf: ({ id, changes }, directory) => [
      dialRoutes.keyOfId(id, directory),
      ...(changes.providerId === undefined ? [] : [gatewayKey(changes.providerId)]),
    ],
    changeOf: ({ id, changes }, ground) =>
      dialRoutes.updated(id, ground, (old) => check({ ...old, ...changes }, old.customerId, ground) ?? changes),
  },
  deleteDialRoute: dialRoutes.deletion(),
};

/** By which a provider or trunk is kept while a route to it is made. */
export function gatewayKey(id: GatewayId): string {
  return `gateway ${id}`;
}

/** One of the routes that lead to it; undefined when none does. */
export function routeTo(id: GatewayId, { directory }: Ground): DialRoute | undefined {
  for (const route of directory.dialRoutes.values()) if (route.providerId === id) return route;
  return undefined;
}

/** Calls of one customer never go out through a trunk of another. */
function check(
  { providerId, target }: DialRouteFields,
  customerId: CustomerId,
  { directory }: Ground,
): Refusal | undefined {
  const trunk = directory.trunks.get(providerId as TrunkId);
  const isOwn = trunk?.customerId === customerId;
  if (isOwn && trunk.hostname === '') {
    return invalid('provider_id', 'a provider, or a trunk of the customer with a hostname', 'a trunk without one');
  }
  if (!isOwn && !directory.providers.has(providerId as ProviderId)) {
    return notFound('provider', providerId, 'provider_id');
  }
  return TARGET.test(target) ? undefined : invalid('target', 'all, or a calling code such as +49', target);
}
