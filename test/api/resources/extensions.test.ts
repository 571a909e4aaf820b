import { expect, test } from 'vitest';
import { PERMISSION } from '../../../core/directory/records.ts';
import { NIL_UUID } from '../../../core/kernel/ids.ts';
import { asker, simulate } from '../simulated-backend.ts';

test('an extension is created with what it cannot do without, and shown in the shape of the reference', async () => {
  const { ask, customerId } = await simulate();
  const { status, body } = await ask('POST', '/v1.0/extensions', { extension: '1001', password: 'phone secret' });
  expect(status).toBe(200);
  expect(body).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    customer_id: customerId,
    name: '',
    detail: '',
    extension: '1001',
    domain_name: customerId,
    username: '1001',
    password: 'phone secret',
    codecs: '',
    srtp: 'off',
    direct_hash: '',
    tm_create: '2026-01-01T00:00:00.000Z',
    tm_update: null,
    tm_delete: null,
  });
});

test('fields that are not known are ignored', async () => {
  const { ask } = await simulate();
  const body = {
    extension: '1001',
    password: 'x',
    color: 'red',
    __proto__: { name: 'inherited' },
    customer_id: NIL_UUID,
  };
  const made = await ask('POST', '/v1.0/extensions', body);
  expect(made.body).toMatchObject({ extension: '1001', name: '' });
  expect(made.body.customer_id).not.toBe(NIL_UUID);
});

test('each missing or wrong field is named with what was expected and what came', async () => {
  const { ask } = await simulate();
  const { status, body } = await ask('POST', '/v1.0/extensions', { extension: 'a b', name: 5 });
  expect(status).toBe(400);
  expect(body.error).toMatchObject({ status: 'INVALID_ARGUMENT', reason: 'INVALID_ARGUMENT' });
  expect(body.error.details).toHaveLength(3);
  expect(body.error.details).toEqual(
    expect.arrayContaining([
      { field: 'password', expected: 'a value', got: 'nothing' },
      { field: 'extension', expected: '1 to 64 letters, digits or _ . + -', got: '"a b"' },
      { field: 'name', expected: 'text of at most 255 characters', got: '5' },
    ]),
  );
});

test('a secret is not repeated in a refusal', async () => {
  const { ask } = await simulate();
  const { body } = await ask('POST', '/v1.0/extensions', { extension: '1', password: 'line\nbreak' });
  expect(body.error.details[0].field).toBe('password');
  expect(JSON.stringify(body)).not.toContain('break');
});

test('an extension that exists is refused with field and value', async () => {
  const { ask, backend, customerId } = await simulate();
  backend.addExtension(customerId, '1001');
  const { status, body } = await ask('POST', '/v1.0/extensions', { extension: '1001', password: 'x' });
  expect(status).toBe(409);
  expect(body.error).toMatchObject({ status: 'ALREADY_EXISTS', reason: 'ALREADY_EXISTS' });
  expect(body.error.details).toEqual([{ field: 'extension', expected: expect.any(String), got: '1001' }]);
});

test('what could not be committed is answered with 503 and can be tried again', async () => {
  const { ask, backend } = await simulate();
  backend.store.failing = true;
  expect((await ask('POST', '/v1.0/extensions', { extension: '1001', password: 'x' })).status).toBe(503);
  backend.store.failing = false;
  expect((await ask('POST', '/v1.0/extensions', { extension: '1001', password: 'x' })).status).toBe(200);
});

test('an update changes what it names and leaves the rest', async () => {
  const { ask, backend, customerId } = await simulate();
  const { id } = backend.addExtension(customerId, '1001');
  backend.pass(5_000);
  const { status, body } = await ask('PUT', `/v1.0/extensions/${id.toUpperCase()}`, { name: 'Reception' });
  expect(status).toBe(200);
  expect(body).toMatchObject({ name: 'Reception', password: 'phone secret', tm_update: '2026-01-01T00:00:05.000Z' });
});

