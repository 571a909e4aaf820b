import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { AddressGuard } from '../../../api/address-guard.ts';
import { systemClock } from '../../../core/kernel/clock.ts';
import type { ExternalMediaId } from '../../../core/kernel/ids.ts';
import type { StreamLinkEvent } from '../../../core/ports.ts';
import { ProgramLinks, type ProgramLinksOptions } from '../../../media/io/program-links.ts';

const ID = 'x' as ExternalMediaId;
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function scene(options: Partial<ProgramLinksOptions> = {}) {
  const events: StreamLinkEvent[] = [];
  const waiting: (() => void)[] = [];
  const links = new ProgramLinks({
    guard: new AddressGuard(['127.0.0.0/8']),
    clock: systemClock,
    received: (event) => {
      events.push(event);
      for (const tell of waiting.splice(0)) tell();
    },
    ...options,
  });
  closers.push(() => links.terminateAll());
  const from = async (count: number): Promise<readonly StreamLinkEvent[]> => {
    while (events.length < count) await new Promise<void>((tell) => waiting.push(tell));
    return events;
  };
  return { links, events, from };
}

async function tcpServer(): Promise<{ port: number; connected: Promise<Socket> }> {
  const server = createServer((socket) => void socket.on('error', () => undefined));
  closers.push(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connected = once(server, 'connection').then(([socket]) => socket as Socket);
  return { port: (server.address() as AddressInfo).port, connected };
}

test('over TCP bytes pass both ways until one side has enough', async () => {
  const { links, from } = scene();
  const { port, connected } = await tcpServer();
  links.open(ID, 'tcp', `127.0.0.1:${port}`);
  const program = await connected;
  expect((await from(1))[0]).toMatchObject({ kind: 'opened', localAddress: '127.0.0.1' });
  links.send(ID, Uint8Array.of(1, 2));
  expect([...(await once(program, 'data'))[0]]).toEqual([1, 2]);
  program.write(Uint8Array.of(3));
  expect((await from(2))[1]).toEqual({ kind: 'received', id: ID, message: Buffer.from([3]) });
  program.end();
  expect((await from(3))[2]).toMatchObject({ kind: 'closed', detail: 'the program has closed the connection' });
  expect(links.linkCount).toBe(0);
});

test('what was said last goes out when we close', async () => {
  const { links, from, events } = scene();
  const { port, connected } = await tcpServer();
  links.open(ID, 'tcp', `127.0.0.1:${port}`);
  const program = await connected;
  await from(1);
  links.send(ID, Uint8Array.of(0, 0, 0));
  links.close(ID);
  expect([...(await once(program, 'data'))[0]]).toEqual([0, 0, 0]);
  await once(program, 'end');
  expect(events.length).toBe(1);
});

test('a program that is not there, or must not be reached, is told of', async () => {
  const { links, from } = scene();
  links.open(ID, 'tcp', '127.0.0.1:1');
  expect((await from(1))[0]).toMatchObject({ kind: 'closed', detail: expect.stringContaining('ECONNREFUSED') });
  for (const transport of ['tcp', 'udp'] as const) links.open(ID, transport, '10.1.2.3:5');
  const refused = (await from(3)).slice(1);
  for (const event of refused) {
    expect(event).toMatchObject({ kind: 'closed', detail: expect.stringContaining('--allow-private') });
  }
});

test('a program that does not read loses what is said, counted, and is given up', async () => {
  const { links, from, events } = scene({ stuckMs: 30 });
  const { port, connected } = await tcpServer();
  links.open(ID, 'tcp', `127.0.0.1:${port}`);
  (await connected).pause();
  await from(1);
  const until = performance.now() + 5_000;
  while (events.length < 2 && performance.now() < until) {
    for (let i = 0; i < 50; i++) links.send(ID, new Uint8Array(64 * 1024));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const closed = events[1] as { detail: string; dropped: number };
  expect(closed.detail).toMatch(/^the program does not read/);
  expect(closed.dropped).toBeGreaterThan(10);
});

test('over UDP datagrams pass both ways, and a stranger’s are not taken', async () => {
  const { links, events, from } = scene();
  const program = createSocket('udp4').bind(0, '127.0.0.1');
  const stranger = createSocket('udp4').bind(0, '127.0.0.1');
  closers.push(
    () => program.close(),
    () => stranger.close(),
  );
  await Promise.all([once(program, 'listening'), once(stranger, 'listening')]);
  links.open(ID, 'udp', `127.0.0.1:${program.address().port}`);
  const opened = (await from(1))[0] as { localPort: number };
  links.send(ID, Uint8Array.of(1, 2));
  const [bytes, remote] = (await once(program, 'message')) as [Buffer, { port: number }];
  expect([[...bytes], remote.port]).toEqual([[1, 2], opened.localPort]);
  await new Promise((done) => stranger.send(Uint8Array.of(9), opened.localPort, '127.0.0.1', done));
  program.send(Uint8Array.of(3), opened.localPort, '127.0.0.1');
  await from(2);
  expect(events.slice(1)).toEqual([{ kind: 'received', id: ID, message: Buffer.from([3]) }]);
  program.close();
  closers.splice(closers.length - 2, 1);
  const until = performance.now() + 5_000;
  while (events.length < 3 && performance.now() < until) {
    links.send(ID, Uint8Array.of(1));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(events[2]).toMatchObject({ kind: 'closed' });
});
