import type { FastifyInstance } from 'fastify';
import type { Backend } from '../backend.ts';
import { presentRecording } from '../presentation/calls.ts';
import { RowRoutes } from '../row-routes.ts';

/** `/recordings`: what was recorded, and is being recorded. */
export function recordings(app: FastifyInstance, backend: Backend): void {
  const routes = new RowRoutes(app, backend, {
    kind: 'recording',
    path: '/recordings',
    shape: 'CallManagerRecording',
    present: presentRecording,
  });
  routes.read();
  routes.remove((record) => ({ kind: 'deleteRecording', record }));
}
