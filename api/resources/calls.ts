import type { FastifyInstance } from 'fastify';
import { mayUse } from '../../core/authorization.ts';
import type { CallRecord } from '../../core/calls/call-record.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import type { CallId } from '../../core/kernel/ids.ts';
import { type Answer, answerTo, type CustomerPrincipal, denied, notFound, refuse, send } from '../answer.ts';
import type { Backend } from '../backend.ts';
import { pageOf, readPage } from '../page.ts';
import { presentCall } from '../presentation/calls.ts';
import { principalOf } from '../principal.ts';
import { PageQuery, readId } from '../schema.ts';

const ADMINS = PERMISSION.customerAdmin | PERMISSION.customerManager;
const NEEDS = 'an admin or manager of the customer';

/** `/calls`: live and past calls. */
export function calls(app: FastifyInstance, backend: Backend): void {
  app.get('/calls', { schema: { summary: 'List calls', querystring: PageQuery } }, async (request, reply) =>
    send(reply, await list(backend, principalOf(request), request.query)),
  );
  app.get('/calls/:id', { schema: { summary: 'Read a call' } }, async (request, reply) => {
    const found = await find(backend, principalOf(request), request.params);
    return send(reply, 'call' in found ? { body: presentCall(found.call) } : found);
  });
  app.delete('/calls/:id', { schema: { summary: 'Hang up a call and delete its record' } }, async (request, reply) =>
    send(reply, await remove(backend, principalOf(request), request.params)),
  );
  app.post('/calls/:id/hangup', { schema: { summary: 'Hang up a call' } }, async (request, reply) =>
    send(reply, await hangup(backend, principalOf(request), request.params)),
  );
}

async function list(backend: Backend, by: CustomerPrincipal, query: unknown): Promise<Answer> {
  if (!mayUse(by, by.customerId, ADMINS)) return denied(NEEDS);
  const page = readPage(query);
  if ('code' in page) return refuse(page);
  const before = page.before === undefined ? {} : { before: page.before };
  const { rows, nextPageToken } = await pageOf(page, (pageSize) =>
    backend.listCalls(by.customerId, { pageSize, ...before }),
  );
  return { body: { result: rows.map(presentCall), next_page_token: nextPageToken } };
}

/** The answer is the call as it is right after the order: ending, not yet ended. */
async function hangup(backend: Backend, by: CustomerPrincipal, parameters: unknown): Promise<Answer> {
  const found = await find(backend, by, parameters);
  if (!('call' in found)) return found;
  if (found.call.status === 'hangup') {
    return refuse({
      code: 'STATE_INVALID',
      message: `call ${found.call.id} has ended already`,
      field: 'status',
      expected: 'a live call',
      got: found.call.status,
    });
  }
  const result = await backend.execute({ kind: 'hangupCall', id: found.call.id }, by);
  if (result.kind === 'refused') return refuse(result.refusal);
  return { body: presentCall((await backend.getCall(found.call.id)) ?? found.call) };
}

async function remove(backend: Backend, by: CustomerPrincipal, parameters: unknown): Promise<Answer> {
  const found = await find(backend, by, parameters);
  if (!('call' in found)) return found;
  const deletedAt = backend.clock.wallTime();
  const result = await backend.execute({ kind: 'deleteCall', record: found.call }, by);
  return answerTo(result, () => ({ body: presentCall({ ...found.call, updatedAt: deletedAt, deletedAt }) }));
}

/** A call that the principal may work with; another customer's is not found. */
async function find(
  backend: Backend,
  by: CustomerPrincipal,
  parameters: unknown,
): Promise<{ readonly call: CallRecord } | Answer> {
  const read = readId(parameters);
  if ('refusal' in read) return read;
  const call = await backend.getCall(read.id as CallId);
  if (call === undefined || !(call.customerId === by.customerId || mayUse(by, call.customerId, ADMINS))) {
    return notFound('call', read.id);
  }
  return mayUse(by, call.customerId, ADMINS) ? { call } : denied(NEEDS);
}
