import { expect, test } from 'vitest';
import { PERMISSION } from '../../../core/directory/records.ts';
import { asker, simulate } from '../simulated-backend.ts';

const URL = '/v1.0/trunks';
const TRUNK = { domain_name: 'carrier', auth_types: ['basic'], username: 'us', password: 'trunk secret' };

test('a password is shown to admins, and to nobody else', async () => {
  const { ask, backend, server, customerId } = await simulate();
  const { body: made } = await ask('POST', URL, TRUNK);
  expect(made.password).toBe('trunk secret');
  await backend.addAgent(customerId, 'manager@localhost', PERMISSION.customerManager);
  const payload = { username: 'manager@localhost', password: 'correct horse' };
  const { token } = (await server.inject({ method: 'POST', url: '/auth/login', payload })).json();
  expect((await asker(server, token)('GET', `${URL}/${made.id}`)).body.password).toBe('');
});

test('each address that is none is named by its place', async () => {
  const { ask } = await simulate();
  const allowed_ips = ['192.0.2.1', '192.0.2.0/33', '2001:db8::/32', 'example.org', '10.0.0.1/', 'fe80::1%eth0', ''];
  const { status, body } = await ask('POST', URL, { ...TRUNK, allowed_ips });
  expect(status).toBe(400);
  expect(body.error.details.map((detail: { field: string }) => detail.field)).toEqual([
    'allowed_ips[1]',
    'allowed_ips[3]',
    'allowed_ips[4]',
    'allowed_ips[5]',
    'allowed_ips[6]',
  ]);
});

test.each([
  [{ domain_name: '9carrier' }, 'domain_name'],
  [{ domain_name: 'a' }, 'domain_name'],
  [{ auth_types: 'ip' }, 'auth_types'],
  [{ auth_types: ['ip', 'basic', 'ip'] }, 'auth_types'],
  [{ auth_types: ['sms'] }, 'auth_types[0]'],
  [{ auth_types: [] }, 'auth_types'],
  [{ auth_types: ['ip'] }, 'allowed_ips'],
  [{ username: '' }, 'username'],
  [{ password: 'line\nbreak' }, 'password'],
])('%j is refused for its %s', async (change, field) => {
  const { ask } = await simulate();
  const { status, body } = await ask('POST', URL, { ...TRUNK, ...change });
  expect([status, body.error.details[0].field]).toEqual([400, field]);
  expect(JSON.stringify(body)).not.toContain('break');
});

test('a domain name exists once in the installation', async () => {
  const { ask, backend, server } = await simulate();
  await ask('POST', URL, TRUNK);
  backend.addAccesskey(backend.addCustomer('Second'), 'vb_second');
  const { status, body } = await asker(server, 'vb_second')('POST', URL, TRUNK);
  expect([status, body.error.details[0].field]).toEqual([409, 'domain_name']);
});

test('a way of proving that is named twice counts once', async () => {
  const { ask } = await simulate();
  const { body } = await ask('POST', URL, { ...TRUNK, auth_types: ['ip', 'ip'], allowed_ips: ['192.0.2.1'] });
  expect(body.auth_types).toEqual(['ip']);
});

test('a trunk that is called shows where and how, and passwords of both directions to admins alone', async () => {
  const { ask } = await simulate();
  const metadata = { username: 'us', password: 'word there', register: true, calls_max: 4, number: '+4930123456' };
  const { body: made } = await ask('POST', URL, { ...TRUNK, hostname: 'pbx.example:5080', codecs: 'PCMA', metadata });
  expect(made).toMatchObject({ hostname: 'pbx.example:5080', codecs: 'PCMA', metadata, health_status: 'unknown' });
  const { body } = await ask('PUT', `${URL}/${made.id}`, { metadata: { calls_max: 5 } });
  expect(body.metadata).toEqual({ ...metadata, calls_max: 5 });
});

test.each([
  [{ hostname: 'not a host' }, 'hostname'],
  [{ hostname: 'pbx.example', codecs: 'PCMU,' }, 'codecs'],
  [{ metadata: { register: true, username: 'us' } }, 'hostname'],
  [{ metadata: { options_interval: 10 } }, 'hostname'],
  [{ hostname: 'pbx.example', metadata: { register: true } }, 'metadata.username'],
  [{ metadata: { number: '030' } }, 'metadata.number'],
  [
    { hostname: 'pbx.example', metadata: { headers: [{ action: 'add', name: 'Via', value: 'x' }] } },
    'metadata.headers[0].name',
  ],
  [{ metadata: { addresses: ['192.0.2.1'] } }, 'metadata.addresses'],
])('%j is refused for its %s', async (change, field) => {
  const { ask } = await simulate();
  const { status, body } = await ask('POST', URL, { ...TRUNK, ...change });
  expect([status, body.error.details[0].field]).toEqual([400, field]);
});

test('admins lead their calls through their own trunks, and not through a provider or a trunk of others', async () => {
  const { ask, backend, server, customerId } = await simulate();
  const { body: trunk } = await ask('POST', URL, { ...TRUNK, hostname: 'pbx.example' });
  const { body: silent } = await ask('POST', URL, { ...TRUNK, domain_name: 'silent' });
  const { status, body: route } = await ask('POST', '/v1.0/routes', { provider_id: trunk.id, target: '+49' });
  expect([status, route.provider_id, route.customer_id]).toEqual([200, trunk.id, customerId]);
  expect((await ask('GET', '/v1.0/routes')).body.result).toEqual([route]);
  expect((await ask('PUT', `/v1.0/routes/${route.id}`, { priority: 3 })).body.priority).toBe(3);
  expect((await ask('POST', '/v1.0/routes', { provider_id: silent.id })).status).toBe(400);
  backend.addAccesskey(backend.addCustomer('Second'), 'vb_second');
  const other = asker(server, 'vb_second');
  expect((await other('POST', '/v1.0/routes', { provider_id: trunk.id })).status).toBe(403);
  expect((await other('GET', `/v1.0/routes/${route.id}`)).status).toBe(404);
  for (const [method, change] of [
    ['PUT', { hostname: '' }],
    ['DELETE', undefined],
  ] as const) {
    const { status: refused, body } = await ask(method, `${URL}/${trunk.id}`, change);
    expect([refused, body.error.message]).toEqual([409, expect.stringContaining(route.id)]);
  }
  expect((await ask('DELETE', `/v1.0/routes/${route.id}`)).status).toBe(200);
  expect((await ask('DELETE', `${URL}/${trunk.id}`)).status).toBe(200);
});
