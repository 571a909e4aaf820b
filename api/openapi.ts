import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

/** Collects the routes that follow into one OpenAPI 3.1 document. What answers 501 is not in it. */
export function describeApi(app: FastifyInstance): void {
  app.register(swagger, {
    refResolver: { buildLocalReference: (schema) => String(schema['$id']) },
    transformObject: (document) =>
      'openapiObject' in document ? finish(document.openapiObject) : document.swaggerObject,
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Tandem', version: '1.0', description: 'Calls, flows and accounts of a Tandem.' },
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

/** An operation as far as it is finished here. */
interface Operation {
  operationId?: string;
  readonly parameters?: readonly { readonly in?: string; readonly name?: string; schema?: object }[];
  readonly requestBody?: {
    required?: boolean;
    readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
  };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** What the routes do not say: a name for each operation, what an id is, and whether a body may be left out. */
function finish<Document extends { readonly paths?: object }>(document: Document): Document {
  for (const [path, item] of Object.entries(document.paths ?? {}) as [string, Record<string, Operation>][]) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation === undefined) continue;
      operation.operationId = nameOf(method, path);
      for (const parameter of operation.parameters ?? []) {
        if (parameter.in === 'path' && parameter.name === 'id') parameter.schema = { type: 'string', format: 'uuid' };
      }
      const schema = operation.requestBody?.content?.['application/json']?.schema;
      if (schema !== undefined && !('required' in schema)) operation.requestBody!.required = false;
    }
  }
  return document;
}

/** `post /v1.0/calls/{id}/hangup` is `postCallsIdHangup`. */
function nameOf(method: string, path: string): string {
  const words = path.replace(/^\/v1\.0/, '').split(/[^A-Za-z0-9]+/);
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
