import { expect, test } from 'vitest';
import { NIL_UUID } from '../../../core/kernel/ids.ts';
import { simulate } from '../simulated-backend.ts';

const URL = '/v1.0/numbers';

test('a number is active at once, without a carrier', async () => {
  const { ask } = await simulate();
  const { body } = await ask('POST', URL, { number: '+4930123456' });
  expect(body).toMatchObject({ number: '+4930123456', type: 'normal', status: 'active', call_flow_id: NIL_UUID });
  expect((await ask('POST', URL, { number: '+899123456789' })).body.type).toBe('virtual');
});

test.each(['+123456', '+1234567890123456', '4930123456', '+49 30 123456', '', 4930123456])(
  '%j is no number',
  async (number) => {
    const { ask } = await simulate();
    const { status, body } = await ask('POST', URL, { number });
    expect([status, body.error.details[0].expected]).toEqual([400, '+ and 7 to 15 digits']);
  },
);

test('a number exists once', async () => {
  const { ask } = await simulate();
  await ask('POST', URL, { number: '+4930123456' });
  const { status, body } = await ask('POST', URL, { number: '+4930123456' });
  expect([status, body.error.reason, body.error.details[0].field]).toEqual([409, 'ALREADY_EXISTS', 'number']);
});

test('the flow of a number is set, kept by other changes, and taken away', async () => {
  const { ask } = await simulate();
  const { body: flow } = await ask('POST', '/v1.0/flows', { actions: [{ type: 'answer' }] });
  const { body: made } = await ask('POST', URL, { number: '+4930123456' });
  const url = `${URL}/${made.id}`;
  const set = await ask('PUT', `${url}/flow_ids`, { call_flow_id: flow.id.toUpperCase() });
  expect(set.body).toMatchObject({ call_flow_id: flow.id, message_flow_id: NIL_UUID });
  expect((await ask('PUT', url, { name: 'Desk' })).body).toMatchObject({ call_flow_id: flow.id, name: 'Desk' });
  expect((await ask('PUT', url, { call_flow_id: '' })).body.call_flow_id).toBe(NIL_UUID);
});

test('a flow that is not there is named by its field', async () => {
  const { ask } = await simulate();
  const call_flow_id = '11111111-2222-4333-8444-555555555555';
  const { status, body } = await ask('POST', URL, { number: '+4930123456', call_flow_id });
  expect(status).toBe(404);
  expect(body.error.details[0]).toMatchObject({ field: 'call_flow_id', got: call_flow_id });
});

test('metadata holds whether RTP is written down', async () => {
  const { ask } = await simulate();
  const { body: made } = await ask('POST', URL, { number: '+4930123456' });
  expect(made.metadata).toEqual({ rtp_debug: false });
  const { body } = await ask('PUT', `${URL}/${made.id}/metadata`, { rtp_debug: true });
  expect(body.metadata).toEqual({ rtp_debug: true });
});
