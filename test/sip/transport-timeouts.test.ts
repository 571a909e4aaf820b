import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { CONNECTION_TIMEOUTS } from '../../sip/transport/connections.ts';
import type { Listener } from '../../sip/transport/transport.ts';
import { SipTransports } from '../../sip/transport/transports.ts';

const LISTENER: Listener = { transport: 'tcp', host: '127.0.0.1', port: 0 };
const MESSAGE = 'OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function open(
  limits = { connectionsMax: 3, connectionsPerAddressMax: 2 },
  idleMs = 10_000,
  isHome: (address: string) => boolean = () => true,
) {
  const timeouts = { ...CONNECTION_TIMEOUTS, connectMs: 50, messageMs: 60, idleMs };
  const transports = await SipTransports.open(
    [LISTENER],
    { received: () => {}, failed: () => {}, isHome },
    { timeouts, limits },
  );
  ending.push(() => transports.close());
  const { counters } = transports;
  const { port } = transports.bound[0]!;
  const client = (): Socket => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    ending.push(() => socket.destroy());
    return socket;
  };
  return { counters, client };
}

test('a connection that never brings a message is closed', async () => {
  const { counters, client } = await open();
  const socket = client();
  await once(socket.resume(), 'close');
  while (counters.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(counters.idleCloses).toBe(1);
});

test('a message that trickles in is not waited for without end, nor are keep-alives a message', async () => {
  for (const drop of ['S', '\r\n\r\n']) {
    const { counters, client } = await open();
    const socket = client();
    const trickle = setInterval(() => socket.write(drop), 10);
    await new Promise((resolve) => socket.resume().once('close', resolve));
    clearInterval(trickle);
    expect(counters).toMatchObject({ idleCloses: 1, received: 0 });
  }
});

test('a connection that has proved itself may be silent for the longer time', async () => {
  const { counters, client } = await open({ connectionsMax: 3, connectionsPerAddressMax: 2 }, 150);
  const socket = client();
  const begun = performance.now();
  socket.write(MESSAGE);
  await once(socket.resume(), 'close');
  expect(performance.now() - begun).toBeGreaterThan(120);
  expect(counters).toMatchObject({ idleCloses: 1, received: 1 });
});

test('connections are bounded in all and for each address', async () => {
  for (const limits of [
    { connectionsMax: 2, connectionsPerAddressMax: 9 },
    { connectionsMax: 9, connectionsPerAddressMax: 2 },
  ]) {
    const { counters, client } = await open(limits);
    const kept = [client(), client()];
    for (const socket of kept) {
      socket.write(MESSAGE);
      await once(socket, 'connect');
    }
    await once(client().resume(), 'close');
    expect(counters).toMatchObject({ connections: 2, connectionsAccepted: 2, connectionsRefused: 1 });
    kept[0]!.destroy();
    while (counters.connections === 2) await new Promise((resolve) => setImmediate(resolve));
    const next = client();
    next.write(MESSAGE);
    while (counters.received < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(counters.connectionsAccepted).toBe(3);
  }
});

test('strangers who occupy every connection lose their oldest to who comes; phones that are at home keep theirs', async () => {
  const limits = { connectionsMax: 2, connectionsPerAddressMax: 9 };
  const { counters, client } = await open(limits, 10_000, () => false);
  const strangers = [client(), client()];
  for (const stranger of strangers) await once(stranger, 'connect');
  const closed = once(strangers[0]!.resume(), 'close');
  const phone = client();
  phone.write(MESSAGE);
  await closed;
  while (counters.received < 1) await new Promise((resolve) => setImmediate(resolve));
  expect(counters).toMatchObject({ connections: 2, connectionsEvicted: 1, connectionsRefused: 0 });
});

const MESSAGE_BYTES = Buffer.from(MESSAGE);

/** A peer that we connect to, and what it hears. */
async function peerOf(timeouts: Partial<typeof CONNECTION_TIMEOUTS>, answer: (socket: Socket, text: string) => void) {
  const heard: string[] = [];
  const server = createServer((socket) => {
    ending.push(() => socket.destroy());
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard.push(text);
      answer(socket, text);
    });
  }).listen(0, '127.0.0.1');
  ending.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const failures: number[] = [];
  const transports = await SipTransports.open(
    [],
    { received: () => {}, failed: (remote) => failures.push(remote.port) },
    { timeouts: { ...CONNECTION_TIMEOUTS, ...timeouts } },
  );
  ending.push(() => transports.close());
  transports.send({ transport: 'tcp', address: '127.0.0.1', port }, undefined, MESSAGE_BYTES);
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { heard, failures, port, counters: transports.counters, until };
}

test('RFC 5626 §4.4.1: a connection that we opened is pinged, and a peer that answers no more is reported', async () => {
  let pongs = 2;
  const peer = await peerOf({ pingMs: 40, pongMs: 30 }, (socket, text) => {
    if (text === '\r\n\r\n' && pongs-- > 0) socket.write('\r\n');
  });
  await peer.until(() => peer.failures.length > 0);
  expect(peer.heard).toEqual([MESSAGE, '\r\n\r\n', '\r\n\r\n', '\r\n\r\n']);
  expect(peer.failures).toEqual([peer.port]);
  expect(peer.counters).toMatchObject({ pongsMissed: 1, keepAlives: 2, connections: 0 });
});

test('a peer that never answers pings is none of RFC 5626, and is kept while it is used', async () => {
  const peer = await peerOf({ pingMs: 10, pongMs: 5, idleMs: 400 }, () => {});
  await peer.until(() => peer.heard.length > 3);
  expect(peer.counters.connections).toBe(1);
  await peer.until(() => peer.failures.length > 0);
  expect(peer.counters).toMatchObject({ pongsMissed: 0, idleCloses: 1 });
});

test('a stranger who sends without end is read no faster than a busy phone would send, and nothing is lost', async () => {
  for (const [isHome, isSlowed] of [
    [false, true],
    [true, false],
  ]) {
    const { counters, client } = await open(undefined, 10_000, () => isHome!);
    const socket = client();
    for (let sent = 0; sent < 530; sent += 10) socket.write(MESSAGE.repeat(10));
    while (counters.received < 530) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(counters.intakePauses > 0).toBe(isSlowed);
  }
});
