import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { mayUse } from '../../core/authorization.ts';
import { type Extension, PERMISSION } from '../../core/directory/records.ts';
import type { ExtensionId } from '../../core/kernel/ids.ts';
import { type Answer, answerTo, type CustomerPrincipal, denied, notFound, refuse, send } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { pageOf, readPage } from '../page.ts';
import { presentExtension } from '../presentation/accounts.ts';
import { principalOf } from '../principal.ts';
import { ExtensionName, Name, PageQuery, readId, SipPassword, Text } from '../schema.ts';

const ADMINS = PERMISSION.customerAdmin | PERMISSION.customerManager;
const NEEDS = 'an admin or manager of the customer';

const Creation = Type.Object({
  extension: ExtensionName,
  password: SipPassword,
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
});

/** What is left out stays as it is. */
const Changes = Type.Object({
  name: Type.Optional(Name),
  detail: Type.Optional(Text),
  password: Type.Optional(SipPassword),
});

/** `/extensions`: the accounts that phones register with. */
export function extensions(app: FastifyInstance, backend: Backend): void {
  app.get('/extensions', { schema: { summary: 'List extensions', querystring: PageQuery } }, async (request, reply) =>
    send(reply, await list(backend, principalOf(request), request.query)),
  );
  app.post('/extensions', { schema: { summary: 'Create an extension', body: Creation } }, async (request, reply) =>
    send(reply, await create(backend, principalOf(request), request.body as Static<typeof Creation>)),
  );
  app.get('/extensions/:id', { schema: { summary: 'Read an extension' } }, async (request, reply) => {
    const found = find(backend, principalOf(request), request.params);
    return send(reply, 'extension' in found ? presented(found.extension, principalOf(request)) : found);
  });
  app.put('/extensions/:id', { schema: { summary: 'Change an extension', body: Changes } }, async (request, reply) =>
    send(reply, await update(backend, principalOf(request), request.params, request.body as Static<typeof Changes>)),
  );
  app.delete('/extensions/:id', { schema: { summary: 'Delete an extension' } }, async (request, reply) =>
    send(reply, await remove(backend, principalOf(request), request.params)),
  );
}

async function list(backend: Backend, by: CustomerPrincipal, query: unknown): Promise<Answer> {
  if (!mayUse(by, by.customerId, ADMINS)) return denied(NEEDS);
  const page = readPage(query);
  if ('code' in page) return refuse(page);
  const before = page.before ?? Number.MAX_SAFE_INTEGER;
  const { rows: shown, nextPageToken } = await pageOf(page, (count) =>
    backend.directory.extensionsBefore(by.customerId, before, count),
  );
  return { body: { result: shown.map((row) => presentExtension(row, by)), next_page_token: nextPageToken } };
}

async function create(backend: Backend, by: CustomerPrincipal, body: Static<typeof Creation>): Promise<Answer> {
  const { extension, password, name = '', detail = '' } = body;
  const result = await backend.execute(
    { kind: 'createExtension', customerId: by.customerId, extension, password, name, detail },
    by,
  );
  return answerTo(result, (id) => current(backend, id, by));
}

async function update(
  backend: Backend,
  by: CustomerPrincipal,
  parameters: unknown,
  changes: Static<typeof Changes>,
): Promise<Answer> {
  const found = find(backend, by, parameters);
  if (!('extension' in found)) return found;
  const { name, detail, password } = changes;
  const given = {
    ...(name === undefined ? {} : { name }),
    ...(detail === undefined ? {} : { detail }),
    ...(password === undefined ? {} : { password }),
  };
  const result = await backend.execute({ kind: 'updateExtension', id: found.extension.id, changes: given }, by);
  return answerTo(result, (id) => current(backend, id, by));
}

async function remove(backend: Backend, by: CustomerPrincipal, parameters: unknown): Promise<Answer> {
  const found = find(backend, by, parameters);
  if (!('extension' in found)) return found;
  const { extension } = found;
  const deletedAt = backend.clock.wallTime();
  const result = await backend.execute({ kind: 'deleteExtension', id: extension.id }, by);
  return answerTo(result, () => presented({ ...extension, updatedAt: deletedAt, deletedAt }, by));
}

/** An extension that the principal may work with; another customer's is not found. */
function find(
  backend: Backend,
  by: CustomerPrincipal,
  parameters: unknown,
): { readonly extension: Extension } | Answer {
  const read = readId(parameters);
  if ('refusal' in read) return read;
  const extension = backend.directory.extensions.get(read.id as ExtensionId);
  if (
    extension === undefined ||
    !(extension.customerId === by.customerId || mayUse(by, extension.customerId, ADMINS))
  ) {
    return notFound('extension', read.id);
  }
  return mayUse(by, extension.customerId, ADMINS) ? { extension } : denied(NEEDS);
}

/** The extension as the directory holds it now that the command is applied. */
function current(backend: Backend, id: string, by: CustomerPrincipal): Answer {
  const extension = backend.directory.extensions.get(id as ExtensionId);
  return extension === undefined ? notFound('extension', id) : presented(extension, by);
}

function presented(extension: Extension, by: CustomerPrincipal): Answer {
  return { body: presentExtension(extension, by) };
}
