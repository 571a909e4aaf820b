import { expect, test } from 'vitest';
import { address } from '../../../core/calls/address.ts';
import { NIL_UUID } from '../../../core/kernel/ids.ts';
import { documented } from '../documented.ts';
import { simulate } from '../simulated-backend.ts';

test('a call supervises another in a way that there is, and is made louder within bounds', async () => {
  const { backend, ask, customerId } = await simulate();
  const judge = await documented(backend.server);
  const [source, destination] = [address('tel', '+4930111111'), address('tel', '+4930222222')];
  const [boss, agent] = [1, 2].map(() =>
    backend.life.addCall(customerId, { status: 'progressing', source, destination }),
  );
  const url = `/v1.0/calls/${boss!.id}`;
  const begun = await ask('POST', `${url}/supervise`, { call_id: agent!.id, mode: 'whisper' });
  expect([begun.status, judge('POST', '/v1.0/calls/{id}/supervise', begun.body)]).toEqual([200, '']);
  expect((await ask('DELETE', `${url}/supervise`)).status).toBe(200);
  expect((await ask('POST', `${url}/supervise`, { call_id: agent!.id, mode: 'shout' })).status).toBe(400);
  expect((await ask('POST', `${url}/supervise`, { call_id: NIL_UUID, mode: 'listen' })).status).toBe(404);
  expect((await ask('POST', `${url}/gain`, { in: 6 })).status).toBe(200);
  expect((await ask('POST', `${url}/gain`, { out: -41 })).body.error.details[0].field).toBe('out');
});
