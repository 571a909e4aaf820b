import type { FastifyInstance } from 'fastify';

/** Answers for scripts of any origin, as the reference does: without cookies, so a page can act only with a key it holds. */
const PREFLIGHT = {
  'access-control-allow-methods': 'POST, GET, PUT, DELETE, PATCH, HEAD, OPTIONS',
  'access-control-allow-headers': 'Origin, X-Requested-With, Content-Type, Accept, Authorization',
  'access-control-max-age': '43200',
};

/** Cross-origin requests (Fetch standard, CORS protocol). */
export function openCors(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers.origin === undefined) return;
    reply.header('access-control-allow-origin', '*');
    const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (isPreflight) return reply.headers(PREFLIGHT).code(204).send();
  });
}
