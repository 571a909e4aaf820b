import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { ROOT } from '../../cli/build/run-tool.ts';
import { rateOf, SampleBytes } from '../../media/streams/sample-bytes.ts';
import { levelAt, testTone } from '../audio/measures.ts';
import { EventClient } from '../clients/event-client.ts';
import { SocketClient } from '../clients/socket-client.ts';
import { Program } from './program.ts';
import { AudioSocketProgram, MessagesProgram, RtpProgram } from './stream-programs.ts';
import { TandemProcess } from './tandem-process.ts';
import { readVoice, writeVoice } from './voice.ts';

const NODE = join(ROOT, 'node_modules/.bin/node');
const MAIN = join(ROOT, 'cli/main.ts');
const CALLER_HZ = 1100;
const STREAM_ID = '01020304-0506-4708-890a-0b0c0d0e0f10';
/** That of every process that the suite starts. */
const ACCESSKEY = 'vb_test_key_of_the_suite_0123456789';
const folder = mkdtempSync(join(tmpdir(), 'tandem-streams-'));
let server: TandemProcess;
let callId: string;
let phone: Program;

beforeAll(async () => {
  server = await TandemProcess.start({ args: ['--allow-private', '127.0.0.0/8'] });
  await server.createExtension('5000', 'secret-of-5000');
  const flow = await server.asAdmin('POST', '/v1.0/flows', {
    name: 'wait',
    actions: [{ type: 'answer' }, { type: 'sleep', option: { duration: 60_000 } }],
  });
  await server.asAdmin('POST', '/v1.0/numbers', { number: '+4930555', call_flow_id: flow.id });
});

afterAll(async () => {
  await phone?.stop('SIGKILL');
  await server.stop();
  rmSync(folder, { recursive: true });
});

type Packing = 'sln' | 'rtp' | 'audiosocket' | 'twilio' | 'l16';

const PACKINGS: readonly [Packing, string, number][] = [
  ['sln', 'encapsulation=sln', 400],
  ['rtp', 'encapsulation=rtp', 520],
  ['audiosocket', 'encapsulation=audiosocket', 640],
  ['twilio', 'encapsulation=twilio', 760],
  ['l16', 'encapsulation=l16&rate=24000', 880],
];

/** A program at `media_stream` that speaks a tone in one of the ways of packing, and keeps what it hears. */
class Listener {
  readonly socket: WebSocket;
  readonly rateHz: number;
  readonly #packing: Packing;
  readonly #bytes: SampleBytes;
  readonly #heard: number[] = [];
  #sequence = 0;

  constructor(socket: WebSocket, packing: Packing) {
    this.socket = socket;
    this.#packing = packing;
    const format = packing === 'twilio' ? 'ulaw' : packing === 'l16' ? 'slin24' : 'slin';
    this.rateHz = rateOf(format);
    this.#bytes = new SampleBytes(format, 'little');
    socket.on('message', (bytes: Buffer, isBinary) => {
      const payload = isBinary ? bytes.subarray(HEADERS[packing]) : payloadOf(bytes.toString());
      this.#heard.push(...new SampleBytes(format, 'little').decode(payload));
    });
  }

