import { createSigner } from 'fast-jwt';
import { expect, test } from 'vitest';
import { PERMISSION } from '../../core/directory/records.ts';
import { simulate } from './simulated-backend.ts';

async function loginToken(server: Awaited<ReturnType<typeof simulate>>['server']): Promise<string> {
  const payload = { username: 'admin@localhost', password: 'correct horse' };
  const response = await server.inject({ method: 'POST', url: '/auth/login', payload });
  expect(response.statusCode).toBe(200);
  return response.json().token as string;
}

test('a login answers with username and token, and sets a cookie that scripts cannot read', async () => {
  const { server } = await simulate();
  const payload = { username: 'admin@localhost', password: 'correct horse' };
  const response = await server.inject({ method: 'POST', url: '/auth/login', payload });
  expect(response.json()).toEqual({ username: 'admin@localhost', token: expect.any(String) });
  expect(response.headers['set-cookie']).toMatch(
    /^token=\S+; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  );
});

test.each([
  ['a wrong password', { username: 'admin@localhost', password: 'wrong' }],
  ['an unknown agent', { username: 'nobody@localhost', password: 'correct horse' }],
  ['no password', { username: 'admin@localhost' }],
  ['a password that is no text', { username: 'admin@localhost', password: 12 }],
  ['nothing', {}],
])('%s is answered with a bare 400', async (_, payload) => {
  const { server } = await simulate();
  const response = await server.inject({ method: 'POST', url: '/auth/login', payload });
  expect([response.statusCode, response.body]).toEqual([400, '']);
});

test('a login that is no JSON is answered with a bare 400', async () => {
  const { server } = await simulate();
  const response = await server.inject({ method: 'POST', url: '/auth/login', payload: '{"username"' });
  expect([response.statusCode, response.body]).toEqual([400, '']);
});

test('a token opens the API by header, cookie and query', async () => {
  const { server } = await simulate();
  const token = await loginToken(server);
  const url = '/v1.0/me';
  const ways = [
    { url, headers: { authorization: `Bearer ${token}` } },
    { url, headers: { cookie: `other=1; token=${token}` } },
    { url: `${url}?token=${token}` },
  ];
  for (const way of ways) expect((await server.inject(way)).json().username).toBe('admin@localhost');
});

test('an access key opens the API by header, cookie and query', async () => {
  const { server } = await simulate();
  const url = '/v1.0/extensions';
  const ways = [
    { url, headers: { authorization: 'Bearer vb_first' } },
    { url, headers: { cookie: 'accesskey=vb_first' } },
    { url: `${url}?accesskey=vb_first` },
  ];
  for (const way of ways) expect((await server.inject(way)).statusCode).toBe(200);
});

test('a stale cookie does not spoil a valid header', async () => {
  const { server } = await simulate();
  const headers = { cookie: 'token=old', authorization: 'Bearer vb_first' };
  expect((await server.inject({ url: '/v1.0/extensions', headers })).statusCode).toBe(200);
});

test('without a credential the refusal says that one is required', async () => {
  const { server } = await simulate();
  const response = await server.inject('/v1.0/extensions');
  expect(response.statusCode).toBe(401);
  expect(response.json().error).toMatchObject({
    status: 'UNAUTHENTICATED',
    reason: 'AUTHENTICATION_REQUIRED',
    details: [],
  });
  expect(response.json().error.request_id).toMatch(/^[0-9a-f-]{36}$/);
});

test('a credential that proves nothing is told apart from none', async () => {
  const { server } = await simulate();
  for (const bearer of ['vb_unknown', 'nonsense', 'a.b.c', 'x'.repeat(5_000)]) {
    const response = await server.inject({ url: '/v1.0/me', headers: { authorization: `Bearer ${bearer}` } });
    expect(response.json().error.reason).toBe('INVALID_CREDENTIALS');
  }
});

test('an unauthenticated body is not even read', async () => {
  const { server } = await simulate();
  const response = await server.inject({ method: 'POST', url: '/v1.0/extensions', payload: 'x'.repeat(2_000_000) });
  expect(response.statusCode).toBe(401);
});

test('a token ends after seven days', async () => {
  const { server, backend } = await simulate();
  const url = `/v1.0/me?token=${await loginToken(server)}`;
  backend.pass(7 * 24 * 3_600_000 - 1_000);
  expect((await server.inject(url)).statusCode).toBe(200);
  backend.pass(1_000);
  expect((await server.inject(url)).statusCode).toBe(401);
});

test('an expired access key is refused', async () => {
  const { server, backend, customerId } = await simulate();
  backend.addAccesskey(customerId, 'vb_short', backend.clock.wallTime() + 1_000);
  expect((await server.inject('/v1.0/extensions?accesskey=vb_short')).statusCode).toBe(200);
  backend.pass(1_000);
  expect((await server.inject('/v1.0/extensions?accesskey=vb_short')).statusCode).toBe(401);
});

test('a new password ends the tokens that were issued before', async () => {
  const { server, backend } = await simulate();
  const url = `/v1.0/me?token=${await loginToken(server)}`;
  await backend.execute(
    { kind: 'setAgentPassword', username: 'admin@localhost', passwordHash: 'x' },
    { kind: 'operator' },
  );
  expect((await server.inject(url)).statusCode).toBe(401);
});

test('a token counts only with our signature, and never without one', async () => {
  const { server, backend } = await simulate();
  const claims = JSON.parse(Buffer.from((await loginToken(server)).split('.')[1]!, 'base64url').toString()) as object;
  const forged = createSigner({ key: 'another secret of some length', algorithm: 'HS256' })(claims);
  const other = createSigner({ key: backend.tokenSecret, algorithm: 'HS512' })(claims);
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
  for (const token of [forged, other, unsigned]) {
    expect((await server.inject(`/v1.0/me?token=${token}`)).statusCode).toBe(401);
  }
});

test('rights are those of the agent now, not those at the login', async () => {
  const { server, backend } = await simulate();
  const token = await loginToken(server);
  const agent = backend.directory.agentByUsername('admin@localhost')!;
  backend.directory.putAgent({ ...agent, permission: PERMISSION.customerAgent });
  expect((await server.inject(`/v1.0/extensions?token=${token}`)).statusCode).toBe(403);
});

test('an access key is nobody in particular', async () => {
  const { ask } = await simulate();
  expect((await ask('GET', '/v1.0/me')).body.error.reason).toBe('PERMISSION_DENIED');
});

test('what is thrown at the login beyond its capacity is told to come back', async () => {
  const { server } = await simulate();
  const payload = { username: 'admin@localhost', password: 'wrong' };
  const replies = await Promise.all(
    Array.from({ length: 40 }, () => server.inject({ method: 'POST', url: '/auth/login', payload })),
  );
  const statuses = replies.map((reply) => reply.statusCode);
  expect(statuses.filter((status) => status === 400)).toHaveLength(32);
  expect(statuses.filter((status) => status === 503)).toHaveLength(8);
});
