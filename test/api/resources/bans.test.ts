import { expect, test } from 'vitest';
import { PERMISSION } from '../../../core/directory/records.ts';
import { asker, simulate } from '../simulated-backend.ts';

const BANS = '/v1.0/bans';
const AT = { since: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 0, 1, 0, 3) };

test('bans are listed and lifted by project super admins alone', async () => {
  const { backend, server, customerId } = await simulate();
  await backend.addAgent(customerId, 'root@localhost', PERMISSION.projectSuperAdmin | PERMISSION.customerAdmin);
  const payload = { username: 'root@localhost', password: 'correct horse' };
  const { token } = (await server.inject({ method: 'POST', url: '/auth/login', payload })).json();
  backend.addAccesskey(customerId, 'vb_key');
  backend.banned = ['1000', '1001', ''].map((account) => ({ address: '203.0.113.5', account, ...AT }));
  const [root, key] = [asker(server, token), asker(server, 'vb_key')];
  expect([(await key('GET', BANS)).status, (await key('DELETE', `${BANS}?address=203.0.113.5`)).status]).toEqual([
    403, 403,
  ]);
  const { body } = await root('GET', BANS);
  expect(body.result).toHaveLength(3);
  expect(body.result[0]).toEqual({
    address: '203.0.113.5',
    account: '1000',
    tm_create: '2026-01-01T00:00:00.000Z',
    tm_expire: '2026-01-01T00:03:00.000Z',
  });
  const one = await root('DELETE', `${BANS}?address=203.0.113.5&account=1001`);
  expect(one.body.result.map(({ account }: { account: string }) => account)).toEqual(['1001']);
  const unknown = await root('DELETE', `${BANS}?address=203.0.113.5&account=1001`);
  expect([unknown.status, unknown.body.error.reason]).toEqual([404, 'BAN_NOT_FOUND']);
  expect((await root('DELETE', `${BANS}?address=203.0.113.5`)).body.result).toHaveLength(2);
  expect((await root('GET', BANS)).body.result).toEqual([]);
  expect((await root('DELETE', BANS)).status).toBe(400);
});
