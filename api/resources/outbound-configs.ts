import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { mayUse } from '../../core/authorization.ts';
import type { Command, OutboundConfigFields } from '../../core/command.ts';
import { type OutboundConfig, PERMISSION } from '../../core/directory/records.ts';
import type { CustomerId, NumberId, OutboundConfigId } from '../../core/kernel/ids.ts';
import { NIL_UUID } from '../../core/kernel/ids.ts';
import { type Answer, type CustomerPrincipal, denied, refuse, send } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { operation } from '../operation.ts';
import { presentOutboundConfig } from '../presentation/providers.ts';
import { principalOf } from '../principal.ts';
import { RowRoutes } from '../row-routes.ts';
import { given, idChangeFrom, Name, OptionalId, Text } from '../schema.ts';

/** What is left out stays as it is. */
const Changes = Type.Object({
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  destination_whitelist: Type.Optional(
    Type.Union(
      [Type.Null(), Type.Array(Type.String({ maxLength: 8, description: 'a country such as us' }), { maxItems: 300 })],
      {
        description: 'an array of countries such as us, or null',
      },
    ),
  ),
  codecs: Type.Optional(
    Type.Union([Type.Null(), Type.String({ maxLength: 255 })], {
      description: 'names of codecs with commas between, or null',
    }),
  ),
  default_outgoing_source_number_id: OptionalId,
  calls_max: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000, description: '0 to 100000' })),
});

/** `/outbound_config`: the customer's own; `/outbound_configs`: everybody's, for project super admins. */
export function outboundConfigs(app: FastifyInstance, backend: Backend): void {
  own(app, backend);
  const rows = new RowRoutes(app, backend, {
    kind: 'outbound_config',
    path: '/outbound_configs',
    shape: 'CallManagerOutboundConfig',
    present: presentOutboundConfig,
  });
  rows.read();
  rows.create(Changes, (body, { customerId }) => creation(backend, customerId, body));
  rows.act('PUT', '', 'Change one outbound config', Changes, ({ id }, body) => change(id, body));
  rows.remove(({ id }) => ({ kind: 'deleteOutboundConfig', id }));
}

function own(app: FastifyInstance, backend: Backend): void {
  const shown = { answer: 'CallManagerOutboundConfig' } as const;
  const read = operation('outbound_config', 'What the customer may call outside', shown);
  app.get('/outbound_config', read, async (request, reply) => {
    const by = principalOf(request);
    return send(reply, mayUse(by, by.customerId, PERMISSION.customerAdmin) ? current(backend, by) : denied(NEEDS));
  });
  const write = operation('outbound_config', 'Change what the customer may call outside', { ...shown, body: Changes });
  app.put('/outbound_config', write, async (request, reply) => {
    const by = principalOf(request);
    if (!mayUse(by, by.customerId, PERMISSION.customerAdmin)) return send(reply, denied(NEEDS));
    const body = request.body as Static<typeof Changes>;
    const known = backend.directory.outboundConfigOf(by.customerId);
    const result = await backend.execute(
      known === undefined ? creation(backend, by.customerId, body) : change(known.id, body),
      by,
    );
    return send(reply, result.kind === 'refused' ? refuse(result.refusal) : current(backend, by));
  });
}

const NEEDS = 'an admin of the customer';

/** As it is, or as it is taken to be while nobody has said anything. */
function current({ directory }: Backend, { customerId }: CustomerPrincipal): Answer {
  const known = directory.outboundConfigOf(customerId);
  if (known !== undefined) return { body: presentOutboundConfig(known) };
  const createdAt = directory.customers.get(customerId)?.createdAt ?? 0;
  const times = { createdAt, updatedAt: null, deletedAt: null };
  const unsaid: OutboundConfig = {
    ...times,
    ...defaults({ directory }, customerId),
    id: NIL_UUID as OutboundConfigId,
    customerId,
  };
  return { body: presentOutboundConfig(unsaid) };
}

function defaults({ directory }: Pick<Backend, 'directory'>, customerId: CustomerId): OutboundConfigFields {
  return {
    name: '',
    detail: '',
    destinationWhitelist: directory.destinationsOf(customerId),
    codecs: '',
    defaultNumberId: null,
    callsMax: 0,
  };
}

function changesIn(body: Static<typeof Changes>): Partial<OutboundConfigFields> {
  return given({
    name: body.name,
    detail: body.detail,
    destinationWhitelist: body.destination_whitelist ?? undefined,
    codecs: body.codecs ?? undefined,
    defaultNumberId: idChangeFrom<NumberId>(body.default_outgoing_source_number_id),
    callsMax: body.calls_max,
  });
}

function creation(backend: Backend, customerId: CustomerId, body: Static<typeof Changes>): Command {
  const fields = { ...defaults(backend, customerId), ...changesIn(body) };
  return { kind: 'createOutboundConfig', customerId, fields };
}

function change(id: OutboundConfigId, body: Static<typeof Changes>): Command {
  return { kind: 'updateOutboundConfig', id, changes: changesIn(body) };
}
