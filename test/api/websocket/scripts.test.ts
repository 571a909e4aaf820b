import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { CommandResult } from '../../../core/command.ts';
import { PERMISSION } from '../../../core/directory/records.ts';
import type { ScriptSessionId } from '../../../core/kernel/ids.ts';
import type { ScriptEvent } from '../../../core/ports.ts';
import { ScriptClient, ScriptServer } from '../../clients/script-client.ts';
import { RefusedUpgrade } from '../../clients/socket-client.ts';
import { Side, type SideOptions } from './side.ts';

const SESSION = 'f0000000-0000-4000-8000-000000000001' as ScriptSessionId;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(options: SideOptions = {}): Promise<Side> {
  const side = await Side.open(options);
  closing.push(() => side.close());
  return side;
}

async function programs(): Promise<ScriptServer> {
  const server = await ScriptServer.listen();
  closing.push(() => server.close());
  return server;
}

/** A program that has connected to a live call, and its session. */
async function attached(side: Side): Promise<{ client: ScriptClient; session: ScriptSessionId }> {
  const client = await ScriptClient.open(side.origin, side.call(), 'vb_first');
  const command = side.commands.at(-1)!;
  if (command.kind !== 'attachScript') throw new Error(`expected attachScript, got ${command.kind}`);
  return { client, session: command.session };
}

async function statusOf(connecting: Promise<unknown>): Promise<number> {
  try {
    await connecting;
    return 101;
  } catch (error) {
    if (error instanceof RefusedUpgrade) return error.status;
    throw error;
  }
}

test('a program that connects to a call is attached to it, and frames go both ways', async () => {
  const side = await open();
  const callId = side.call();
  const client = await ScriptClient.open(side.origin, callId, 'vb_first');
  expect(client.socket.protocol).toBe('tandem.script.v1');
  const session = expect.stringMatching(/^[0-9a-f-]{36}$/);
  expect(side.commands).toEqual([{ kind: 'attachScript', callId, session }]);
  const attachedAs = (side.commands[0] as { session: ScriptSessionId }).session;
  side.scripts.send(attachedAs, '{"n":1,"type":"session"}');
  expect(await client.next()).toEqual({ n: 1, type: 'session' });
  client.send('{"id":"1"}');
  client.send('not for us to judge');
  expect(await side.scriptEventsFrom(2)).toEqual([
    { kind: 'received', session: attachedAs, text: '{"id":"1"}' },
    { kind: 'received', session: attachedAs, text: 'not for us to judge' },
  ]);
});

