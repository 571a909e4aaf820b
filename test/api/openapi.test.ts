import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { REFERENCE_OPERATIONS } from '../../api/reference-operations.ts';
import { simulate } from './simulated-backend.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags?: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Record<string, { schema: object }> };
  readonly responses: Record<string, { description: string }>;
}

async function read(): Promise<{
  // biome-ignore lint/suspicious/noExplicitAny: a document of any shape
  document: any;
  operations: { path: string; method: string; operation: Operation }[];
}> {
  const { server } = await simulate();
  const document = (await server.inject('/openapi.json')).json();
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({ path, method, operation })),
  );
  return { document, operations };
}

test('each operation has a name of its own, one line of what it does, and every answer has a sentence', async () => {
  const { document, operations } = await read();
  expect([document.openapi, document.info.title]).toEqual(['3.1.0', 'Tandem']);
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  for (const { operation } of operations) {
    expect(operation.summary).not.toBe('');
    for (const response of Object.values(operation.responses)) expect(response.description).not.toBe('');
  }
});

test('the parameters of each path are described, and nothing refers to what is not there', async () => {
  const { document, operations } = await read();
  for (const { path, operation } of operations) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const described = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(described.map((parameter) => parameter.name)).toEqual(named);
  }
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
  expect(references.length).toBeGreaterThan(50);
  for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name!);
  expect(JSON.stringify(document).match(/"\$ref":"(?!#\/components\/schemas\/)/g)).toBeNull();
});

test('every schema is one of JSON Schema 2020-12', async () => {
  const { document, operations } = await read();
  const ajv = new Ajv.default({ strict: true, keywords: ['x-reason'], allowUnionTypes: true, strictTypes: false });
  addFormats.default(ajv);
  ajv.addFormat('binary', true);
  for (const schema of Object.values(document.components.schemas))
    expect(ajv.validateSchema(schema as object)).toBe(true);
  for (const { operation } of operations) {
    const schema = operation.requestBody?.content['application/json']?.schema;
    if (schema !== undefined) expect(() => ajv.compile(schema)).not.toThrow();
  }
});

test('all but what is open to anybody asks for a credential', async () => {
  const { document, operations } = await read();
  expect(document.security).toEqual([{ bearer: [] }, { token: [] }, { accesskey: [] }]);
  const open = operations.filter(({ operation }) => operation.security?.length === 0).map(({ path }) => path);
  expect(open.sort()).toEqual(['/auth/login', '/ping', '/v1.0/recordingfiles/{id}/download']);
});

test('a body may be left out when nothing in it is required', async () => {
  const { operations } = await read();
  for (const { operation } of operations) {
    const schema = operation.requestBody?.content['application/json']?.schema;
    if (schema !== undefined) expect(operation.requestBody?.required).toBe('required' in schema);
  }
});

test('what is described is not answered by 501, and of the reference what is not described is', async () => {
  const { server } = await simulate();
  const { document } = await read();
  const headers = { authorization: 'Bearer vb_first' };
  const websockets = new Set(['/ws', '/service_agents/ws']);
  for (const [path, methods] of Object.entries(REFERENCE_OPERATIONS)) {
    if (websockets.has(path)) continue;
    for (const method of methods.split(' ')) {
      const url = `/v1.0${path.replaceAll(/\{[^}]+\}/g, '11111111-2222-4333-8444-555555555555')}`;
      const isDescribed = document.paths[`/v1.0${path}`]?.[method.toLowerCase()] !== undefined;
      const { statusCode } = await server.inject({ method: method as 'GET', url, headers });
      expect([method, path, statusCode === 501]).toEqual([method, path, !isDescribed]);
    }
  }
});
