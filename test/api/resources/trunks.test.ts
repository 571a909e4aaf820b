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
