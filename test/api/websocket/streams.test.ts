import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Command } from '../../../core/command.ts';
import type { ExternalMediaId } from '../../../core/kernel/ids.ts';
import { RefusedUpgrade, SocketClient } from '../../clients/socket-client.ts';
import { Side, type SideOptions } from './side.ts';

const CALL = '0190a000-0000-7000-8000-000000000001';
const ID = '0190a000-0000-7000-8000-000000000002' as ExternalMediaId;
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(options: SideOptions = {}): Promise<Side> {
  const side = await Side.open(options);
  closers.push(() => side.close());
  return side;
}

function connect(side: Side, path: string, credential = 'vb_first'): Promise<SocketClient> {
  return SocketClient.connect(`${side.origin}/v1.0/${path}`, [], { authorization: `Bearer ${credential}` });
}

async function refusal(attempt: Promise<unknown>): Promise<{ status: number; reason: string }> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RefusedUpgrade);
  const { status, body } = error as RefusedUpgrade;
  return { status, reason: body.error.reason };
}

type Started = Extract<Command, { kind: 'startExternalMedia' }> & { readonly id: ExternalMediaId };

test('a program asks for a call with how it wants its sound, and both sides say what they like', async () => {
  const side = await open();
  const client = await connect(side, `calls/${CALL}/media_stream?encapsulation=l16&rate=16000&direction_speak=in`);
  const { id, reference, wish } = side.commands[0] as Started;
  expect(reference).toEqual({ type: 'call', id: CALL });
  expect(wish).toEqual({
    transport: 'websocket',
    encapsulation: 'none',
    format: 'slin16',
    listen: 'both',
    speak: 'in',
    target: undefined,
    parameters: {},
  });
  client.socket.send(Uint8Array.of(1, 2, 3));
  client.socket.send('{"event":"clear"}');
  expect(await side.streamEventsFrom(3)).toEqual([
    { kind: 'opened', id, localAddress: '', localPort: 0 },
    { kind: 'received', id, message: Buffer.from([1, 2, 3]) },
    { kind: 'received', id, message: '{"event":"clear"}' },
  ]);
  side.streams.send(id, '{"event":"mark"}');
  expect(await client.next()).toEqual({ event: 'mark' });
  side.streams.close(id, 'the call has ended');
  expect(await client.closed).toEqual({ code: 1000, reason: 'the call has ended' });
  expect(side.streams.socketCount).toBe(0);
  expect(side.streamEvents.length).toBe(3);
});

test.each([
  ['rtp', { encapsulation: 'rtp', format: 'slin' }],
  ['sln', { encapsulation: 'none', format: 'slin' }],
  ['audiosocket', { encapsulation: 'audiosocket', format: 'slin' }],
  ['twilio', { encapsulation: 'messages', format: 'ulaw' }],
  ['twilio&rate=24000', { encapsulation: 'messages', format: 'slin24' }],
  ['foo', { encapsulation: 'unknown', format: 'slin' }],
])('platform V02: encapsulation=%s is connected', async (encapsulation, expected) => {
  const side = await open();
  await connect(side, `conferences/${CALL}/media_stream?encapsulation=${encapsulation}`);
  const { reference, wish } = side.commands[0] as Started;
  expect(reference.type).toBe('confbridge');
  expect(wish).toMatchObject(expected);
});

test('who is nobody, asks for nonsense, or for what is not theirs, is told by HTTP', async () => {
  const side = await open();
  const path = `calls/${CALL}/media_stream`;
  expect(await refusal(connect(side, path, 'wrong'))).toEqual({ status: 401, reason: 'INVALID_CREDENTIALS' });
  expect(await refusal(connect(side, `${path}?rate=11025`))).toEqual({ status: 400, reason: 'INVALID_ARGUMENT' });
  for (const wrong of ['direction_listen=up', 'role=boss', 'muted=yes', 'gain_in=21', 'gain_out=x']) {
    expect(await refusal(connect(side, `${path}?${wrong}`))).toMatchObject({ status: 400 });
  }
  expect(side.commands).toEqual([]);
  side.answerTo = async () => ({
    kind: 'refused',
    refusal: { code: 'RESOURCE_NOT_FOUND', message: `no live call ${CALL}` },
  });
  expect(await refusal(connect(side, path))).toEqual({ status: 404, reason: 'RESOURCE_NOT_FOUND' });
  expect(side.streams.socketCount).toBe(0);
  expect(side.streamEvents).toEqual([]);
});

