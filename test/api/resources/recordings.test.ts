import { expect, test } from 'vitest';
import { address } from '../../../core/calls/address.ts';
import { documented } from '../documented.ts';
import { type Ask, asker, type SimulatedBackend, simulate } from '../simulated-backend.ts';

const URL = '/v1.0/recordings';
const FILES = '/v1.0/recordingfiles';

/** A mono WAV file of 8 kHz whose samples are the bytes given, with a chunk that nobody knows before them. */
function wave(bytes: Uint8Array, channelCount = 1): Uint8Array {
  const header = Buffer.alloc(54);
  header.write('RIFF', 0);
  header.writeUInt32LE(46 + bytes.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channelCount, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('LIST', 36);
  header.writeUInt32LE(1, 40);
  header.write('data', 46);
  header.writeUInt32LE(bytes.length, 50);
  return Buffer.concat([header, bytes]);
}

async function recorded(): Promise<{ backend: SimulatedBackend; ask: Ask; id: string; call: string }> {
  const { backend, ask, customerId } = await simulate();
  const [source, destination] = [address('tel', '+4930111111'), address('tel', '+4930222222')];
  const call = backend.life.addCall(customerId, { status: 'progressing', source, destination });
  const id: string = (await ask('POST', `/v1.0/calls/${call.id}/recording_start`)).body.recording_id;
  await ask('POST', `/v1.0/calls/${call.id}/recording_stop`);
  return { backend, ask, id, call: call.id };
}

/** Files are closed with the answer's stream, a moment after its last byte: by the time of the next answer. */
async function allClosed(backend: SimulatedBackend): Promise<void> {
  await backend.server.inject('/ping');
  expect(backend.openFileCount).toBe(0);
}

/** Where a recording can be downloaded from. */
async function addressOf(backend: SimulatedBackend, id: string, query = ''): Promise<string> {
  const headers = { authorization: 'Bearer vb_first' };
  const response = await backend.server.inject({ url: `${FILES}/${id}${query}`, headers });
  expect(response.statusCode).toBe(307);
  return String(response.headers.location);
}

test('a recording is listed, read and deleted in the shape that the document of the API tells', async () => {
  const { backend, ask, id, call } = await recorded();
  const judge = await documented(backend.server);
  const { body } = await ask('GET', `${URL}/${id}`);
  expect(judge('GET', `${URL}/{id}`, body)).toBe('');
  expect(body).toMatchObject({ reference_type: 'call', reference_id: call, status: 'ended', format: 'wav' });
  expect(body.files).toHaveLength(2);
  expect(judge('GET', URL, (await ask('GET', URL)).body)).toBe('');
  expect((await ask('DELETE', `${URL}/${id}`)).body.tm_delete).toBe('2026-01-01T00:00:00.000Z');
  expect((await ask('GET', `${URL}/${id}`)).body.error.reason).toBe('RECORDING_NOT_FOUND');
  expect((await ask('DELETE', `${URL}/${id}`)).status).toBe(404);
  expect((await ask('GET', `${FILES}/${id}`)).status).toBe(404);
});

test('a recording that runs is not downloaded, and can be deleted', async () => {
  const { ask, call } = await recorded();
  const id: string = (await ask('POST', `/v1.0/calls/${call}/recording_start`)).body.recording_id;
  expect((await ask('GET', `${FILES}/${id}`)).body.error.reason).toBe('STATE_INVALID');
  expect((await ask('DELETE', `${URL}/${id}`)).body.tm_delete).toBe('2026-01-01T00:00:00.000Z');
});

test('both sides of a call come as one stereo file, in at the left and out at the right', async () => {
  const { backend, id, call } = await recorded();
  backend.files.set(`call_${call}_in.wav`, wave(Uint8Array.of(1, 2, 3, 4)));
  backend.files.set(`call_${call}_out.wav`, wave(Uint8Array.of(5, 6)));
  const response = await backend.server.inject(await addressOf(backend, id));
  const audio = response.rawPayload;
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'audio/wav']);
  expect(audio.subarray(0, 4).toString()).toBe('RIFF');
  expect([audio.readUInt32LE(4), audio.readUInt16LE(22), audio.readUInt32LE(24), audio.readUInt16LE(34)]).toEqual([
    audio.length - 8,
    2,
    8000,
    16,
  ]);
  expect([...audio.subarray(44)]).toEqual([1, 2, 5, 6, 3, 4, 0, 0]);
  await allClosed(backend);
});

