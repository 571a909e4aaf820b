import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

/** Collects the routes that follow into one OpenAPI 3.1 document. What answers 501 is not in it. */
export function describeApi(app: FastifyInstance): void {
  app.register(swagger, {
    refResolver: { buildLocalReference: (schema) => String(schema['$id']) },
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Tandem', version: '1.0', description: 'Calls and accounts of a Tandem.' },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'The token of a login, or an access key' },
          token: { type: 'apiKey', in: 'query', name: 'token' },
          accesskey: { type: 'apiKey', in: 'query', name: 'accesskey' },
        },
      },
      security: [{ bearer: [] }, { token: [] }, { accesskey: [] }],
    },
  });
}
