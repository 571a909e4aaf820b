import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { ActiveflowId, FlowId } from '../../core/kernel/ids.ts';
import { refuse, stateInvalid } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { readActions, readVariables, Variables } from '../given-flow.ts';
import { presentActiveflow } from '../presentation/flows.ts';
import { RowRoutes } from '../row-routes.ts';
import { Actions, idFrom, OptionalId, WebMethod, WebUri } from '../schema.ts';

const Creation = Type.Object({
  id: OptionalId,
  flow_id: OptionalId,
  actions: Type.Optional(Actions),
  variables: Type.Optional(Variables),
  webhook_uri: Type.Optional(WebUri),
  webhook_method: Type.Optional(WebMethod),
});
const Nothing = Type.Object({});

/** `/activeflows`: flows that run, and those that have run. */
export function activeflows(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'activeflow',
    path: '/activeflows',
    shape: 'FlowManagerActiveflow',
    present: presentActiveflow,
  });
  routes.read();
  routes.create(Creation, (body, { customerId }) => {
    const flowId = idFrom<FlowId>(body.flow_id);
    if (flowId === null && body.actions === undefined) {
      const message = 'neither flow_id nor actions was given';
      return refuse({
        code: 'INVALID_ARGUMENT',
        message,
        field: 'actions',
        expected: 'flow_id or actions',
        got: 'nothing',
      });
    }
    const flow = readActions(body.actions ?? []);
    if ('refusal' in flow) return flow;
    const values = readVariables(body.variables ?? {});
    if ('refusal' in values) return values;
    return {
      kind: 'createActiveflow',
      customerId,
      id: idFrom<ActiveflowId>(body.id),
      flowId,
      webhookUri: body.webhook_uri ?? '',
      webhookMethod: body.webhook_method ?? '',
      ...flow,
      ...values,
    };
  });
  routes.act('POST', '/stop', 'End one activeflow now', Nothing, ({ id, status }) =>
    status === 'ended'
      ? stateInvalid(`activeflow ${id} has ended already`, 'a running activeflow', status)
      : { kind: 'stopActiveflow', id },
  );
  routes.remove((record) => ({ kind: 'deleteActiveflow', record }));
}
