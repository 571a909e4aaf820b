import { connect, createServer as createSocket } from 'node:net';
import { expect, test } from 'vitest';
import { ApiServer } from '../../api/server.ts';
import { Fault } from '../../core/kernel/fault.ts';
import { asker, simulate } from './simulated-backend.ts';

test('a ping is answered to anybody', async () => {
  const { server } = await simulate();
  expect((await server.inject('/ping')).statusCode).toBe(200);
});

test.each(['/nothing', '/v1.0/nothing', '/v1.0/auth/signup', '/v1.0'])('%s is no route, whoever asks', async (url) => {
  const { server } = await simulate();
  const response = await server.inject(url);
  expect(response.statusCode).toBe(404);
  expect(response.json().error).toMatchObject({ status: 'NOT_FOUND', reason: 'ROUTE_NOT_FOUND' });
});

test('what the reference offers and we have not built is 501 after authentication', async () => {
  const { server, ask } = await simulate();
  for (const url of ['/v1.0/queues', '/v1.0/timelines/calls/x/sip-analysis', '/v1.0/service_agents/me']) {
    expect((await server.inject(url)).statusCode).toBe(401);
    expect((await ask('GET', url)).body.error.reason).toBe('NOT_IMPLEMENTED');
  }
  expect((await server.inject({ method: 'POST', url: '/auth/signup', payload: {} })).body).toBe('');
});

test.each([
  ['text that is no JSON', '{"extension"'],
  ['an array', '[]'],
  ['a bare value', '"1001"'],
  ['nothing but nesting', '['.repeat(100_000)],
])('%s as a body is an invalid JSON body', async (_, payload) => {
  const { server } = await simulate();
  const headers = { authorization: 'Bearer vb_first', 'content-type': 'application/json' };
  const response = await server.inject({ method: 'POST', url: '/v1.0/extensions', headers, payload });
  expect(response.statusCode).toBe(400);
  expect(response.json().error.reason).toBe('INVALID_JSON_BODY');
});

test('a body is read as JSON whatever its content type says', async () => {
  const { server } = await simulate();
  const headers = { authorization: 'Bearer vb_first', 'content-type': 'application/x-www-form-urlencoded' };
  const payload = '{"extension":"1001","password":"x"}';
  expect((await server.inject({ method: 'POST', url: '/v1.0/extensions', headers, payload })).statusCode).toBe(200);
});

test('no body is an empty one: the fields that are missing are named', async () => {
  const { server } = await simulate();
  const headers = { authorization: 'Bearer vb_first' };
  const response = await server.inject({ method: 'POST', url: '/v1.0/extensions', headers });
  expect(response.json().error.details.map((detail: { field: string }) => detail.field)).toEqual([
    'extension',
    'password',
  ]);
});

