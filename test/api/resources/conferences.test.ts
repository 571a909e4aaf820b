import { expect, test } from 'vitest';
import { address } from '../../../core/calls/address.ts';
import type { ConferenceId } from '../../../core/kernel/ids.ts';
import { NIL_UUID } from '../../../core/kernel/ids.ts';
import { documented } from '../documented.ts';
import { type Ask, asker, type SimulatedBackend, simulate } from '../simulated-backend.ts';

const URL = '/v1.0/conferences';

interface Meeting {
  readonly backend: SimulatedBackend;
  readonly ask: Ask;
  readonly room: string;
  readonly stay: string;
}

/** One call in a conference. */
async function meeting(): Promise<Meeting> {
  const { backend, ask, customerId } = await simulate();
  const room: string = (await ask('POST', URL, { type: 'conference' })).body.id;
  const [source, destination] = [address('tel', '+4930111111'), address('tel', '+4930222222')];
  const call = backend.life.addCall(customerId, { status: 'progressing', source, destination });
  return { backend, ask, room, stay: backend.life.join(call, room as ConferenceId) };
}

test('a conference can be given its id, and has it once', async () => {
  const { ask } = await simulate();
  const body = { type: 'conference', id: '11111111-2222-4333-8444-555555555555' };
  expect((await ask('POST', URL, body)).body).toMatchObject({ id: body.id, status: 'progressing', timeout: 0 });
  expect((await ask('POST', URL, body)).status).toBe(409);
});

test.each([
  [0, 0],
  [1, 86_400],
  [59, 86_400],
  [60, 60],
])('a time-out of %i seconds is kept as %i', async (given, kept) => {
  const { ask } = await simulate();
  expect((await ask('POST', URL, { type: 'conference', timeout: given })).body.timeout).toBe(kept);
});

test.each([
  [{}, 'type'],
  [{ type: 'party' }, 'type'],
  [{ type: 'conference', timeout: -1 }, 'timeout'],
  [{ type: 'conference', data: 'red' }, 'data'],
  [{ type: 'conference', pre_flow_id: 'x' }, 'pre_flow_id'],
])('%j is refused for its %s', async (body, field) => {
  const { ask } = await simulate();
  const reply = await ask('POST', URL, body);
  expect([reply.status, reply.body.error.details[0].field]).toEqual([400, field]);
});

test('a conference names who is in it; who is put out is in it no more', async () => {
  const { ask, backend, room, stay } = await meeting();
  const judge = await documented(backend.server);
  expect((await ask('GET', `${URL}/${room}`)).body.conferencecall_ids).toEqual([stay]);
  const list = await ask('GET', '/v1.0/conferencecalls');
  expect(judge('GET', '/v1.0/conferencecalls', list.body)).toBe('');
  expect(list.body.result[0]).toMatchObject({
    id: stay,
    conference_id: room,
    status: 'joined',
    reference_type: 'call',
  });
  expect((await ask('DELETE', `/v1.0/conferencecalls/${stay}`)).body.status).toBe('leaved');
  expect((await ask('DELETE', `/v1.0/conferencecalls/${stay}`)).body.error.reason).toBe('STATE_INVALID');
  expect((await ask('GET', `${URL}/${room}`)).body.conferencecall_ids).toEqual([]);
});

test("another customer's conferencecall is not found", async () => {
  const { backend, stay } = await meeting();
  backend.addAccesskey(backend.addCustomer('Second'), 'vb_second');
  const other = asker(backend.server, 'vb_second');
  expect((await other('GET', `/v1.0/conferencecalls/${stay}`)).body.error.reason).toBe('CONFERENCECALL_NOT_FOUND');
  expect((await other('DELETE', `/v1.0/conferencecalls/${stay}`)).status).toBe(404);
});

test('a conference is recorded one recording at a time', async () => {
  const { ask, backend, room } = await meeting();
  const judge = await documented(backend.server);
  const { status, body } = await ask('POST', `${URL}/${room}/recording_start`, { format: 'wav', duration: 60 });
  expect([status, judge('POST', '/v1.0/conferences/{id}/recording_start', body)]).toEqual([200, '']);
  expect(body.recording_id).toBe(body.recording_ids[0]);
  expect((await ask('POST', `${URL}/${room}/recording_start`)).status).toBe(409);
  expect((await ask('POST', `${URL}/${room}/recording_pause`)).body).toMatchObject({ id: room });
  expect((await ask('POST', `${URL}/${room}/recording_stop`)).body).toMatchObject({
    recording_id: NIL_UUID,
    recording_ids: body.recording_ids,
  });
});

