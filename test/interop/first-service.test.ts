import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeAudio } from '../../media/decode-audio.ts';
import { atOnce } from '../../media/decoding.ts';
import { openOpus } from '../../media/io/opus-library.ts';
import { EventClient } from '../clients/event-client.ts';
import { ScriptClient, ScriptServer } from '../clients/script-client.ts';
import type { Frame } from '../clients/socket-client.ts';
import { until } from './program.ts';
import { TandemProcess } from './tandem-process.ts';
import { Trunk } from './trunk-line.ts';
import { toneSeconds, writeVoice } from './voice.ts';

const KEY = 'vb_test_key_of_the_suite_0123456789';
const MENU = '+899000000103';
const NIL = '00000000-0000-0000-0000-000000000000';

let tandem: TandemProcess;
let trunk: Trunk;
let origin: string;

beforeAll(async () => {
  tandem = await TandemProcess.start({ args: ['--allow-private', '127.0.0.0/8'] });
  await tandem.api('POST', '/v1.0/trunks', { domain_name: 'peer', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
  trunk = await Trunk.open(tandem.sipPort);
  origin = `ws://127.0.0.1:${tandem.httpPort}`;
});
afterAll(async () => {
  await trunk.stop();
  await tandem.stop();
}, 60_000);

async function rows(path: string): Promise<Record<string, unknown>[]> {
  const { status, body } = await tandem.api('GET', path);
  expect(status, JSON.stringify(body)).toBe(200);
  return body['result'] as Record<string, unknown>[];
}

/** A number that runs these actions; returns it. */
async function numberFor(digits: string, actions: readonly object[]): Promise<string> {
  const flow = await tandem.api('POST', '/v1.0/flows', { name: digits, actions });
  expect(flow.status, JSON.stringify(flow.body)).toBe(200);
  const number = `+49309${digits}`;
  const made = await tandem.api('POST', '/v1.0/numbers', { number, call_flow_id: flow.body['id'] });
  expect(made.status, JSON.stringify(made.body)).toBe(200);
  return number;
}

describe('a call to a number', () => {
  test('hears a menu, presses 1, and is led to the echo', { timeout: 60_000 }, async () => {
    const line = await trunk.call(MENU);
    await until(
      async () => (line.heardCount > 30 ? true : undefined),
      10_000,
      () => 'the menu',
    );
    line.press('1');
    line.speak(700);
    // What was pressed while the menu spoke counts once it has ended.
    await until(
      async () => (toneSeconds(line.heard(), 700) > 1 ? true : undefined),
      20_000,
      () => 'the echo',
    );
    const [activeflow] = await rows('/v1.0/activeflows');
    expect(activeflow).toMatchObject({ status: 'running', reference_type: 'call' });
    line.hangup();
    await tandem.settled('tandem_activeflows_live', 0);
  });

  test('goes on where the branch leads for what was pressed', { timeout: 60_000 }, async () => {
    const [one, other] = ['10000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000002'];
    const number = await numberFor('0001', [
      { type: 'answer' },
      { type: 'digits_receive', option: { duration: 5000, length: 2 } },
      { type: 'branch', option: { target_ids: { '42': one }, default_target_id: other } },
      { id: other, type: 'hangup', option: { reason: 'busy' } },
      { id: one, type: 'beep' },
      { type: 'sleep', option: { duration: 300 } },
      { type: 'hangup' },
    ]);
    const right = await trunk.call(number);
    right.press('4');
    right.press('2');
    const wrong = await trunk.call(number);
    wrong.press('9');
    wrong.press('9');
    expect(await Promise.all([right.over, wrong.over])).toEqual(['there', 'there']);
    expect(toneSeconds(right.heard(), 1000)).toBeGreaterThan(0.3);
    expect(toneSeconds(wrong.heard(), 1000)).toBe(0);
  });

  test('is recorded, and what was said comes back by HTTP', { timeout: 60_000 }, async () => {
    const number = await numberFor('0002', [
      { type: 'answer' },
      { type: 'recording_start', option: { format: 'wav' } },
      { type: 'sleep', option: { duration: 2000 } },
      { type: 'recording_stop' },
      { type: 'play', option: { stream_urls: [`recording:\${voipbin.recording.id}`] } },
      { type: 'hangup' },
    ]);
    const line = await trunk.call(number);
    line.speak(900);
    await pause(2_300);
    line.speak(0);
    expect(await line.over).toBe('there');
    expect(toneSeconds(line.heard(), 900)).toBeGreaterThan(1.5);
    const [recording] = await rows('/v1.0/recordings');
    expect(recording).toMatchObject({ status: 'ended', reference_type: 'call', format: 'wav' });
    const file = await fetch(`http://127.0.0.1:${tandem.httpPort}/v1.0/recordingfiles/${recording!['id']}`, {
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect(file.status).toBe(200);
    const bytes = Buffer.from(await file.arrayBuffer());
    expect(bytes.readUInt16LE(22)).toBe(2); // Both sides, one a channel.
    expect((bytes.length - 44) / 4 / 8000).toBeGreaterThan(1.8);
  });
});

describe('servers of users', () => {
  test('give the audio that is played, the actions that are fetched, and are told by webhook', {
    timeout: 60_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-web-'));
    const wav = readFileSync(writeVoice(join(folder, 'tone.wav'), 800, 1));
    const mp3 = readFileSync(new URL('../audio/tone-44k-stereo.mp3', import.meta.url));
    const asked: { path: string; body: string }[] = [];
    const web = createServer((request, response) => {
      let body = '';
      request.on('data', (bytes) => {
        body += bytes;
      });
      request.on('end', () => {
        asked.push({ path: request.url!, body });
        if (request.url === '/tone.wav') response.setHeader('content-type', 'audio/wav').end(wav);
        else if (request.url === '/tone.mp3') response.end(mp3);
        else if (request.url === '/next') response.end(JSON.stringify([{ type: 'beep' }]));
        else response.end('{}');
      });
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    const root = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    const number = await numberFor('0005', [
      { type: 'answer' },
      { type: 'recording_start', option: { format: 'ogg' } },
      { type: 'play', option: { stream_urls: [`${root}/tone.wav`, `${root}/tone.wav`, `${root}/tone.mp3`] } },
      { type: 'recording_stop' },
      { type: 'fetch', option: { event_url: `${root}/next`, event_method: 'POST' } },
      { type: 'webhook_send', option: { uri: `${root}/hook`, method: 'POST', data: `call \${voipbin.call.id}` } },
      { type: 'hangup' },
    ]);
    const line = await trunk.call(number);
    expect(await line.over).toBe('there');
    expect(toneSeconds(line.heard(), 800)).toBeGreaterThan(1.7);
    // The beep, and the MP3.
    expect(toneSeconds(line.heard(), 1000)).toBeGreaterThan(0.7);
    await until(
      async () => asked.find(({ path }) => path === '/hook'),
      5_000,
      () => 'the webhook',
    );
    web.close();
    // One download served both; what was said is the call's own.
    expect(asked.map(({ path }) => path)).toEqual(['/tone.wav', '/tone.mp3', '/next', '/hook']);
    const [call] = await rows('/v1.0/calls');
    expect(asked.at(-1)!.body).toBe(`call ${call!['id']}`);
    expect(JSON.parse(asked[2]!.body)).toMatchObject({ activeflow_id: call!['activeflow_id'] });
    const recording = (await rows('/v1.0/recordings')).find(({ format }) => format === 'ogg')!;
    expect(recording).toMatchObject({ status: 'ended', files: [{ name: expect.stringMatching(/_stereo\.ogg$/) }] });
    const file = await fetch(`http://127.0.0.1:${tandem.httpPort}/v1.0/recordingfiles/${recording['id']}`, {
      headers: { authorization: `Bearer ${KEY}` },
    });
    expect(file.headers.get('content-type')).toBe('audio/ogg');
    const decoded = atOnce(decodeAudio(Buffer.from(await file.arrayBuffer()), { opus: openOpus, mp3: undefined }));
    expect(decoded.kind === 'decoded' && toneSeconds(decoded.samples, 800)).toBeGreaterThan(1.7);
  });
});

describe('the API', () => {
  test('creates a call to a SIP address, lists it, and hangs it up', { timeout: 60_000 }, async () => {
    const echo = (await rows('/v1.0/flows')).find(({ name }) => name === 'Echo')!;
    // The callee is a number of this very switch: it calls itself as a trunk would.
    const target = `sip:+899000000101@127.0.0.1:${tandem.sipPort}`;
    const made = await tandem.api('POST', '/v1.0/calls', {
      flow_id: echo['id'],
      destinations: [{ type: 'sip', target }],
    });
    expect(made.status, JSON.stringify(made.body)).toBe(200);
    const [call] = made.body['calls'] as Record<string, unknown>[];
    await tandem.settled('tandem_activeflows_live', 2);
    expect((await rows('/v1.0/calls')).map(({ id }) => id)).toContain(call!['id']);
    const read = await tandem.api('GET', `/v1.0/calls/${call!['id']}`);
    expect(read.body).toMatchObject({ status: 'progressing', direction: 'outgoing', destination: { target } });
    const ended = await tandem.api('POST', `/v1.0/calls/${call!['id']}/hangup`);
    expect(ended.status).toBe(200);
    await tandem.settled('tandem_calls_live', 0);
    const after = await tandem.api('GET', `/v1.0/calls/${call!['id']}`);
    expect(after.body).toMatchObject({ status: 'hangup', hangup_by: 'local', hangup_reason: 'normal' });
  });

  test('tells every event in order and without holes, and again after a break', { timeout: 60_000 }, async () => {
    const customer = (await rows('/v1.0/numbers'))[0]!['customer_id'];
    const topics = [`customer_id:${customer}`];
    const first = await EventClient.open(origin, KEY);
    const subscribed = await first.subscribe(topics);
    expect(subscribed).toMatchObject({ type: 'subscribed', topics });
    const line = await trunk.call(MENU);
    const seen: Frame[] = [await first.next()];
    for (; seen.at(-1)!['event'] !== 'call_progressing'; ) seen.push(await first.next());
    first.close();
    line.press('3');
    await line.over;
    await tandem.settled('tandem_calls_live', 0);

    const second = await EventClient.open(origin, KEY);
    const again = await second.subscribe(topics, seen.at(-1)!['number'] as number);
    expect(again['epoch']).toBe(subscribed['epoch']);
    for (; seen.at(-1)!['event'] !== 'call_hangup'; ) seen.push(await second.next());
    second.close();
    const from = subscribed['number'] as number;
    expect(seen.map(({ number }) => number)).toEqual(seen.map((_, index) => from + 1 + index));
    const calls = seen.filter(({ event }) => (event as string).startsWith('call_')).map(({ event }) => event);
    expect(calls).toEqual(['call_created', 'call_progressing', 'call_terminating', 'call_hangup']);
    const others = new Set(seen.map(({ event }) => event));
    for (const event of ['activeflow_created', 'activeflow_updated', 'dtmf_received']) expect(others).toContain(event);
  });
});

describe('a program', () => {
  test('answers a call that reaches it, plays, takes digits and hangs up', { timeout: 60_000 }, async () => {
    const server = await ScriptServer.listen();
    const number = await numberFor('0003', [{ type: 'script', option: { url: server.url } }]);
    const calling = trunk.call(number);
    const program = await server.next();
    const session = await program.nextOf('session');
    expect(session).toMatchObject({ n: 1, call: { direction: 'incoming', status: 'dialing' } });
    const accepted = await program.actions([
      { type: 'answer' },
      { type: 'beep' },
      { type: 'digits_receive', option: { duration: 5000, length: 2 } },
    ]);
    expect(accepted['type']).toBe('accepted');
    const line = await calling;
    const states: Frame[] = [];
    for (const wanted of ['answer', 'beep', 'digits_receive']) {
      states.push(await program.nextOf('action'));
      expect(states.at(-1), wanted).toMatchObject({ state: 'started' });
      if (wanted === 'digits_receive') for (const digit of ['5', '6']) line.press(digit);
      states.push(await program.nextOf('action'));
      expect(states.at(-1), wanted).toMatchObject({ state: 'finished', id: states.at(-2)!['id'] });
    }
    expect(states.at(-1)!['result']).toEqual({ digits: '56' });
    expect(toneSeconds(line.heard(), 1000)).toBeGreaterThan(0.3);
    expect((await program.command('hangup'))['type']).toBe('accepted');
    expect(await line.over).toBe('there');
    await program.nextOf('ended');
    server.close();
  });

  test('takes over a live call from outside, and a wrong action is refused with its field', {
    timeout: 60_000,
  }, async () => {
    const number = await numberFor('0004', [{ type: 'answer' }, { type: 'sleep', option: { duration: 60_000 } }]);
    const line = await trunk.call(number);
    const [call] = await rows('/v1.0/calls');
    const program = await ScriptClient.open(origin, call!['id'] as string, KEY);
    expect(await program.nextOf('session')).toMatchObject({ n: 1, call: { id: call!['id'] } });
    const refused = await program.actions([{ type: 'play', option: { stream_urls: 7 } }]);
    expect(refused).toMatchObject({ type: 'refused', field: 'actions[0].option.stream_urls' });
    expect((await program.actions([{ type: 'beep' }], 'now'))['type']).toBe('accepted');
    await pause(1_000);
    expect(toneSeconds(line.heard(), 1000)).toBeGreaterThan(0.3);
    await program.command('hangup');
    expect(await line.over).toBe('there');
    program.close();
    expect(call!['flow_id']).not.toBe(NIL);
  });
});

test('a process that is asked to end completes its recordings before it goes', { timeout: 60_000 }, async () => {
  const first = await TandemProcess.start({ args: ['--drain', '0s'] });
  await first.api('POST', '/v1.0/trunks', { domain_name: 'peer', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
  const actions = [{ type: 'answer' }, { type: 'recording_start' }, { type: 'sleep', option: { duration: 60_000 } }];
  const flow = await first.api('POST', '/v1.0/flows', { actions });
  await first.api('POST', '/v1.0/numbers', { number: '+4930778899', call_flow_id: flow.body['id'] });
  const own = await Trunk.open(first.sipPort);
  const line = await own.call('+4930778899');
  await pause(1_500);
  expect(await first.stop()).toBe(0);
  expect(await line.over).toBe('there');
  await own.stop();
  const second = await TandemProcess.start({ folder: first.folder });
  const { body } = await second.api('GET', '/v1.0/recordings');
  expect(body['result']).toMatchObject([{ status: 'ended', reference_type: 'call' }]);
  expect(await second.metric('tandem_recordings_total{what="failed"}')).toBe(0);
  const [{ id }] = body['result'] as [{ id: string }];
  const file = await fetch(`http://127.0.0.1:${second.httpPort}/v1.0/recordingfiles/${id}?channel=in`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  expect(((await file.arrayBuffer()).byteLength - 44) / 16_000).toBeGreaterThan(1.4);
  expect(await second.stop()).toBe(0);
});
