import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Random, seeded } from '../../core/kernel/random.ts';
import type { TransportProtocol } from '../../core/ports.ts';
import { CONNECTION_TIMEOUTS } from '../../sip/transport/connections.ts';
import { Authority } from '../certificates/authority.ts';
import { message, on, Station } from './transport-station.ts';

const CLIENTS = 160 * Number(process.env['TANDEM_ROUNDS'] ?? 1);
const AT_ONCE = 20;
const TRANSPORTS = ['tcp', 'tls', 'ws', 'wss'] as const;
const authority = new Authority();

let station: Station;
beforeAll(async () => {
  const issued = authority.issue({ names: ['127.0.0.1'] });
  const identity = { ...issued, authorities: '', clients: 'anyone' } as const;
  const timeouts = { ...CONNECTION_TIMEOUTS, connectMs: 150, messageMs: 150, idleMs: 200, beatMs: 50 };
  station = await Station.open(
    TRANSPORTS.map((transport) => on(transport)),
    { identity, timeouts },
  );
});
afterAll(() => station.close());

/** Garbage, messages, pieces of messages, frames of WebSocket, requests for pages. */
function bytesOf(random: Random): Buffer {
  const whole = message('hostile', 'x'.repeat(Math.floor(random.next() * 200)));
  const noise = Buffer.from(random.bytes(1 + Math.floor(random.next() * 500)));
  const upgrade = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n');
  const kinds = [noise, whole, whole.subarray(0, whole.length >> 1), Buffer.concat([whole, noise]), upgrade];
  return kinds[Math.floor(random.next() * kinds.length)]!;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Below the handshake, or after it: says something, and goes away in one of the ways that there are. */
async function speakStream(socket: Socket, random: Random): Promise<void> {
  socket.on('error', () => {});
  for (let i = Math.floor(random.next() * 4); i > 0; i--) {
    socket.write(bytesOf(random));
    await pause(random.next() * 5);
  }
  const way = random.next();
  if (way < 0.3) socket.destroy();
  else if (way < 0.5 && !(socket instanceof TLSSocket)) socket.resetAndDestroy();
  else if (way < 0.7) socket.end();
  else if (!socket.destroyed) await once(socket.resume(), 'close').catch(() => {});
  socket.destroy();
}

async function speakFrames(socket: WebSocket, random: Random): Promise<void> {
  socket.on('error', () => {});
  await Promise.race([once(socket, 'open'), once(socket, 'close')]).catch(() => {});
  if (socket.readyState === socket.OPEN) {
    for (let i = Math.floor(random.next() * 4); i > 0; i--)
      socket.send(bytesOf(random), { binary: random.next() < 0.5 });
    if (random.next() < 0.3) socket.ping(random.bytes(20));
    const beneath = (socket as unknown as { readonly _socket: Socket })._socket;
    if (random.next() < 0.4) beneath.write(random.bytes(40));
    await pause(random.next() * 5);
  }
  if (random.next() < 0.5) socket.close();
  await pause(5);
  socket.terminate();
}

function attack(transport: TransportProtocol, random: Random): Promise<void> {
  const { port } = station.address(transport);
  const host = '127.0.0.1';
  const shakesHands = random.next() < 0.6;
  if (transport === 'ws' || transport === 'wss') {
    if (shakesHands) {
      return speakFrames(new WebSocket(`${transport}://${host}:${port}`, 'sip', { rejectUnauthorized: false }), random);
    }
  } else if (transport === 'tls' && shakesHands) {
    return speakStream(connectTls({ host, port, rejectUnauthorized: false }), random);
  }
  return speakStream(connect(port, host), random);
}

test(`after ${CLIENTS} hostile clients over every transport nothing is left of them, and the next one is served`, async () => {
  const random = seeded(7);
  for (let begun = 0; begun < CLIENTS; begun += AT_ONCE) {
    const attacks = Array.from({ length: AT_ONCE }, (_, i) =>
      attack(TRANSPORTS[i % TRANSPORTS.length]!, seeded(random.next() * 1e9)),
    );
    await Promise.all(attacks);
  }
  const { counters } = station.transports;
  while (counters.connections > 0) await pause(5);
  expect(counters.framingDefects).toBeGreaterThan(0);
  expect(counters.handshakeFailures).toBeGreaterThan(0);
  for (const transport of TRANSPORTS) {
    const before = station.packets.length;
    const { port } = station.address(transport);
    if (transport === 'tcp') connect(port, '127.0.0.1').end(message('well-behaved'));
    else if (transport === 'tls')
      connectTls({ host: '127.0.0.1', port, ca: authority.certificate }).end(message('well-behaved'));
    else {
      const socket = new WebSocket(`${transport}://127.0.0.1:${port}`, 'sip', { ca: authority.certificate });
      await once(socket, 'open');
      socket.send(message('well-behaved'));
    }
    await station.until(() => station.packets.length > before);
    expect(station.packets.at(-1)!.source.transport).toBe(transport);
  }
});