test('what the core says while it is being attached arrives after the handshake, in order', async () => {
  const side = await open();
  side.answerTo = async (command): Promise<CommandResult> => {
    if (command.kind === 'attachScript') for (const n of [1, 2, 3]) side.scripts.send(command.session, `{"n":${n}}`);
    return { kind: 'done', id: '' };
  };
  const { client } = await attached(side);
  expect([await client.next(), await client.next(), await client.next()]).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test('who may not drive the call is told by HTTP, and the core is not asked', async () => {
  const side = await open();
  const foreign = side.call(side.otherCustomerId);
  expect(await statusOf(ScriptClient.open(side.origin, foreign, 'vb_first'))).toBe(404);
  expect(await statusOf(ScriptClient.open(side.origin, crypto.randomUUID(), 'vb_first'))).toBe(404);
  const { token } = side.agent(PERMISSION.customerAgent);
  expect(await statusOf(ScriptClient.open(side.origin, side.call(), token))).toBe(403);
  expect(await statusOf(ScriptClient.open(side.origin, side.call(), 'vb_unknown'))).toBe(401);
  const url = `${side.origin}/v1.0/calls/${side.call()}/script`;
  expect(await statusOf(ScriptClient.connect(`${url}?accesskey=vb_first`))).toBe(400);
  expect(await statusOf(ScriptClient.connect(`${url}?accesskey=vb_first`, ['tandem.events.v1']))).toBe(400);
  expect(side.commands).toEqual([]);
  expect(side.scripts.sessionCount).toBe(0);
});

test('a refusal of the core is told by HTTP, and leaves no session', async () => {
  const side = await open();
  const refusal = { code: 'RESOURCE_NOT_FOUND', message: 'no live call', field: 'id' } as const;
  side.answerTo = async () => ({ kind: 'refused', refusal });
  expect(await statusOf(ScriptClient.open(side.origin, side.call(), 'vb_first'))).toBe(404);
  expect(side.commands).toHaveLength(1);
  expect(side.scripts.sessionCount).toBe(0);
  expect(side.scriptEvents).toEqual([]);
});

const DRIVEN = { code: 'STATE_INVALID', message: 'another program drives the call' } as const;

test('a program that comes back to a call which is driven may resume, and is known to the core from then on', async () => {
  const side = await open();
  side.answerTo = async () => ({ kind: 'refused', refusal: DRIVEN });
  const { client, session } = await attached(side);
  const resume = { type: 'resume', session_id: SESSION, after: 3 };
  client.send(resume);
  client.send({ id: '1' });
  expect(await side.scriptEventsFrom(2)).toEqual([
    { kind: 'received', session, text: JSON.stringify(resume) },
    { kind: 'received', session, text: '{"id":"1"}' },
  ]);
  side.scripts.send(session, '{"n":4}');
  expect(await client.next()).toEqual({ n: 4 });
  client.close();
  expect((await side.scriptEventsFrom(3))[2]).toMatchObject({ kind: 'closed', session });
});

test('a second program that does not resume is sent away, and the core hears nothing of it', async () => {
  const side = await open({ connectTimeoutMs: 50 });
  side.answerTo = async () => ({ kind: 'refused', refusal: DRIVEN });
  const talking = await attached(side);
  talking.client.send({ id: '1', type: 'command', command: 'hangup' });
  const silent = await attached(side);
  for (const { client } of [talking, silent]) {
    expect(await client.closed).toEqual({ code: 1008, reason: 'another program drives the call' });
  }
  const leaving = await attached(side);
  leaving.client.close();
  await leaving.client.closed;
  expect(side.scriptEvents).toEqual([]);
});

test('a program that leaves ends its session once; what is sent afterwards is for nobody', async () => {
  const side = await open();
  const { client, session } = await attached(side);
  client.socket.close(4000, 'enough');
  expect(await side.scriptEventsFrom(1)).toEqual([{ kind: 'closed', session, detail: 'closed with 4000: enough' }]);
  side.scripts.send(session, 'x');
  side.scripts.close(session, 'x');
  await client.closed;
  expect(side.scriptEvents).toHaveLength(1);
});

test('a session that the core closes ends with its reason, and nothing more is told of it', async () => {
  const side = await open();
  const { client, session } = await attached(side);
  side.scripts.send(session, '{"type":"ended"}');
  side.scripts.close(session, 'the call has ended');
  client.send('too late');
  expect(await client.next()).toEqual({ type: 'ended' });
  expect(await client.closed).toEqual({ code: 1000, reason: 'the call has ended' });
  expect(side.scriptEvents).toEqual([]);
});

test('a program that does not read is given up with a bounded memory', async () => {
  const side = await open();
  const { client, session } = await attached(side);
  client.socket.pause();
  const frame = JSON.stringify({ text: 'x'.repeat(100_000) });
  while (side.scriptEvents.length === 0) {
    side.scripts.send(session, frame);
    await new Promise((done) => setImmediate(done));
  }
  expect(side.scriptEvents).toEqual([
    { kind: 'closed', session, detail: expect.stringMatching(/^the program does not read: 1\d{6} bytes wait/) },
  ]);
});

test('frames that are binary, or above 256 kB, end the session', async () => {
  const side = await open();
  const first = await attached(side);
  first.client.socket.send(Buffer.from('x'), { binary: true });
  expect((await first.client.closed).code).toBe(1008);
  const second = await attached(side);
  second.client.send('x'.repeat(256 * 1024 + 1));
  expect((await second.client.closed).code).toBe(1009);
  expect(await side.scriptEventsFrom(2)).toMatchObject([
    { kind: 'closed', session: first.session, detail: 'expected text frames, got a binary one' },
    { kind: 'closed', session: second.session },
  ]);
});

test('a program is connected to, and frames go both ways', async () => {
  const [side, server] = [await open(), await programs()];
  side.scripts.open(SESSION, server.url);
  expect(side.scriptEvents).toEqual([]);
  side.scripts.send(SESSION, '{"n":1}');
  const program = await server.next();
  expect(await program.next()).toEqual({ n: 1 });
  program.send('{"id":"a"}');
  expect(await side.scriptEventsFrom(2)).toEqual([
    { kind: 'opened', session: SESSION },
    { kind: 'received', session: SESSION, text: '{"id":"a"}' },
  ]);
  program.close();
  expect((await side.scriptEventsFrom(3))[2]).toEqual({ kind: 'closed', session: SESSION, detail: 'closed with 1005' });
});

async function closedBy(side: Side, url: string): Promise<ScriptEvent> {
  side.scripts.open(SESSION, url);
  expect(side.scriptEvents).toEqual([]);
  const [event] = await side.scriptEventsFrom(1);
  expect(side.scripts.sessionCount).toBe(0);
  return event!;
}

test.each(['http://127.0.0.1/', 'nonsense', '', 'ws://127.0.0.1:9/#fragment'])('%j is no program', async (url) => {
  expect(await closedBy(await open(), url)).toMatchObject({ kind: 'closed', session: SESSION });
});

test('a program that nobody runs, or that does not speak the protocol, ends the session with why', async () => {
  expect(await closedBy(await open(), 'ws://127.0.0.1:9/')).toMatchObject({
    detail: 'connect ECONNREFUSED 127.0.0.1:9',
  });
  const page = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((done) => page.listen(0, '127.0.0.1', done));
  closing.push(() => page.close());
  const { port } = page.address() as AddressInfo;
  expect(await closedBy(await open(), `ws://127.0.0.1:${port}/`)).toMatchObject({
    detail: 'Unexpected server response: 200',
  });
  const mute = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => false });
  closing.push(() => mute.close());
  await new Promise((done) => mute.on('listening', done));
  const url = `ws://127.0.0.1:${(mute.address() as AddressInfo).port}/`;
  expect(await closedBy(await open(), url)).toMatchObject({ detail: 'Server sent no subprotocol' });
});