test('a body beyond one megabyte is too large', async () => {
  const { ask } = await simulate();
  const { status, body } = await ask('POST', '/v1.0/extensions', { detail: 'x'.repeat(1_100_000) });
  expect([status, body.error.reason]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
});

test('an error of ours is reported under the request id and not explained to the client', async () => {
  const { ask, backend } = await simulate();
  backend.list = () => Promise.reject(new Error('no such table: calls'));
  const { status, body } = await ask('GET', '/v1.0/calls');
  expect([status, body.error.reason]).toEqual([500, 'INTERNAL']);
  expect(JSON.stringify(body)).not.toContain('table');
  expect(backend.reported).toHaveLength(1);
});

test('a path that cannot be decoded is refused in the same shape', async () => {
  const { ask } = await simulate();
  expect((await ask('GET', '/v1.0/extensions/%zz')).body.error.status).toBe('INVALID_ARGUMENT');
});

test('metrics are open to this machine, and to others with a credential', async () => {
  const { server } = await simulate();
  expect((await server.inject('/metrics')).body).toBe('tandem_live_calls 0\n');
  const remoteAddress = '192.0.2.7';
  expect((await server.inject({ url: '/metrics', remoteAddress })).statusCode).toBe(401);
  expect((await server.inject({ url: '/metrics?accesskey=vb_first', remoteAddress })).statusCode).toBe(200);
});

test('scripts of any origin may ask, without cookies', async () => {
  const { server } = await simulate();
  const headers = { origin: 'https://example.org', 'access-control-request-method': 'PUT' };
  const preflight = await server.inject({ method: 'OPTIONS', url: '/v1.0/extensions', headers });
  expect(preflight.statusCode).toBe(204);
  expect(preflight.headers['access-control-allow-methods']).toContain('PUT');
  const answer = await server.inject({ url: '/ping', headers: { origin: 'https://example.org' } });
  expect(answer.headers['access-control-allow-origin']).toBe('*');
  expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
});

test('the operator routes are for the operator token, and it opens nothing else', async () => {
  const { server, ask } = await simulate();
  const operator = asker(server, 'operator-token-of-this-process');
  expect((await operator('GET', '/v1.0/operator/status')).body).toMatchObject({ state: 'serving', pid: 1 });
  expect((await ask('GET', '/v1.0/operator/status')).status).toBe(403);
  expect((await operator('GET', '/v1.0/extensions')).status).toBe(403);
});

test("the operator sets an agent's password", async () => {
  const { server } = await simulate();
  const operator = asker(server, 'operator-token-of-this-process');
  const body = { username: 'admin@localhost', password: 'new password' };
  expect((await operator('POST', '/v1.0/operator/agent-password', body)).status).toBe(200);
  expect((await server.inject({ method: 'POST', url: '/auth/login', payload: body })).statusCode).toBe(200);
  const unknown = { username: 'nobody@localhost', password: 'new password' };
  expect((await operator('POST', '/v1.0/operator/agent-password', unknown)).status).toBe(404);
});

test('a trace flows line by line until the reader goes or the server closes', async () => {
  const { backend } = await simulate();
  const server = await ApiServer.listen(backend, { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${server.port}/v1.0/operator/trace`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${backend.operatorToken}` } });
  const reader = response.body!.getReader();
  backend.tell({ at: 5, kind: 'received', peer: 'udp 192.0.2.1:5060', text: 'OPTIONS sip:a SIP/2.0\r\n\r\n' });
  const line = new TextDecoder().decode((await reader.read()).value);
  expect(JSON.parse(line)).toMatchObject({ kind: 'received', peer: 'udp 192.0.2.1:5060' });
  await server.close();
  expect((await reader.read()).done).toBe(true);
  expect(backend.traceListenerCount).toBe(0);
});

test('an answer that was on its way when the server closed is given, and its connection does not hold up the end', async () => {
  const { backend } = await simulate();
  const server = await ApiServer.listen(backend, { host: '127.0.0.1', port: 0 });
  let answer: (calls: []) => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    backend.list = () => {
      resolve();
      return new Promise((give) => {
        answer = give;
      });
    };
  });
  const response = fetch(`http://127.0.0.1:${server.port}/v1.0/calls?accesskey=vb_first`);
  await asked;
  const startedAt = performance.now();
  const closed = server.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  answer([]);
  const { status, headers } = await response;
  expect([status, headers.get('connection')]).toEqual([200, 'close']);
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test('a client that does not finish its request is cut off when the server closes', async () => {
  const { backend } = await simulate();
  const server = await ApiServer.listen(backend, { host: '127.0.0.1', port: 0 });
  const client = connect(server.port, '127.0.0.1');
  client.on('error', () => undefined).resume();
  client.write('POST /v1.0/extensions?accesskey=vb_first HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{');
  const ended = new Promise((resolve) => client.on('close', resolve));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.close();
  await ended;
});

test('a port that is taken is a fault with its number', async () => {
  const { backend } = await simulate();
  const other = createSocket();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
  });
  const fault = await ApiServer.listen(backend, { host: '127.0.0.1', port }).catch((error: unknown) => error);
  other.close();
  expect(fault).toBeInstanceOf(Fault);
  expect(fault).toMatchObject({ code: 'PORT_IN_USE', context: { port } });
});

test('an address that this machine does not have is a fault', async () => {
  const { backend } = await simulate();
  const fault = await ApiServer.listen(backend, { host: '192.0.2.1', port: 0 }).catch((error: unknown) => error);
  expect(fault).toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
});
