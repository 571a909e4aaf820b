import { expect, test } from 'vitest';
import { presentEvent } from '../../../api/presentation/event.ts';
import { address } from '../../../core/calls/address.ts';
import { documented } from '../documented.ts';
import { simulate } from '../simulated-backend.ts';

test('a call is parked in a slot that there is, shows it, and is given back', async () => {
  const { backend, ask, customerId } = await simulate();
  const judge = await documented(backend.server);
  const [source, destination] = [address('tel', '+4930111111'), address('tel', '+4930222222')];
  const call = backend.life.addCall(customerId, { status: 'progressing', source, destination });
  const url = `/v1.0/calls/${call.id}`;
  expect((await ask('GET', url)).body.park_slot).toBe('');
  const parked = await ask('POST', `${url}/park`, { slot: '*8507' });
  expect([parked.status, parked.body.park_slot, judge('POST', '/v1.0/calls/{id}/park', parked.body)]).toEqual([
    200,
    '*8507',
    '',
  ]);
  const returned = await ask('DELETE', `${url}/park`);
  expect([returned.status, returned.body.park_slot]).toEqual([200, '']);
  expect((await ask('POST', `${url}/park`)).body.park_slot).toBe('*8501');
  for (const slot of ['*8500', '*85', '7']) {
    const refused = await ask('POST', `${url}/park`, { slot });
    expect([refused.status, refused.body.error.details[0].field]).toEqual([400, 'slot']);
  }
});

test('clients are told where a call was parked, and why it is not any more', async () => {
  const { backend, customerId } = await simulate();
  const [source, destination] = [address('tel', '+4930111111'), address('tel', '+4930222222')];
  const { id: callId } = backend.life.addCall(customerId, { source, destination });
  expect(presentEvent({ type: 'call_parked', callId, slot: 3 })).toEqual({
    type: 'call_parked',
    data: { call_id: callId, slot: '*8503' },
    audience: 'own',
  });
  expect(presentEvent({ type: 'call_unparked', callId, slot: 3, reason: 'retrieved' })?.data).toEqual({
    call_id: callId,
    slot: '*8503',
    reason: 'retrieved',
  });
});
