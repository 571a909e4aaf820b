import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { FlowId } from '../../core/kernel/ids.ts';
import type { Backend } from '../backend.ts';
import { readActions } from '../given-flow.ts';
import { presentFlow } from '../presentation/flows.ts';
import { RowRoutes } from '../row-routes.ts';
import { Actions, given, idChangeFrom, idFrom, Name, OptionalId, Text } from '../schema.ts';

const Creation = Type.Object({
  actions: Actions,
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  type: Type.Optional(
    Type.Enum(['', 'flow', 'conference', 'queue', 'campaign', 'transfer'], {
      description: 'flow, conference, queue, campaign, transfer or ""',
    }),
  ),
  on_complete_flow_id: OptionalId,
});

/** What is left out stays as it is. */
const Changes = Type.Object({
  actions: Type.Optional(Actions),
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  on_complete_flow_id: OptionalId,
});

/** `/flows`: stored templates of actions. */
export function flows(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'flow',
    path: '/flows',
    shape: 'FlowManagerFlow',
    present: presentFlow,
  });
  routes.read();
  routes.create(Creation, (body, { customerId }) => {
    const read = readActions(body.actions);
    if ('refusal' in read) return read;
    const { type = 'flow', name = '', detail = '' } = body;
    const onCompleteFlowId = idFrom<FlowId>(body.on_complete_flow_id);
    return { kind: 'createFlow', customerId, fields: { type, name, detail, onCompleteFlowId, ...read } };
  });
  routes.act('PUT', '', 'Change one flow; what runs already goes on as it was', Changes, ({ id }, body) => {
    const read = body.actions === undefined ? undefined : readActions(body.actions);
    if (read !== undefined && 'refusal' in read) return read;
    const { name, detail } = body;
    const onCompleteFlowId = idChangeFrom<FlowId>(body.on_complete_flow_id);
    return { kind: 'updateFlow', id, changes: given({ name, detail, onCompleteFlowId, actions: read?.actions }) };
  });
  routes.remove(({ id }) => ({ kind: 'deleteFlow', id }));
}
