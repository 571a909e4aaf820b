import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { TransportAddress } from '../../core/ports.ts';
import { CONNECTION_TIMEOUTS } from '../../sip/transport/connections.ts';
import type { Listener } from '../../sip/transport/transport.ts';
import { Authority } from '../certificates/authority.ts';
import { CRLF, message, on, Station } from './transport-station.ts';

const authority = new Authority();
const issued = authority.issue({ names: ['127.0.0.1', '::1'] });
const identity = { ...issued, authorities: '', clients: 'anyone' } as const;
const timeouts = { ...CONNECTION_TIMEOUTS, connectMs: 100, messageMs: 100, beatMs: 40 };

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function open(...listeners: Listener[]): Promise<Station> {
  const station = await Station.open(listeners, { identity, timeouts });
  ending.push(() => station.close());
  return station;
}

function dial(to: TransportAddress, subprotocols: string[] = ['sip'], options: ClientOptions = {}): WebSocket {
  const host = to.address.includes(':') ? `[${to.address}]` : to.address;
  const socket = new WebSocket(`${to.transport}://${host}:${to.port}/`, subprotocols, {
    ca: authority.certificate,
    ...options,
  });
  socket.on('error', () => {});
  ending.push(() => socket.terminate());
  return socket;
}

async function connected(to: TransportAddress): Promise<WebSocket> {
  const socket = dial(to);
  await once(socket, 'open');
  return socket;
}

for (const transport of ['ws', 'wss'] as const) {
  for (const host of ['127.0.0.1', '::1']) {
    test(`RFC 7118 §5: messages go both ways over ${transport} at ${host}, one in each of text or binary`, async () => {
      const station = await open(on(transport, host));
      const socket = await connected(station.address(transport));
      expect(socket.protocol).toBe('sip');
      socket.send(message('text').toString());
      socket.send(message('binary', 'a body'));
      await station.until(() => station.packets.length === 2);
      expect(station.subjects).toEqual(['text', 'binary']);
      const { source, localPort } = station.packets[0]!;
      expect([source.transport, localPort]).toEqual([transport, station.address(transport).port]);
      for (const bytes of [message('Grüße'), Buffer.concat([message('odd'), Buffer.from([0xff])])]) {
        station.transports.send(source, localPort, bytes);
        const [answer, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
        expect([answer.equals(bytes), isBinary]).toEqual([true, bytes.includes(0xff)]);
      }
    });
  }
}

test('RFC 7118 §4.1: who does not speak the subprotocol sip is refused, and so is who asks for a page', async () => {
  const station = await open(on('ws'));
  for (const subprotocols of [[], ['xmpp']]) {
    const [, response] = (await once(dial(station.address('ws'), subprotocols), 'unexpected-response')) as [
      unknown,
      { statusCode: number },
    ];
    expect(response.statusCode).toBe(400);
  }
  expect(dial(station.address('ws'), ['xmpp', 'sip'])).toBeDefined();
  const page = await fetch(`http://127.0.0.1:${station.address('ws').port}/`);
  expect(page.status).toBe(426);
});

test('who was refused at the handshake and stays is cut off all the same', async () => {
  const station = await open(on('ws'));
  const socket = connect({ host: '127.0.0.1', port: station.address('ws').port, allowHalfOpen: true });
  ending.push(() => socket.destroy());
  socket.on('error', () => {}).write('GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
  while (station.transports.counters.connections > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a renewed certificate is shown to browsers from the next connection on', async () => {
  const station = await open(on('wss'));
  const other = new Authority('another');
  station.transports.identify({ ...other.issue({ names: ['127.0.0.1'] }), authorities: '', clients: 'anyone' });
  await expect(once(dial(station.address('wss')), 'open')).rejects.toThrow(/certificate/);
  await once(dial(station.address('wss'), ['sip'], { ca: other.certificate }), 'open');
});

test('RFC 7118 §5: nobody is called over a connection that they did not open', async () => {
  const [station, other] = [await open(on('ws')), await open(on('ws'))];
  station.transports.send(other.address('ws'), undefined, message('lost'));
  await station.until(() => station.failures.length === 1);
  expect(other.transports.counters.connectionsAccepted).toBe(0);
});

test('RFC 5626 §3.5.1: line ends alone are a ping that gets a pong, and no message', async () => {
  const station = await open(on('ws'));
  const socket = await connected(station.address('ws'));
  socket.send(CRLF + CRLF);
  const [pong] = (await once(socket, 'message')) as [Buffer];
  expect(pong.toString()).toBe(CRLF);
  socket.ping('are you there');
  const [echo] = (await once(socket, 'pong')) as [Buffer];
  expect(echo.toString()).toBe('are you there');
  expect([station.packets, station.transports.counters.keepAlives]).toEqual([[], 1]);
});

test('a client that closes what we sent on is reported', async () => {
  const station = await open(on('ws'));
  const socket = await connected(station.address('ws'));
  socket.send(message('one'));
  await station.until(() => station.packets.length === 1);
  const { source, localPort } = station.packets[0]!;
  station.transports.send(source, localPort, message('answer'));
  await once(socket, 'message');
  socket.terminate();
  await station.until(() => station.failures.length === 1);
  expect(station.failures).toEqual([source]);
  station.transports.send(source, localPort, message('too late'));
  await station.until(() => station.failures.length === 2);
});

test('a message that is too large ends its connection, as does a client that never sends one or never shakes hands', async () => {
  const station = await open(on('ws'));
  const large = await connected(station.address('ws'));
  large.send(Buffer.alloc(100_000, 'x'));
  const [code] = (await once(large, 'close')) as [number];
  expect(code).not.toBe(1000);
  await once(await connected(station.address('ws')), 'close');
  const silent = connect(station.address('ws').port, '127.0.0.1').on('error', () => {});
  ending.push(() => silent.destroy());
  await once(silent.resume(), 'close');
  while (station.transports.counters.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(station.transports.counters).toMatchObject({ framingDefects: 1, idleCloses: 1, handshakeFailures: 1 });
  expect(station.packets).toEqual([]);
});

test('RFC 7118 §6: clients are pinged, and who answers no more loses the connection, which is reported', async () => {
  const station = await open(on('ws'));
  const [alive, dead] = [
    await connected(station.address('ws')),
    dial(station.address('ws'), ['sip'], { autoPong: false }),
  ];
  await once(dead, 'open');
  for (const socket of [alive, dead]) socket.send(message('one'));
  await station.until(() => station.packets.length === 2);
  for (const { source, localPort } of station.packets) station.transports.send(source, localPort, message('answer'));
  await Promise.all([once(dead, 'close'), once(alive, 'ping')]);
  await once(alive, 'ping');
  expect(station.transports.counters).toMatchObject({ pongsMissed: 1, connections: 1 });
  expect(station.failures).toHaveLength(1);
});

test('a stranger who sends without end is read no faster than a busy phone would send, and nothing is lost', async () => {
  const station = await open(on('ws'));
  const socket = await connected(station.address('ws'));
  for (let i = 0; i < 520; i++) socket.send(message(`m${i}`));
  await station.until(() => station.packets.length === 520);
  expect(station.transports.counters.intakePauses).toBeGreaterThan(0);
});
