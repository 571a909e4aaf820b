import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { FlowId } from '../../core/kernel/ids.ts';
import type { Backend } from '../backend.ts';
import { presentNumber } from '../presentation/accounts.ts';
import { RowRoutes } from '../row-routes.ts';
import { given, idChangeFrom, idFrom, Name, OptionalId, Text } from '../schema.ts';

/** Numbers that no carrier knows begin with this (platform §5.18). */
const VIRTUAL_PREFIX = '+899';

const Creation = Type.Object({
  number: Type.String({ pattern: '^\\+[0-9]{7,15}$', description: '+ and 7 to 15 digits' }),
  type: Type.Optional(Type.Enum(['normal', 'virtual'], { description: 'normal or virtual' })),
  call_flow_id: OptionalId,
  message_flow_id: OptionalId,
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
});

/** What is left out stays as it is. */
const FlowIds = Type.Object({ call_flow_id: OptionalId, message_flow_id: OptionalId });
const Changes = Type.Object({
  call_flow_id: OptionalId,
  message_flow_id: OptionalId,
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
});
const Metadata = Type.Object({ rtp_debug: Type.Optional(Type.Boolean({ description: 'true or false' })) });

/** `/numbers`: what this installation answers, and by which flow. */
export function numbers(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'number',
    path: '/numbers',
    shape: 'NumberManagerNumber',
    present: presentNumber,
  });
  routes.read();
  routes.create(Creation, (body, { customerId }) => ({
    kind: 'createNumber',
    customerId,
    fields: {
      number: body.number,
      type: body.type ?? (body.number.startsWith(VIRTUAL_PREFIX) ? 'virtual' : 'normal'),
      callFlowId: idFrom<FlowId>(body.call_flow_id),
      messageFlowId: idFrom<FlowId>(body.message_flow_id),
      name: body.name ?? '',
      detail: body.detail ?? '',
    },
  }));
  routes.act('PUT', '', 'Change one number', Changes, ({ id }, body) => ({
    kind: 'updateNumber',
    id,
    changes: given({
      callFlowId: idChangeFrom<FlowId>(body.call_flow_id),
      messageFlowId: idChangeFrom<FlowId>(body.message_flow_id),
      name: body.name,
      detail: body.detail,
    }),
  }));
  routes.act('PUT', '/flow_ids', 'Set the flows of one number', FlowIds, ({ id }, body) => ({
    kind: 'updateNumber',
    id,
    changes: given({
      callFlowId: idChangeFrom<FlowId>(body.call_flow_id),
      messageFlowId: idChangeFrom<FlowId>(body.message_flow_id),
    }),
  }));
  routes.act('PUT', '/metadata', 'Set the metadata of one number', Metadata, ({ id }, body) => ({
    kind: 'updateNumber',
    id,
    changes: given({ isRtpDebugged: body.rtp_debug }),
  }));
  routes.remove(({ id }) => ({ kind: 'deleteNumber', id }));
}