test('a program that does not answer the handshake is given up in time', async () => {
  const silent = createServer();
  silent.on('upgrade', () => undefined);
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  closing.push(() => silent.close());
  const side = await open({ connectTimeoutMs: 50 });
  const { port } = silent.address() as AddressInfo;
  expect(await closedBy(side, `ws://127.0.0.1:${port}/`)).toMatchObject({ detail: 'no answer in 50 ms' });
});

test('a program at a private address, or at a name that leads to one, is not connected to', async () => {
  const server = await programs();
  const side = await open({ allowPrivate: [] });
  expect(await closedBy(side, server.url)).toMatchObject({ detail: expect.stringContaining('--allow-private') });
  const rebinding = await open({
    allowPrivate: [],
    resolve: (_host, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  const url = server.url.replace('127.0.0.1', 'inside.example');
  expect(await closedBy(rebinding, url)).toMatchObject({ detail: expect.stringContaining('--allow-private') });
});

test('at the end programs of both kinds are told 1001', async () => {
  const [side, server] = [await open(), await programs()];
  const { client } = await attached(side);
  side.scripts.open(SESSION, server.url);
  const program = await server.next();
  await side.scriptEventsFrom(1);
  await side.sockets.close();
  expect((await client.closed).code).toBe(1001);
  expect((await program.closed).code).toBe(1001);
});