test('a deleted conference is shown as ended', async () => {
  const { ask, room } = await meeting();
  const { body } = await ask('DELETE', `${URL}/${room}`);
  expect(body).toMatchObject({ status: 'terminated', tm_end: '2026-01-01T00:00:00.000Z' });
});

test('how a call takes part is changed, within what a gain can be', async () => {
  const { ask, backend, stay } = await meeting();
  const judge = await documented(backend.server);
  const url = `/v1.0/conferencecalls/${stay}`;
  const changed = await ask('PUT', url, { role: 'moderator', muted: true, gain_in: -6 });
  expect(judge('PUT', '/v1.0/conferencecalls/{id}', changed.body)).toBe('');
  expect(changed.body).toMatchObject({ role: 'moderator', muted: true, deaf: false, gain_in: -6, gain_out: 0 });
  expect((await ask('PUT', url, { gain_out: 21 })).body.error.details[0].field).toBe('gain_out');
  expect((await ask('PUT', url, { role: 'king' })).status).toBe(400);
  await ask('DELETE', url);
  expect((await ask('PUT', url, { muted: false })).body.error.reason).toBe('STATE_INVALID');
});

test('a conference is locked and opened, and keeps what it does besides', async () => {
  const { ask } = await simulate();
  const { id } = (await ask('POST', URL, { type: 'conference', entry_tone: true })).body;
  expect((await ask('PUT', `${URL}/${id}`, { talker_events: true })).body).toMatchObject({
    entry_tone: true,
    exit_tone: false,
    talker_events: true,
    locked: false,
  });
  expect((await ask('POST', `${URL}/${id}/lock`, {})).body.locked).toBe(true);
  expect((await ask('DELETE', `${URL}/${id}/lock`)).body.locked).toBe(false);
});

test('something is played to all in a conference, or to one', async () => {
  const { ask, backend, room, stay } = await meeting();
  await ask('POST', `${URL}/${room}/play`, { stream_urls: ['prompt:welcome', 'tone:beep'] });
  await ask('DELETE', `${URL}/${room}/play`);
  await ask('POST', `/v1.0/conferencecalls/${stay}/play`, { stream_urls: ['tone:beep'] });
  await ask('DELETE', `/v1.0/conferencecalls/${stay}/play`);
  expect(backend.life.played).toEqual(['prompt:welcome tone:beep', '', 'tone:beep', '']);
  expect((await ask('POST', `${URL}/${room}/play`, { stream_urls: [] })).status).toBe(400);
});

test('a program outside is brought into a conference, on its terms', async () => {
  const { ask, backend, room } = await meeting();
  const url = `${URL}/${room}/external_media`;
  const program = { external_host: '192.0.2.9:9092', transport: 'tcp', format: 'slin16' };
  expect((await ask('POST', url, { ...program, role: 'moderator', muted: true, gain_in: -3 })).status).toBe(200);
  expect(backend.life.programs).toMatchObject([
    {
      reference: { type: 'confbridge', id: room },
      id: null,
      wish: { transport: 'tcp', encapsulation: 'audiosocket', format: 'slin16', target: '192.0.2.9:9092' },
      terms: { role: 'moderator', isMuted: true, gainInDb: -3 },
    },
  ]);
  const refused = await ask('POST', url, { ...program, format: 'ulaw' });
  expect(refused.body.error.details[0]).toMatchObject({ field: 'format', got: 'ulaw' });
  expect((await ask('POST', url, { ...program, gain_in: 90 })).status).toBe(400);
});

test('what is played to all, or to one, is held, goes on, and is sought in by a place or by a distance', async () => {
  const { ask, backend, room, stay } = await meeting();
  for (const url of [`${URL}/${room}`, `/v1.0/conferencecalls/${stay}`]) {
    backend.life.played.length = 0;
    for (const path of ['play_pause', 'play_resume']) expect((await ask('POST', `${url}/${path}`)).status).toBe(200);
    await ask('POST', `${url}/play_seek`, { position: 1_500 });
    await ask('POST', `${url}/play_seek`, { offset: -500 });
    expect(backend.life.played.map((order) => JSON.parse(order))).toEqual([
      { kind: 'pause' },
      { kind: 'resume' },
      { kind: 'seek', toMs: 1_500, from: 'begin' },
      { kind: 'seek', toMs: -500, from: 'here' },
    ]);
    for (const body of [{}, { position: 1, offset: 1 }]) {
      expect((await ask('POST', `${url}/play_seek`, body)).body.error.details[0].field).toBe('position');
    }
  }
});
