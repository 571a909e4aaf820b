import { expect, test } from 'vitest';
import { NIL_UUID } from '../../../core/kernel/ids.ts';
import { documented } from '../documented.ts';
import { asker, simulate } from '../simulated-backend.ts';

const URL = '/v1.0/activeflows';
const ACTIONS = [{ type: 'webhook_send', option: { uri: 'https://example.org/', method: 'POST', data: '{}' } }];

test('an activeflow runs actions of its own, with variables and a webhook', async () => {
  const { ask, server } = await simulate();
  const judge = await documented(server);
  const id = '11111111-2222-4333-8444-555555555555';
  const webhook = { webhook_uri: 'https://example.org/hook', webhook_method: 'POST' };
  const { status, body } = await ask('POST', URL, { id, actions: ACTIONS, variables: { a: 'b' }, ...webhook });
  expect(status).toBe(200);
  expect(judge('POST', URL, body)).toBe('');
  expect(body).toMatchObject({ id, status: 'running', reference_type: 'api', reference_id: NIL_UUID, ...webhook });
  expect(body.current_action.type).toBe('webhook_send');
  expect(judge('GET', URL, (await ask('GET', URL)).body)).toBe('');
});

test('an activeflow runs a stored flow, and not one that is not there', async () => {
  const { ask } = await simulate();
  const { body: flow } = await ask('POST', '/v1.0/flows', { actions: ACTIONS });
  expect((await ask('POST', URL, { flow_id: flow.id })).body).toMatchObject({ flow_id: flow.id, status: 'running' });
  const unknown = await ask('POST', URL, { flow_id: '11111111-2222-4333-8444-555555555555' });
  expect([unknown.status, unknown.body.error.details[0].field]).toEqual([404, 'flow_id']);
});

test('an activeflow of nothing is refused', async () => {
  const { ask } = await simulate();
  const { status, body } = await ask('POST', URL, { flow_id: NIL_UUID });
  expect([status, body.error.details[0]]).toEqual([
    400,
    { field: 'actions', expected: 'flow_id or actions', got: 'nothing' },
  ]);
});

test('a running activeflow is stopped once; a second order finds it ended', async () => {
  const { ask } = await simulate();
  const { body: made } = await ask('POST', URL, { actions: ACTIONS });
  expect((await ask('POST', `${URL}/${made.id}/stop`)).body.status).toBe('ended');
  const again = await ask('POST', `${URL}/${made.id}/stop`);
  expect([again.status, again.body.error.reason]).toEqual([409, 'STATE_INVALID']);
});

test('an id that is in use is not taken for another activeflow, not even by its owner', async () => {
  const { ask, backend, server } = await simulate();
  const { body: made } = await ask('POST', URL, { actions: ACTIONS });
  await ask('POST', `${URL}/${made.id}/stop`);
  backend.addAccesskey(backend.addCustomer('Second'), 'vb_second');
  for (const somebody of [ask, asker(server, 'vb_second')]) {
    const { status, body } = await somebody('POST', URL, { id: made.id, actions: ACTIONS });
    expect([status, body.error.reason, body.error.details[0].field]).toEqual([409, 'ALREADY_EXISTS', 'id']);
  }
  expect((await ask('GET', `${URL}/${made.id}`)).body.status).toBe('ended');
});

test('a deleted activeflow has ended and is found no more', async () => {
  const { ask } = await simulate();
  const { body: made } = await ask('POST', URL, { actions: ACTIONS });
  const { status, body } = await ask('DELETE', `${URL}/${made.id}`);
  expect([status, body.tm_delete]).toEqual([200, '2026-01-01T00:00:00.000Z']);
  expect((await ask('GET', `${URL}/${made.id}`)).body.error.reason).toBe('ACTIVEFLOW_NOT_FOUND');
});

test("another customer's activeflow is not found", async () => {
  const { ask, backend, server } = await simulate();
  const { body: made } = await ask('POST', URL, { actions: ACTIONS });
  backend.addAccesskey(backend.addCustomer('Second'), 'vb_second');
  const other = asker(server, 'vb_second');
  expect((await other('GET', `${URL}/${made.id}`)).status).toBe(404);
  expect((await other('POST', `${URL}/${made.id}/stop`)).status).toBe(404);
  expect((await other('DELETE', `${URL}/${made.id}`)).status).toBe(404);
});

test.each([
  ['101 variables', Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`v${n}`, ''])), 'variables'],
  ['a value of more than 32 KiB', { long: 'x'.repeat(32 * 1024 + 1) }, 'variables.long'],
  ['more than 64 KiB together', { a: 'x'.repeat(32_768), b: 'x'.repeat(32_767) }, 'variables'],
  ['a value that is no text', { n: 5 }, 'variables.n'],
  ['an array', [], 'variables'],
])('%s are invalid variables', async (_, variables, field) => {
  const { ask } = await simulate();
  const { status, body } = await ask('POST', URL, { actions: ACTIONS, variables });
  expect([status, body.error.reason, body.error.details[0].field]).toEqual([400, 'INVALID_VARIABLES', field]);
});

test('variables up to the limits are taken', async () => {
  const { ask } = await simulate();
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`v${n}`, 'ü']));
  expect((await ask('POST', URL, { actions: ACTIONS, variables: many })).status).toBe(200);
  const long = { a: 'x'.repeat(32_768), b: 'x'.repeat(32_766) };
  expect((await ask('POST', URL, { actions: ACTIONS, variables: long })).status).toBe(200);
});

test.each(['javascript:alert(1)', 'ftp://example.org', 'example.org', 7])('%j is no webhook', async (webhook_uri) => {
  const { ask } = await simulate();
  const { status, body } = await ask('POST', URL, { actions: ACTIONS, webhook_uri });
  expect([status, body.error.details[0].field]).toEqual([400, 'webhook_uri']);
});
