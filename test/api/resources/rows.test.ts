import { describe, expect, test } from 'vitest';
import { PERMISSION } from '../../../core/directory/records.ts';
import { NIL_UUID } from '../../../core/kernel/ids.ts';
import { documented } from '../documented.ts';
import { asker, simulate } from '../simulated-backend.ts';

/** What all resources that are made by request have in common. */
interface Sample {
  readonly path: string;
  /** With a number in it, so that several can be made. */
  readonly creation: (n: number) => Record<string, unknown>;
  readonly change: Record<string, unknown>;
}

const SAMPLES: readonly Sample[] = [
  { path: '/accesskeys', creation: (n) => ({ name: `key ${n}` }), change: { name: 'renamed', detail: 'more' } },
  {
    path: '/extensions',
    creation: (n) => ({ extension: `20${n}`, password: 'x' }),
    change: { name: 'renamed', password: 'y' },
  },
  {
    path: '/numbers',
    creation: (n) => ({ number: `+4930123456${n}` }),
    change: { name: 'renamed', detail: 'more' },
  },
  {
    path: '/trunks',
    creation: (n) => ({ domain_name: `carrier-${n}`, auth_types: ['ip'], allowed_ips: ['192.0.2.0/24'] }),
    change: {
      name: 'renamed',
      auth_types: ['basic', 'ip'],
      username: 'u',
      password: 'p',
      allowed_ips: ['2001:db8::1'],
    },
  },
  {
    path: '/flows',
    creation: (n) => ({
      name: `flow ${n}`,
      actions: [{ type: 'answer' }, { type: 'echo', option: { duration: 1000 } }],
    }),
    change: { name: 'renamed', detail: 'more' },
  },
  {
    path: '/conferences',
    creation: (n) => ({ type: 'conference', name: `room ${n}`, data: { color: 'red' } }),
    change: { name: 'renamed', data: {}, timeout: 3600 },
  },
];

describe.each(SAMPLES)('$path', ({ path, creation, change }) => {
  const url = `/v1.0${path}`;
  const noun = path.slice(1, -1).toUpperCase();

  test('is created, read and listed in the shape that the document of the API tells', async () => {
    const { ask, server, customerId, backend } = await simulate();
    const judge = await documented(server);
    const made = await ask('POST', url, creation(1));
    expect([made.status, made.body.customer_id]).toEqual([200, customerId]);
    expect(judge('POST', url, made.body)).toBe('');
    expect(made.body).toMatchObject({ tm_create: '2026-01-01T00:00:00.000Z', tm_update: null, tm_delete: null });
    const read = await ask('GET', `${url}/${made.body.id}`);
    expect(judge('GET', `${url}/{id}`, read.body)).toBe('');
    const list = await ask('GET', url);
    expect(judge('GET', url, list.body)).toBe('');
    expect(list.body.result.map((row: { id: string }) => row.id)).toContain(made.body.id);
    expect(backend.reported).toEqual([]);
  });

  test('is changed in what a request names, and nothing else', async () => {
    const { ask, backend } = await simulate();
    const { body: made } = await ask('POST', url, creation(1));
    backend.pass(5_000);
    const { status, body } = await ask('PUT', `${url}/${made.id}`, change);
    expect(status).toBe(200);
    expect(body).toEqual({ ...made, token: body.token, ...change, tm_update: '2026-01-01T00:00:05.000Z' });
    expect((await ask('GET', `${url}/${made.id}`)).body).toEqual(body);
  });

  test('is shown once more when it is deleted, then not found', async () => {
    const { ask } = await simulate();
    const { body: made } = await ask('POST', url, creation(1));
    const deleted = await ask('DELETE', `${url}/${made.id}`);
    expect(deleted).toMatchObject({ status: 200, body: { id: made.id, tm_delete: '2026-01-01T00:00:00.000Z' } });
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      const again = await ask(method, `${url}/${made.id}`, method === 'PUT' ? change : undefined);
      expect([again.status, again.body.error.reason]).toEqual([404, `${noun}_NOT_FOUND`]);
    }
    const left = (await ask('GET', url)).body.result as { id: string }[];
    expect(left.map((row) => row.id)).not.toContain(made.id);
  });

  test("is not found by another customer, and is not in another customer's list", async () => {
    const { ask, backend, server } = await simulate();
    const { body: made } = await ask('POST', url, creation(1));
    backend.addAccesskey(backend.addCustomer('Second'), 'vb_second');
    const other = asker(server, 'vb_second');
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      const { status } = await other(method, `${url}/${made.id}`, method === 'PUT' ? change : undefined);
      expect([method, status]).toEqual([method, 404]);
    }
    const list = (await other('GET', url)).body.result as { id: string }[];
    expect(list.map((row) => row.id)).not.toContain(made.id);
    expect((await ask('GET', `${url}/${made.id}`)).body).toEqual({ ...made, token: made.token && '' });
  });

  test('is forbidden to plain agents of the customer', async () => {
    const { ask, backend, server, customerId } = await simulate();
    const { body: made } = await ask('POST', url, creation(1));
    await backend.addAgent(customerId, 'plain@localhost', PERMISSION.customerAgent);
    const payload = { username: 'plain@localhost', password: 'correct horse' };
    const { token } = (await server.inject({ method: 'POST', url: '/auth/login', payload })).json();
    const plain = asker(server, token);
    for (const at of [url, `${url}/${made.id}`]) expect((await plain('GET', at)).status).toBe(403);
    expect((await plain('DELETE', `${url}/${made.id}`)).body.error.reason).toBe('PERMISSION_DENIED');
  });

  test('comes in pages, newest first, none twice and none left out', async () => {
    const { ask, backend } = await simulate();
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      backend.pass(1_000);
      ids.unshift((await ask('POST', url, creation(n))).body.id);
    }
    const seen: string[] = [];
    for (let token = '', pages = 0; pages < 4; pages++) {
      const { body } = await ask('GET', `${url}?page_size=2&page_token=${token}`);
      seen.push(...body.result.map((row: { id: string }) => row.id));
      token = body.next_page_token;
      if (token === '') break;
    }
    expect(seen.slice(0, 5)).toEqual(ids);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('an id that is none, and the nil UUID, are told apart', async () => {
    const { ask } = await simulate();
    expect((await ask('GET', `${url}/1`)).body.error.details).toEqual([{ field: 'id', expected: 'a UUID', got: '1' }]);
    expect((await ask('GET', `${url}/${NIL_UUID}`)).body.error.reason).toBe(`${noun}_NOT_FOUND`);
  });
});
