import { expect, test } from 'vitest';
import { NIL_UUID } from '../../core/kernel/ids.ts';
import { type Ask, asker, type SimulatedBackend, simulate } from './simulated-backend.ts';

async function ringing(): Promise<{ backend: SimulatedBackend; ask: Ask; incoming: string; outgoing: string }> {
  const { backend, ask, customerId } = await simulate();
  backend.placeCall(backend.addExtension(customerId, '1000'), backend.addExtension(customerId, '1001'));
  const { result } = (await ask('GET', '/v1.0/calls')).body;
  const idOf = (direction: string): string =>
    result.find((call: { direction: string }) => call.direction === direction).id;
  return { backend, ask, incoming: idOf('incoming'), outgoing: idOf('outgoing') };
}

test('a live call has the fields of the reference, nil UUIDs and nulls where nothing is', async () => {
  const { ask, incoming, outgoing } = await ringing();
  const { status, body } = await ask('GET', `/v1.0/calls/${outgoing}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    id: outgoing,
    owner_id: NIL_UUID,
    master_call_id: incoming,
    groupcall_id: NIL_UUID,
    source: { type: 'extension', target: '1000', target_name: 'Caller', name: '', detail: '' },
    destination: { type: 'extension', target: '1001' },
    status: 'dialing',
    direction: 'outgoing',
    hangup_by: '',
    hangup_reason: '',
    tm_create: '2026-01-01T00:00:00.000Z',
    tm_hangup: null,
    tm_delete: null,
  });
  expect(Object.keys(body)).toHaveLength(27);
});

test('a call is hung up by order, and a second order finds it ended', async () => {
  const { backend, ask, incoming } = await ringing();
  backend.pass(1_000);
  expect((await ask('POST', `/v1.0/calls/${incoming}/hangup`)).status).toBe(200);
  expect((await ask('GET', `/v1.0/calls/${incoming}`)).body.status).toBe('hangup');
  const again = await ask('POST', `/v1.0/calls/${incoming}/hangup`);
  expect(again.status).toBe(409);
  expect(again.body.error).toMatchObject({ status: 'FAILED_PRECONDITION', reason: 'STATE_INVALID' });
});

test('a deleted call has ended and is found no more', async () => {
  const { ask, incoming, outgoing } = await ringing();
  const deleted = await ask('DELETE', `/v1.0/calls/${incoming}`);
  expect([deleted.status, deleted.body.tm_delete]).toEqual([200, '2026-01-01T00:00:00.000Z']);
  expect((await ask('GET', `/v1.0/calls/${incoming}`)).status).toBe(404);
  expect((await ask('GET', '/v1.0/calls')).body.result.map((call: { id: string }) => call.id)).toEqual([outgoing]);
});

test("another customer's call is not found", async () => {
  const { backend, incoming } = await ringing();
  backend.addAccesskey(backend.addCustomer('Second'), 'vb_second');
  const ask = asker(backend.server, 'vb_second');
  expect((await ask('GET', `/v1.0/calls/${incoming}`)).status).toBe(404);
  expect((await ask('POST', `/v1.0/calls/${incoming}/hangup`)).status).toBe(404);
  expect((await ask('DELETE', `/v1.0/calls/${incoming}`)).status).toBe(404);
  expect((await ask('GET', '/v1.0/calls')).body.result).toEqual([]);
});

test('placing calls is not built yet, and says so', async () => {
  const { ask } = await simulate();
  const { status, body } = await ask('POST', '/v1.0/calls', { destinations: [] });
  expect(status).toBe(501);
  expect(body.error).toMatchObject({ status: 'UNIMPLEMENTED', reason: 'NOT_IMPLEMENTED' });
});