test('a call that ends during the handshake lets the program go; a program that leaves during it is told of', async () => {
  const side = await open();
  side.answerTo = async (command) => {
    side.streams.close((command as Started).id, 'the call has ended');
    return { kind: 'done', id: '' };
  };
  const client = await connect(side, `calls/${CALL}/media_stream`);
  expect(await client.closed).toEqual({ code: 1000, reason: 'the call has ended' });

  let answer = (): void => undefined;
  side.answerTo = () =>
    new Promise((resolve) => {
      answer = () => resolve({ kind: 'done', id: '' });
    });
  const socket = new WebSocket(`${side.origin}/v1.0/calls/${CALL}/media_stream?accesskey=vb_first`);
  socket.on('error', () => undefined);
  while (side.commands.length < 2) await new Promise((resolve) => setImmediate(resolve));
  socket.terminate();
  answer();
  while (side.streamEvents.at(-1)?.kind !== 'closed') await side.streamEventsFrom(side.streamEvents.length + 1);
  expect(side.streams.socketCount).toBe(0);
});

test('a program that we connect to is connected with, and told of when it is not there', async () => {
  const side = await open();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  closers.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  side.streams.open(ID, `ws://127.0.0.1:${port}/x`);
  const [program] = (await once(server, 'connection')) as [WebSocket];
  program.send('hello');
  expect(await side.streamEventsFrom(2)).toMatchObject([
    { kind: 'opened', id: ID },
    { kind: 'received', message: 'hello' },
  ]);
  program.close(4000, 'enough');
  expect((await side.streamEventsFrom(3))[2]).toMatchObject({ kind: 'closed', detail: 'closed with 4000: enough' });

  side.streams.open(ID, 'ws://127.0.0.1:1/');
  expect((await side.streamEventsFrom(4))[3]).toMatchObject({ kind: 'closed', dropped: 0 });
  side.streams.open(ID, 'ws://10.1.2.3/');
  const [, , , , refused] = await side.streamEventsFrom(5);
  expect((refused as { detail: string }).detail).toMatch(/10\.1\.2\.3 is a private address: .*--allow-private/);
  side.streams.open(ID, 'http://127.0.0.1/');
  expect((await side.streamEventsFrom(6))[5]).toMatchObject({ kind: 'closed' });
});

test('a program that does not read loses what is said, counted, and is given up; nobody waits for it', async () => {
  const side = await open({ streams: { waitingBytesMax: 64 * 1024, stuckMs: 50 } });
  const server = createServer((socket: Socket) => {
    // Shakes hands, and then reads nothing more.
    socket.once('data', (bytes) => {
      const asked = /Sec-WebSocket-Key: (\S+)/i.exec(bytes.toString())![1]!;
      socket.pause();
      socket.write(handshake(asked));
    });
    socket.on('error', () => undefined);
  });
  closers.push(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  side.streams.open(ID, `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await side.streamEventsFrom(1);
  const message = new Uint8Array(64 * 1024);
  const until = performance.now() + 5_000;
  while (side.streamEvents.length < 2 && performance.now() < until) {
    for (let i = 0; i < 20; i++) side.streams.send(ID, message);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const closed = side.streamEvents[1] as { kind: string; detail: string; dropped: number };
  expect(closed.kind).toBe('closed');
  expect(closed.detail).toMatch(/^the program does not read: \d+ bytes wait for it$/);
  expect(closed.dropped).toBeGreaterThan(10);
});

function handshake(key: string): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}