test('any part of a long stereo file is the same as in the whole', async () => {
  const { backend, id, call } = await recorded();
  const noise = (seed: number, sizeBytes: number): Uint8Array =>
    Uint8Array.from({ length: sizeBytes }, (_, i) => (i * seed + (i >> 8)) & 255);
  backend.files.set(`call_${call}_in.wav`, wave(noise(7, 300_002)));
  backend.files.set(`call_${call}_out.wav`, wave(noise(13, 250_000)));
  const url = await addressOf(backend, id);
  const whole = (await backend.server.inject(url)).rawPayload;
  expect(whole).toHaveLength(44 + 600_004);
  for (const [start, end] of [
    [0, 1],
    [3, 60],
    [44, 48],
    [45, 47],
    [131_071, 131_122],
    [500_001, 600_048],
    [100_003, 400_006],
  ] as const) {
    const response = await backend.server.inject({ url, headers: { range: `bytes=${start}-${end - 1}` } });
    expect([response.statusCode, response.headers['content-range']]).toEqual([206, `bytes ${start}-${end - 1}/600048`]);
    expect(response.rawPayload.equals(whole.subarray(start, end))).toBe(true);
  }
  const last = await backend.server.inject({ url, headers: { range: 'bytes=-5' } });
  expect(last.rawPayload.equals(whole.subarray(-5))).toBe(true);
  expect((await backend.server.inject({ url, headers: { range: 'bytes=600048-' } })).statusCode).toBe(416);
  await allClosed(backend);
});

test('one side of a call comes as it was recorded', async () => {
  const { backend, id, call } = await recorded();
  const out = wave(Uint8Array.of(5, 6));
  backend.files.set(`call_${call}_in.wav`, wave(Uint8Array.of(1, 2)));
  backend.files.set(`call_${call}_out.wav`, out);
  const response = await backend.server.inject(await addressOf(backend, id, '?channel=out'));
  expect(response.rawPayload.equals(out)).toBe(true);
});

test('what is no pair of mono files is not mixed up: the first file comes as it is', async () => {
  const { backend, id, call } = await recorded();
  backend.files.set(`call_${call}_in.wav`, wave(Uint8Array.of(1, 2, 3, 4), 2));
  backend.files.set(`call_${call}_out.wav`, Buffer.from('not audio'));
  const response = await backend.server.inject(await addressOf(backend, id));
  expect(response.rawPayload.equals(wave(Uint8Array.of(1, 2, 3, 4), 2))).toBe(true);
  await allClosed(backend);
});

test('the address of a download needs no credential, and only while its signature is fresh and whole', async () => {
  const { backend, id, call } = await recorded();
  backend.files.set(`call_${call}_in.wav`, wave(Uint8Array.of(1, 2)));
  const url = await addressOf(backend, id);
  const { server } = backend;
  expect((await server.inject(url)).statusCode).toBe(200);
  const other = url.replace(id, '11111111-2222-4333-8444-555555555555');
  const later = url.replace(/expires=\d/, 'expires=9');
  const cut = url.slice(0, -1);
  for (const forged of [other, later, cut, url.split('?')[0]!, `${url.split('?')[0]}?expires=9e99&signature=`]) {
    const response = await server.inject(forged);
    expect([response.statusCode, response.json().error.reason]).toEqual([401, 'INVALID_CREDENTIALS']);
  }
  backend.pass(15 * 60_000);
  expect((await server.inject(url)).statusCode).toBe(401);
});

test('a file that is gone is not found, and a recording of another customer neither', async () => {
  const { backend, id } = await recorded();
  expect((await backend.server.inject(await addressOf(backend, id))).statusCode).toBe(404);
  backend.addAccesskey(backend.addCustomer('Second'), 'vb_second');
  const other = asker(backend.server, 'vb_second');
  expect((await other('GET', `${FILES}/${id}`)).status).toBe(404);
  expect((await other('GET', `${URL}/${id}`)).status).toBe(404);
  expect((await other('DELETE', `${URL}/${id}`)).status).toBe(404);
});
