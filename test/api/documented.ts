import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance } from 'fastify';

/** Judges answers by what `/openapi.json` says of them: '' when they are as described, else what is wrong. */
export type Judge = (method: string, path: string, body: unknown) => string;

export async function documented(server: FastifyInstance): Promise<Judge> {
  const document = (await server.inject('/openapi.json')).json();
  const ajv = new Ajv.default({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(closed(document) as object, 'api');
  return (method, path, body) => {
    const place = ['paths', path, method.toLowerCase(), 'responses', '200', 'content', 'application/json', 'schema'];
    const pointer = place.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1')).map(encodeURIComponent);
    const validate = ajv.getSchema(`api#/${pointer.join('/')}`);
    if (validate === undefined) return `${method} ${path} is not described`;
    return validate(body) ? '' : ajv.errorsText(validate.errors);
  };
}

/** The same document with every object closed, so that a field too many is found as well. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  return copy['type'] === 'object' && 'properties' in copy ? { ...copy, additionalProperties: false } : copy;
}
