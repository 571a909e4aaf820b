import { expect, test } from 'vitest';
import { PERMISSION } from '../../../core/directory/records.ts';
import { asker, simulate } from '../simulated-backend.ts';

const URL = '/v1.0/accesskeys';

test('the token of a new key is shown once, and opens the API until the key is deleted', async () => {
  const { ask, server } = await simulate();
  const { body } = await ask('POST', URL, { name: 'robot', expire: 86_400 });
  expect(body.token).toMatch(/^vb_[0-9a-f]{32}$/);
  expect(body.token.startsWith(body.token_prefix)).toBe(true);
  expect(body.tm_expire).toBe('2026-01-02T00:00:00.000Z');
  expect((await ask('GET', `${URL}/${body.id}`)).body.token).toBe('');
  const robot = asker(server, body.token);
  expect((await robot('GET', URL)).status).toBe(200);
  await ask('DELETE', `${URL}/${body.id}`);
  expect((await robot('GET', URL)).status).toBe(401);
});

test('a key without a lifetime lasts a year', async () => {
  const { ask } = await simulate();
  for (const body of [{}, { expire: 0 }]) {
    expect((await ask('POST', URL, body)).body.tm_expire).toBe('2027-01-01T00:00:00.000Z');
  }
});

test.each([86_399, 1, -1, 86_400.5, '86400', 1e300, null])('a lifetime of %j is refused', async (expire) => {
  const { ask } = await simulate();
  const { status, body } = await ask('POST', URL, { expire });
  expect(status).toBe(400);
  expect(body.error.details).toEqual([
    { field: 'expire', expected: expect.stringContaining('at least 86400'), got: JSON.stringify(expire) },
  ]);
});

test('keys are for admins alone', async () => {
  const { backend, server, customerId } = await simulate();
  await backend.addAgent(customerId, 'manager@localhost', PERMISSION.customerManager);
  const payload = { username: 'manager@localhost', password: 'correct horse' };
  const { token } = (await server.inject({ method: 'POST', url: '/auth/login', payload })).json();
  const manager = asker(server, token);
  expect((await manager('GET', URL)).status).toBe(403);
  expect((await manager('POST', URL, {})).status).toBe(403);
});