  /** Half a second at once, in pieces of any size. */
  speak(frequencyHz: number): void {
    const samples = testTone(frequencyHz, -26, this.rateHz / 2, this.rateHz);
    const bytes = new Uint8Array(this.#bytes.sizeOf(samples.length));
    this.#bytes.encode(samples, bytes, 0);
    for (let at = 0; at < bytes.length; at += 331) this.#say(bytes.subarray(at, at + 331));
  }

  heard(): Int16Array {
    return Int16Array.from(this.#heard);
  }

  #say(payload: Uint8Array): void {
    const size = payload.length;
    switch (this.#packing) {
      case 'twilio':
        this.socket.send(
          JSON.stringify({ event: 'media', media: { payload: Buffer.from(payload).toString('base64') } }),
        );
        return;
      case 'rtp':
        this.#sequence += 1;
        this.socket.send(Buffer.concat([Buffer.from([0x80, 96, 0, this.#sequence, 0, 0, 0, 0, 0, 0, 0, 0]), payload]));
        return;
      case 'audiosocket':
        this.socket.send(Buffer.concat([Buffer.from([0x10, size >> 8, size & 0xff]), payload]));
        return;
      default:
        this.socket.send(payload);
    }
  }
}

const HEADERS: Readonly<Record<Packing, number>> = { sln: 0, l16: 0, rtp: 12, audiosocket: 3, twilio: 0 };

function payloadOf(text: string): Uint8Array {
  const { event, media } = JSON.parse(text);
  return event === 'media' ? Buffer.from(media.payload, 'base64') : new Uint8Array(0);
}

function nextMark(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.on('message', (bytes, isBinary) => {
      if (!isBinary) resolve(JSON.parse(bytes.toString()));
    });
  });
}

function streamUrl(query: string): string {
  return `ws://127.0.0.1:${server.httpPort}/v1.0/calls/${callId}/media_stream?${query}`;
}

async function connect(query: string): Promise<WebSocket> {
  const client = await SocketClient.connect(streamUrl(query), [], { authorization: `Bearer ${ACCESSKEY}` });
  client.socket.removeAllListeners('message');
  return client.socket;
}

test('five programs in five packings hear who calls, and who calls hears them all', async () => {
  const play = writeVoice(join(folder, 'play.wav'), CALLER_HZ, 10);
  const record = join(folder, 'record.wav');
  const events = await EventClient.open(`ws://127.0.0.1:${server.httpPort}`, ACCESSKEY);
  const customer = (await server.asAdmin('GET', '/v1.0/me'))['customer_id'];
  await events.subscribe([`customer_id:${String(customer)}`]);
  phone = new Program(NODE, [
    MAIN,
    'call',
    `sip:+4930555@127.0.0.1:${server.sipPort}`,
    ...['--user', '5000', '--password', 'secret-of-5000', '--play', play, '--record', record],
  ]);
  callId = (await events.nextEvent('call_progressing')).data.id;

  const listeners: Listener[] = [];
  for (const [packing, query] of PACKINGS) listeners.push(new Listener(await connect(query), packing));
  for (let i = 0; i < listeners.length; i++) {
    const started = await events.nextEvent('external_media_started');
    expect(started.data).toMatchObject({ reference_id: callId, status: 'running', connection_type: 'server' });
  }
  await expect(connect('encapsulation=sln')).rejects.toThrow('409');
  await expect(SocketClient.connect(streamUrl(''), [], {})).rejects.toThrow('401');

  for (const [i, [, , frequencyHz]] of PACKINGS.entries()) listeners[i]!.speak(frequencyHz);
  // Of both, because one may be heard to its end a tick before the other.
  for (const { socket } of listeners.slice(0, 2)) {
    const mark = nextMark(socket);
    socket.send('{"event":"mark","mark":{"name":"said"}}');
    expect(await mark).toEqual({ event: 'mark', mark: { name: 'said', played_ms: 500 } });
  }

  listeners[1]!.socket.terminate();
  const broken = await events.nextEvent('external_media_finished');
  expect(broken.data).toMatchObject({ reference_id: callId, encapsulation: 'rtp', status: 'terminated' });
  expect(broken.data.said_ms).toBe(500);

  await server.asAdmin('POST', `/v1.0/calls/${callId}/hangup`);
  await phone.exited;
  for (const { heard, rateHz, name } of listeners.map((one, i) => ({
    heard: one.heard(),
    rateHz: one.rateHz,
    name: PACKINGS[i]![0],
  }))) {
    expect(loudest(heard, CALLER_HZ, rateHz), `${name} hears the caller`).toBeGreaterThan(-30);
    for (const [, , frequencyHz] of PACKINGS.filter(([other]) => other === name)) {
      expect(levelAt(heard, frequencyHz, rateHz), `${name} does not hear itself`).toBeLessThan(-40);
    }
  }
  const told = readVoice(record);
  for (const [name, , frequencyHz] of PACKINGS) {
    expect(loudest(told, frequencyHz), `the caller hears ${name}`).toBeGreaterThan(-30);
  }
  await server.settled('tandem_external_media_live', 0);
  await server.settled('tandem_media_streams', 0);
});

test('a flow connects its call with programs over TCP, UDP and WebSocket, and they hear it and are heard', async () => {
  const [tcp, udp, web] = await Promise.all([AudioSocketProgram.open(), RtpProgram.open(), MessagesProgram.open()]);
  const flow = await server.asAdmin('POST', '/v1.0/flows', {
    name: 'programs',
    actions: [
      { type: 'answer' },
      ...[
        { external_host: `127.0.0.1:${tcp.port}`, transport: 'tcp', format: 'slin16', data: STREAM_ID },
        { external_host: `127.0.0.1:${udp.port}` },
        { external_host: `ws://127.0.0.1:${web.port}/x`, transport: 'websocket', encapsulation: 'twilio' },
      ].map((option) => ({ type: 'external_media_start', option })),
      { type: 'sleep', option: { duration: 1200 } },
      { type: 'external_media_stop' },
      { type: 'hangup' },
    ],
  });
  await server.asAdmin('POST', '/v1.0/numbers', { number: '+4930556', call_flow_id: flow.id });
  const record = join(folder, 'told.wav');
  const play = writeVoice(join(folder, 'said.wav'), CALLER_HZ, 10);
  const caller = new Program(NODE, [
    MAIN,
    'call',
    `sip:+4930556@127.0.0.1:${server.sipPort}`,
    ...['--user', '5000', '--password', 'secret-of-5000', '--play', play, '--record', record],
  ]);
  expect(await caller.exited).toBe(0);
  const told = readVoice(record);
  for (const program of [tcp, udp, web]) {
    const heard = Int16Array.from(program.heard);
    const { name, rateHz, frequencyHz } = program;
    expect(loudest(heard, CALLER_HZ, rateHz), `${name} hears`).toBeGreaterThan(-30);
    expect(loudest(told, frequencyHz), `the caller hears ${name}`).toBeGreaterThan(-30);
    program.close();
  }
  expect(tcp.first).toBe(`010010${STREAM_ID.replaceAll('-', '')}`);
  expect(web.events.slice(0, 3)).toEqual(['connected', 'start', 'media']);
  expect(web.events.at(-1)).toBe('stop');
  await server.settled('tandem_external_media_live', 0);
});

test('programs by WebSocket and AudioSocket are members of a conference: listed, heard, muted, told as talkers, put out', async () => {
  const conference = await server.asAdmin('POST', '/v1.0/conferences', { type: 'conference', talker_events: true });
  const room = `/v1.0/conferences/${String(conference.id)}`;
  const events = await EventClient.open(`ws://127.0.0.1:${server.httpPort}`, ACCESSKEY);
  const customer = (await server.asAdmin('GET', '/v1.0/me'))['customer_id'];
  await events.subscribe([`customer_id:${String(customer)}`]);
  const url = `ws://127.0.0.1:${server.httpPort}${room}/media_stream?encapsulation=sln&gain_in=6`;
  const client = await SocketClient.connect(url, [], { authorization: `Bearer ${ACCESSKEY}` });
  client.socket.removeAllListeners('message');
  const web = new Listener(client.socket, 'sln');
  const webStay = (await events.nextEvent('conferencecall_joined')).data;
  expect(webStay).toMatchObject({ reference_type: 'external_media', role: 'member', gain_in: 6, muted: false });

  const tcp = await AudioSocketProgram.open();
  const external = { external_host: `127.0.0.1:${tcp.port}`, transport: 'tcp', format: 'slin16', data: STREAM_ID };
  await server.asAdmin('POST', `${room}/external_media`, { ...external, id: STREAM_ID, muted: true });
  const tcpStay = (await events.nextEvent('conferencecall_joined')).data;
  expect(tcpStay).toMatchObject({ reference_type: 'external_media', reference_id: STREAM_ID, muted: true });
  expect(await staysIn(room)).toEqual([webStay.id, tcpStay.id]);

  web.speak(700);
  expect((await events.nextEvent('conference_talker_changed')).data).toMatchObject({ conferencecall_id: webStay.id });
  await expect.poll(() => loudest(Int16Array.from(tcp.heard), 700, tcp.rateHz)).toBeGreaterThan(-24);
  expect(loudest(web.heard(), tcp.frequencyHz)).toBeLessThan(-60);
  const changed = await server.asAdmin('PUT', `/v1.0/conferencecalls/${tcpStay.id}`, { muted: false, gain_in: 3 });
  expect(changed).toMatchObject({ muted: false, gain_in: 3 });
  const second = await AudioSocketProgram.open();
  await server.asAdmin('POST', `${room}/external_media`, { ...external, external_host: `127.0.0.1:${second.port}` });
  await expect.poll(() => loudest(web.heard(), tcp.frequencyHz), { timeout: 5_000 }).toBeGreaterThan(-30);

  const closed = client.closed;
  await server.asAdmin('DELETE', `/v1.0/conferencecalls/${webStay.id}`);
  expect(await closed).toMatchObject({ code: 1000 });
  for (const id of await staysIn(room)) await server.asAdmin('DELETE', `/v1.0/conferencecalls/${id}`);
  for (const program of [tcp, second]) program.close();
  await server.settled('tandem_external_media_live', 0);
  expect(await staysIn(room)).toEqual([]);
});

async function staysIn(room: string): Promise<readonly string[]> {
  return (await server.asAdmin('GET', room))['conferencecall_ids'] as readonly string[];
}

/** In the 100 ms in which it is loudest: nobody knows when a caller begins. */
function loudest(samples: Int16Array, frequencyHz: number, rateHz = 8000): number {
  const window = rateHz / 10;
  let most = Number.NEGATIVE_INFINITY;
  for (let at = 0; at + window <= samples.length; at += window / 2) {
    most = Math.max(most, levelAt(samples.subarray(at, at + window), frequencyHz, rateHz));
  }
  return most;
}
