import { expect, test } from 'vitest';
import { address } from '../../../core/calls/address.ts';
import { type CallId, NIL_UUID } from '../../../core/kernel/ids.ts';
import { CALL } from '../../core/store/rows.ts';
import { documented, type Judge } from '../documented.ts';
import { type Ask, asker, type SimulatedBackend, simulate } from '../simulated-backend.ts';

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
    park_slot: '',
    media: null,
    tm_create: '2026-01-01T00:00:00.000Z',
    tm_hangup: null,
    tm_delete: null,
  });
  expect(Object.keys(body)).toHaveLength(29);
});

test('a live call tells how it is heard now, an ended one how it was', async () => {
  const { backend, ask, customerId } = await simulate();
  const parties = { source: CALL.source, destination: CALL.destination };
  const live = backend.life.addCall(customerId, parties);
  const past = backend.life.addCall(customerId, { ...parties, status: 'hangup', media: CALL.media });
  backend.heard.set(live.id, { ...CALL.media!, roundTripMs: null, roundTripMsMax: null, buffer: null });
  expect((await ask('GET', `/v1.0/calls/${live.id}`)).body.media).toMatchObject({ rtt_ms: null, buffer: null });
  expect((await ask('GET', `/v1.0/calls/${past.id}`)).body.media).toEqual({
    codec: 'PCMU',
    rtt_ms: 20.5,
    rtt_ms_max: 40,
    received: {
      packets: 950,
      octets: 152_000,
      lost: 50,
      loss_share: 0.05,
      duplicates: 1,
      reordered: 2,
      jitter_ms: 1.5,
      mos: 3.9,
      bursts: { count: 2, loss_share: 0.5, duration_ms: 240, gap_loss_share: 0.01, gap_duration_ms: 6000 },
    },
    sent: {
      packets: 1000,
      octets: 160_000,
      reported: { count: 4, lost: 10, loss_share: 0.01, jitter_ms: 0.8, mos: 4.2 },
    },
    buffer: { delay_ms: 40, taken: 900, late: 3, lost: 50, dropped: 0, concealed: 45, stretched: 2, shortened: 1 },
  });
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

async function answered(): Promise<{ backend: SimulatedBackend; ask: Ask; url: string; judge: Judge }> {
  const { backend, ask, server, customerId } = await simulate();
  const call = backend.life.addCall(customerId, {
    status: 'progressing',
    source: address('tel', '+4930111111'),
    destination: address('tel', '+4930222222'),
  });
  return { backend, ask, url: `/v1.0/calls/${call.id}`, judge: await documented(server) };
}

test('every destination becomes a call, in the shape that the document of the API tells', async () => {
  const { ask, server } = await simulate();
  const judge = await documented(server);
  const destinations = [
    { type: 'tel', target: '+4930123456' },
    { type: 'sip', target: 'sip:a@192.0.2.1', name: 'A' },
  ];
  const source = { type: 'tel', target: '+4930654321' };
  const variables = { order: '12' };
  const { status, body } = await ask('POST', '/v1.0/calls', { source, destinations, anonymous: 'yes', variables });
  expect(status).toBe(200);
  expect(judge('POST', '/v1.0/calls', body)).toBe('');
  expect(body.groupcalls).toEqual([]);
  expect(body.calls.map((call: { destination: { target: string } }) => call.destination.target)).toEqual([
    '+4930123456',
    'sip:a@192.0.2.1',
  ]);
  expect(body.calls[0]).toMatchObject({ source: { ...source, target_name: '' }, direction: 'outgoing' });
  expect(judge('GET', '/v1.0/calls', (await ask('GET', '/v1.0/calls')).body)).toBe('');
});

test('a call that there is no room for is refused by 503, with a code and the time after which to ask again', async () => {
  const { backend, server } = await simulate();
  backend.life.isOverloaded = true;
  const { statusCode, headers, body } = await server.inject({
    method: 'POST',
    url: '/v1.0/calls',
    headers: { authorization: 'Bearer vb_first' },
    payload: { destinations: [{ type: 'tel', target: '+4930123456' }] },
  });
  expect([statusCode, headers['retry-after']]).toEqual([503, '10']);
  expect(JSON.parse(body).error).toMatchObject({
    status: 'UNAVAILABLE',
    reason: 'OVERLOADED',
    message: 'there is no place for another call',
    details: [{ field: 'destinations[0]', expected: '', got: '' }],
  });
});

test.each([
  [{}, 'INVALID_ARGUMENT', 'destinations'],
  [{ destinations: [] }, 'INVALID_ARGUMENT', 'destinations'],
  [{ destinations: ['+4930123456'] }, 'INVALID_ARGUMENT', 'destinations[0]'],
  [{ destinations: [{ type: 'pigeon', target: 'x' }] }, 'INVALID_ARGUMENT', 'destinations[0].type'],
  [{ destinations: [{}], anonymous: 'maybe' }, 'INVALID_ANONYMOUS_VALUE', 'anonymous'],
  [{ destinations: [{}], variables: { a: null } }, 'INVALID_VARIABLES', 'variables.a'],
  [{ destinations: [{}], actions: [{ type: 'dance' }] }, 'INVALID_ACTION_TYPE', 'actions[0].type'],
])('a call of %j is refused as %s for %s', async (body, reason, field) => {
  const { ask } = await simulate();
  const reply = await ask('POST', '/v1.0/calls', body);
  expect([reply.status, reply.body.error.reason, reply.body.error.details[0].field]).toEqual([400, reason, field]);
});

test('muting adds a direction, unmuting takes it away, and nothing said means both', async () => {
  const { ask, url } = await answered();
  const directions: string[] = [];
  for (const [method, body] of [
    ['POST', { direction: 'in' }],
    ['POST', undefined],
    ['DELETE', { direction: 'in' }],
    ['DELETE', {}],
  ] as const) {
    directions.push((await ask(method, `${url}/mute`, body)).body.mute_direction);
  }
  expect(directions).toEqual(['in', 'both', 'out', '']);
  expect((await ask('POST', `${url}/mute`, { direction: 'up' })).status).toBe(400);
});

test.each(['hold', 'moh'])('%s begins and ends for an answered call, and not for one that rings', async (what) => {
  const { ask, backend, url, judge } = await answered();
  for (const method of ['POST', 'DELETE'] as const) {
    const { status, body } = await ask(method, `${url}/${what}`);
    expect([status, judge(method, `/v1.0/calls/{id}/${what}`, body)]).toEqual([200, '']);
  }
  const id = url.slice(-36) as CallId;
  backend.life.changeCall(id, { status: 'ringing' });
  expect((await ask('POST', `${url}/${what}`)).body.error.reason).toBe('STATE_INVALID');
});

test('a call is recorded one recording at a time', async () => {
  const { ask, url } = await answered();
  const body = { format: 'wav', end_of_silence: 5, end_of_key: '#', duration: 60, on_end_flow_id: NIL_UUID };
  const started = await ask('POST', `${url}/recording_start`, body);
  expect(started.body.recording_id).toBe(started.body.recording_ids[0]);
  expect((await ask('POST', `${url}/recording_start`)).status).toBe(409);
  for (const act of ['recording_pause', 'recording_resume'])
    expect((await ask('POST', `${url}/${act}`)).status).toBe(200);
  const stopped = await ask('POST', `${url}/recording_stop`);
  expect(stopped.body).toMatchObject({ recording_id: NIL_UUID, recording_ids: started.body.recording_ids });
  expect((await ask('POST', `${url}/recording_stop`)).status).toBe(409);
  expect((await ask('POST', `${url}/recording_pause`)).status).toBe(409);
});

test.each([{ format: 'mp3' }, { end_of_key: '5' }, { duration: -1 }, { end_of_silence: 1.5 }, { on_end_flow_id: 'x' }])(
  'a recording with %j is refused',
  async (body) => {
    const { ask, url } = await answered();
    const reply = await ask('POST', `${url}/recording_start`, body);
    expect([reply.status, reply.body.error.details[0].field]).toEqual([400, Object.keys(body)[0]]);
  },
);

test('a call shows the action that its flow is at', async () => {
  const { ask, backend, customerId } = await simulate();
  const { body: running } = await ask('POST', '/v1.0/activeflows', { actions: [{ type: 'answer' }] });
  const [source, destination] = [address('tel', '+4930111111'), address('tel', '+4930222222')];
  const { id } = backend.life.addCall(customerId, { source, destination, activeflowId: running.id });
  const { body } = await ask('GET', `/v1.0/calls/${id}`);
  expect([body.activeflow_id, body.action.type]).toEqual([running.id, 'answer']);
});

test.each(['hold', 'moh', 'mute', 'gain', 'recording_start', 'recording_stop', 'recording_pause', 'recording_resume'])(
  'nothing is left to %s once a call has ended',
  async (what) => {
    const { ask, url } = await answered();
    await ask('POST', `${url}/hangup`);
    const { status, body } = await ask('POST', `${url}/${what}`);
    expect([status, body.error.details]).toEqual([409, [{ field: 'status', expected: 'a live call', got: 'hangup' }]]);
  },
);

test.each(['talk', 'silence'])('%s is not built yet, and says so', async (what) => {
  const { ask, url } = await answered();
  const { status, body } = await ask('POST', `${url}/${what}`);
  expect(status).toBe(501);
  expect(body.error).toMatchObject({ status: 'UNIMPLEMENTED', reason: 'NOT_IMPLEMENTED' });
});