test('a deleted extension is returned once more, then not found', async () => {
  const { ask, backend, customerId } = await simulate();
  const { id } = backend.addExtension(customerId, '1001');
  const { status, body } = await ask('DELETE', `/v1.0/extensions/${id}`);
  expect([status, body.tm_delete]).toEqual([200, '2026-01-01T00:00:00.000Z']);
  expect((await ask('GET', `/v1.0/extensions/${id}`)).body.error.reason).toBe('EXTENSION_NOT_FOUND');
});

test("another customer's extension is not found, whatever is asked of it", async () => {
  const { backend, server, customerId } = await simulate();
  const { id } = backend.addExtension(customerId, '1001');
  backend.addAccesskey(backend.addCustomer('Second'), 'vb_second');
  const ask = asker(server, 'vb_second');
  for (const method of ['GET', 'PUT', 'DELETE'] as const) {
    expect((await ask(method, `/v1.0/extensions/${id}`, {})).status).toBe(404);
  }
  expect((await ask('GET', '/v1.0/extensions')).body.result).toEqual([]);
});

test('an id that is no UUID is refused as such', async () => {
  const { ask } = await simulate();
  const { status, body } = await ask('GET', '/v1.0/extensions/1001');
  expect(status).toBe(400);
  expect(body.error.details).toEqual([{ field: 'id', expected: 'a UUID', got: '1001' }]);
});

test('a plain agent may not see extensions, a manager may but not their passwords', async () => {
  const { backend, server, customerId } = await simulate();
  backend.addExtension(customerId, '1001');
  const seen: unknown[] = [];
  for (const [username, permission] of [
    ['plain', PERMISSION.customerAgent],
    ['manager', PERMISSION.customerManager],
  ] as const) {
    await backend.addAgent(customerId, username, permission);
    const login = await server.inject({
      method: 'POST',
      url: '/auth/login',
      payload: { username, password: 'correct horse' },
    });
    const { status, body } = await asker(server, login.json().token)('GET', '/v1.0/extensions');
    seen.push(status === 200 ? body.result[0].password : body.error.reason);
  }
  expect(seen).toEqual(['PERMISSION_DENIED', '']);
});

test('pages go from the newest to the oldest and lose nothing, also among rows made in one millisecond', async () => {
  const { ask, backend, customerId } = await simulate();
  for (let i = 0; i < 23; i++) {
    if (i % 3 === 0) backend.pass(1);
    backend.addExtension(customerId, String(1000 + i));
  }
  const seen: string[] = [];
  let token = '';
  do {
    const { body } = await ask('GET', `/v1.0/extensions?page_size=4&page_token=${encodeURIComponent(token)}`);
    expect(body.result.length).toBeLessThanOrEqual(4);
    seen.push(...body.result.map((row: { extension: string }) => row.extension));
    token = body.next_page_token;
  } while (token !== '');
  expect(new Set(seen).size).toBe(23);
  expect(seen).toHaveLength(23);
  expect(seen[22]! < seen[0]!).toBe(true);
});

test('rows of one millisecond that do not fit a page come together', async () => {
  const { ask, backend, customerId } = await simulate();
  for (let i = 0; i < 7; i++) backend.addExtension(customerId, String(1000 + i));
  const first = await ask('GET', '/v1.0/extensions?page_size=2');
  expect(first.body.result).toHaveLength(7);
  const second = await ask('GET', `/v1.0/extensions?page_size=2&page_token=${first.body.next_page_token}`);
  expect(second.body).toEqual({ result: [], next_page_token: '' });
});

test.each(['0', '-1', '101', 'x', ''])('page_size=%s means a hundred', async (size) => {
  const { ask, backend, customerId } = await simulate();
  for (let i = 0; i < 101; i++) {
    backend.pass(1);
    backend.addExtension(customerId, String(1000 + i));
  }
  expect((await ask('GET', `/v1.0/extensions?page_size=${size}`)).body.result).toHaveLength(100);
});

test('a page token that is none of ours is refused', async () => {
  const { ask } = await simulate();
  const { body } = await ask('GET', '/v1.0/extensions?page_token=yesterday');
  expect(body.error.details[0].field).toBe('page_token');
});
