import type { DialRouteFields, Refusal } from '../command.ts';
import { type DialRoute, EVERYBODY } from '../directory/records.ts';
import { type DialRouteId, uuid } from '../kernel/ids.ts';
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
    keysOf: ({ fields }) => [`provider ${fields.providerId}`],
    changeOf({ customerId, fields }, ground) {
      const refusal = check(fields, ground);
      if (refusal !== undefined) return refusal;
      const id = uuid(ground.random) as DialRouteId;
      const row = { ...newRow(customerId, ground.at), ...fields, id };
      return customerId === EVERYBODY ? dialRoutes.createdForAll(row) : dialRoutes.created(row, ground);
    },
  },
  updateDialRoute: {
    keysOf: ({ id, changes }, directory) => [
      dialRoutes.keyOfId(id, directory),
      ...(changes.providerId === undefined ? [] : [`provider ${changes.providerId}`]),
    ],
    changeOf: ({ id, changes }, ground) =>
      dialRoutes.updated(id, ground, (old) => check({ ...old, ...changes }, ground) ?? changes),
  },
  deleteDialRoute: dialRoutes.deletion(),
};

function check({ providerId, target }: DialRouteFields, { directory }: Ground): Refusal | undefined {
  if (!directory.providers.has(providerId)) return notFound('provider', providerId, 'provider_id');
  return TARGET.test(target) ? undefined : invalid('target', 'all, or a calling code such as +49', target);
}
