import { expect, test } from 'vitest';
import { PERMISSION } from '../../../core/directory/records.ts';
import { asker, simulate } from '../simulated-backend.ts';

const PROVIDERS = '/v1.0/providers';
const NIL = '00000000-0000-0000-0000-000000000000';
const CARRIER = { hostname: 'sip.example.com', metadata: { username: 'us', password: 'trunk secret', register: true } };

/** As `simulate`, asked by the project super admin of the first start. */
async function project() {
  const simulated = await simulate();
  const { backend, server, customerId } = simulated;
  await backend.addAgent(customerId, 'root@localhost', PERMISSION.projectSuperAdmin | PERMISSION.customerAdmin);
  const payload = { username: 'root@localhost', password: 'correct horse' };
  const { token } = (await server.inject({ method: 'POST', url: '/auth/login', payload })).json();
  return { ...simulated, ask: asker(server, token) };
}

test('a provider is made, shown with what was said of it, changed and deleted', async () => {
  const { ask } = await project();
  const { body: made } = await ask('POST', PROVIDERS, { ...CARRIER, tech_prefix: '9', codecs: 'PCMU,PCMA' });
  expect(made).toMatchObject({ type: 'sip', hostname: 'sip.example.com', tech_prefix: '9', tech_headers: {} });
  expect(made).toMatchObject({ metadata: CARRIER.metadata, health_status: 'unknown' });
  const { body: changed } = await ask('PUT', `${PROVIDERS}/${made.id}`, {
    metadata: { identity: 'p-asserted-identity' },
  });
  expect(changed.metadata).toEqual({ ...CARRIER.metadata, identity: 'p-asserted-identity' });
  expect((await ask('GET', PROVIDERS)).body.result).toHaveLength(1);
  expect((await ask('DELETE', `${PROVIDERS}/${made.id}`)).status).toBe(200);
  expect((await ask('GET', `${PROVIDERS}/${made.id}`)).body.error.reason).toBe('PROVIDER_NOT_FOUND');
});

test('providers are for project super admins alone', async () => {
  const { ask, backend, server, customerId } = await project();
  const { body: made } = await ask('POST', PROVIDERS, CARRIER);
  backend.addAccesskey(customerId, 'vb_key');
  const key = asker(server, 'vb_key');
  for (const [method, url] of [
    ['GET', PROVIDERS],
    ['POST', PROVIDERS],
    ['GET', `${PROVIDERS}/${made.id}`],
    ['DELETE', `${PROVIDERS}/${made.id}`],
  ] as const) {
    const { status, body } = await key(method, url, method === 'POST' ? CARRIER : undefined);
    expect([method, status]).toEqual([method, 403]);
    expect(JSON.stringify(body)).not.toContain('trunk secret');
  }
});

test.each([
  [{ hostname: 'a b' }, 'hostname'],
  [{ hostname: 'sip.example.com:0' }, 'hostname'],
  [{ hostname: 'x>\r\nEvil: y' }, 'hostname'],
  [{ tech_prefix: '9@evil' }, 'tech_prefix'],
  [{ codecs: 'PCMU\r\nX: y' }, 'codecs'],
  [{ metadata: { srtp: 'always' } }, 'metadata.srtp'],
  [{ metadata: { unheard_of: 1 } }, 'metadata.unheard_of'],
  [{ metadata: { transport: 'smoke' } }, 'metadata.transport'],
  [{ metadata: { outbound_proxy: 'http://x' } }, 'metadata.outbound_proxy'],
  [{ metadata: { from_user: 'a>b' } }, 'metadata.from_user'],
  [{ metadata: { number: '4711' } }, 'metadata.number'],
  [{ metadata: { register: true } }, 'metadata.username'],
  [{ metadata: { username: 'us', password: 'line\nbreak' } }, 'metadata.password'],
  [{ metadata: { addresses: ['192.0.2.1', '0.0.0.0/0'] } }, 'metadata.addresses[1]'],
  [{ metadata: { number_rules: [{ prefix: '+49', replacement: '0@x' }] } }, 'metadata.number_rules[0].replacement'],
  [{ metadata: { headers: [{ action: 'add', name: 'Via', value: 'x' }] } }, 'metadata.headers[0].name'],
  [{ metadata: { headers: [{ action: 'add', name: 'X-A', value: 'a\r\nVia: b' }] } }, 'metadata.headers[0].value'],
  [{ metadata: { headers: [{ action: 'add', name: 'X-A', value: '' }] } }, 'metadata.headers[0].value'],
])('%j is refused with its field', async (change, field) => {
  const { ask } = await project();
  const { status, body } = await ask('POST', PROVIDERS, { hostname: 'sip.example.com', ...change });
  expect([status, body.error.details[0].field]).toEqual([400, field]);
  expect(JSON.stringify(body)).not.toContain('break');
});

test('a route leads to a provider that exists, which stays as long as it does', async () => {
  const { ask, customerId } = await project();
  const { body: provider } = await ask('POST', PROVIDERS, CARRIER);
  const route = { provider_id: provider.id, priority: 1, target: '+49', customer_id: customerId, name: 'Germany' };
  const { body: made } = await ask('POST', '/v1.0/routes', route);
  expect(made).toMatchObject(route);
  expect((await ask('DELETE', `${PROVIDERS}/${provider.id}`)).body.error.reason).toBe('STATE_INVALID');
  expect((await ask('POST', '/v1.0/routes', { ...route, provider_id: NIL })).status).toBe(404);
  expect((await ask('POST', '/v1.0/routes', { ...route, target: 'mars' })).body.error.details[0].field).toBe('target');
  expect((await ask('PUT', `/v1.0/routes/${made.id}`, { target: 'all' })).body.target).toBe('all');
  expect((await ask('DELETE', `/v1.0/routes/${made.id}`)).status).toBe(200);
});

test('a route for everybody needs no customer', async () => {
  const { ask } = await project();
  const { body: provider } = await ask('POST', PROVIDERS, CARRIER);
  const customer_id = '00000000-0000-0000-0000-000000000001';
  const { status, body } = await ask('POST', '/v1.0/routes', { provider_id: provider.id, customer_id });
  expect([status, body.customer_id, body.target]).toEqual([200, customer_id, 'all']);
});

test('a customer says where it may call, and as whom', async () => {
  const { ask } = await project();
  const own = '/v1.0/outbound_config';
  expect((await ask('GET', own)).body.destination_whitelist).toEqual([]);
  const { body: number } = await ask('POST', '/v1.0/numbers', { number: '+4930123456' });
  const said = { destination_whitelist: ['de', 'fr'], default_outgoing_source_number_id: number.id, calls_max: 5 };
  expect((await ask('PUT', own, said)).body).toMatchObject(said);
  expect((await ask('PUT', own, { destination_whitelist: null, codecs: 'PCMA' })).body).toMatchObject(said);
  for (const [change, field] of [
    [{ destination_whitelist: ['de', 'zz'] }, 'destination_whitelist[1]'],
    [{ codecs: 'PCMA;' }, 'codecs'],
    [
      { default_outgoing_source_number_id: 'f0000000-0000-4000-8000-000000000001' },
      'default_outgoing_source_number_id',
    ],
  ] as const) {
    expect((await ask('PUT', own, change)).body.error.details[0].field).toBe(field);
  }
  expect((await ask('GET', '/v1.0/outbound_configs')).body.result).toHaveLength(1);
});
