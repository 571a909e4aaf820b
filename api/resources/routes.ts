import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { CustomerId, GatewayId } from '../../core/kernel/ids.ts';
import type { Backend } from '../backend.ts';
import { presentDialRoute } from '../presentation/providers.ts';
import { RowRoutes } from '../row-routes.ts';
import { given, idFrom, Name, OptionalId, Text } from '../schema.ts';

const Rest = {
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, description: '0 to 1000000' })),
};
const Target = Type.String({ maxLength: 8, description: 'all, or a calling code such as +49' });
const Creation = Type.Object({
  customer_id: OptionalId,
  provider_id: Type.String({ maxLength: 36, description: 'the id of a provider, or of a trunk of the customer' }),
  target: Type.Optional(Target),
  ...Rest,
});
/** What is left out stays as it is. */
const Changes = Type.Object({ provider_id: OptionalId, target: Type.Optional(Target), ...Rest });

/** `/routes`: which provider, or trunk of its own, carries a customer's calls where to. */
export function routes(app: FastifyInstance, backend: Backend): void {
  const rows = new RowRoutes(app, backend, {
    kind: 'route',
    path: '/routes',
    shape: 'RouteManagerRoute',
    present: presentDialRoute,
  });
  rows.read();
  rows.create(Creation, (body, { customerId }) => ({
    kind: 'createDialRoute',
    customerId: idFrom<CustomerId>(body.customer_id) ?? customerId,
    fields: {
      name: body.name ?? '',
      detail: body.detail ?? '',
      providerId: body.provider_id.toLowerCase() as GatewayId,
      priority: body.priority ?? 0,
      target: body.target ?? 'all',
    },
  }));
  rows.act('PUT', '', 'Change one route', Changes, ({ id }, body) => ({
    kind: 'updateDialRoute',
    id,
    changes: given({
      name: body.name,
      detail: body.detail,
      providerId: idFrom<GatewayId>(body.provider_id) ?? undefined,
      priority: body.priority,
      target: body.target,
    }),
  }));
  rows.remove(({ id }) => ({ kind: 'deleteDialRoute', id }));
}
