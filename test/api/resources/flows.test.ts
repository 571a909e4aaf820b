import { expect, test } from 'vitest';
import { PERMISSION } from '../../../core/directory/records.ts';
import { asker, simulate } from '../simulated-backend.ts';

const URL = '/v1.0/flows';

test('actions get ids, and keep those that they have', async () => {
  const { ask } = await simulate();
  const id = '11111111-2222-4333-8444-555555555555';
  const actions = [{ type: 'answer' }, { id, type: 'goto', option: { target_id: id, loop_count: 2 } }];
  const { body } = await ask('POST', URL, { actions });
  expect(body.type).toBe('flow');
  expect(body.actions[0]).toMatchObject({ type: 'answer', option: {}, tm_execute: null });
  expect(body.actions[0].id).toMatch(/^[0-9a-f-]{36}$/);
  expect(body.actions[1]).toMatchObject({ id, type: 'goto', option: { target_id: id, loop_count: 2 } });
});

test('a type that nobody knows is named with its place, and so is everything else that is wrong', async () => {
  const { ask } = await simulate();
  const actions = [{ type: 'answer' }, { type: 'dance' }, { type: 'goto', option: { target_id: 'nowhere' } }];
  const { status, body } = await ask('POST', URL, { actions });
  expect([status, body.error.reason]).toEqual([400, 'INVALID_ACTION_TYPE']);
  expect(body.error.details.map((detail: { field: string }) => detail.field)).toEqual([
    'actions[1].type',
    'actions[2].option.target_id',
  ]);
});

test('an anonymous option has a reason of its own', async () => {
  const { ask } = await simulate();
  const destinations = [{ type: 'tel', target: '+4930123456' }];
  const actions = [{ type: 'connect', option: { destinations, anonymous: 'maybe' } }];
  expect((await ask('POST', URL, { actions })).body.error.reason).toBe('INVALID_ANONYMOUS_VALUE');
});

test('a flow is not made without actions, nor of anything but an array', async () => {
  const { ask } = await simulate();
  expect((await ask('POST', URL, {})).body.error.details[0]).toMatchObject({ field: 'actions', got: 'nothing' });
  expect((await ask('POST', URL, { actions: 'answer' })).body.error.details[0].field).toBe('actions');
});

test('a change with wrong actions changes nothing', async () => {
  const { ask } = await simulate();
  const { body: made } = await ask('POST', URL, { actions: [{ type: 'answer' }] });
  const { status } = await ask('PUT', `${URL}/${made.id}`, { name: 'new', actions: [{ type: 'dance' }] });
  expect(status).toBe(400);
  expect((await ask('GET', `${URL}/${made.id}`)).body).toEqual(made);
});

test('every agent may make a flow', async () => {
  const { backend, server, customerId } = await simulate();
  await backend.addAgent(customerId, 'plain@localhost', PERMISSION.customerAgent);
  const payload = { username: 'plain@localhost', password: 'correct horse' };
  const { token } = (await server.inject({ method: 'POST', url: '/auth/login', payload })).json();
  expect((await asker(server, token)('POST', URL, { actions: [{ type: 'answer' }] })).status).toBe(200);
});
