import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { stateInvalid } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { presentConferencecall } from '../presentation/calls.ts';
import { RowRoutes } from '../row-routes.ts';

const Nothing = Type.Object({});

/** `/conferencecalls`: who is in a conference, and who was. */
export function conferencecalls(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'conferencecall',
    path: '/conferencecalls',
    shape: 'ConferenceManagerConferencecall',
    present: presentConferencecall,
  });
  routes.read();
  routes.act('DELETE', '', 'Put one call out of its conference', Nothing, ({ id, status }) =>
    status === 'leaved'
      ? stateInvalid(`conferencecall ${id} has left already`, 'a conferencecall that is in', status)
      : { kind: 'kickConferencecall', id },
  );
}
