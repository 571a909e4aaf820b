import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Listener } from '../../sip/transport/transport.ts';
import { SipTransports } from '../../sip/transport/transports.ts';
import { CRLF, message, on, Station } from './transport-station.ts';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function open(...listeners: Listener[]): Promise<Station> {
  const station = await Station.open(listeners);
  ending.push(() => station.close());
  return station;
}

async function client(to: TransportAddress): Promise<Socket> {
  const socket = connect(to.port, to.address);
  ending.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function listen(onConnection: (socket: Socket) => void): Promise<TransportAddress> {
  const server: Server = createServer((socket) => {
    ending.push(() => socket.destroy());
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  ending.push(() => server.close());
  await once(server, 'listening');
  return { transport: 'tcp', address: '127.0.0.1', port: (server.address() as { port: number }).port };
}

for (const host of ['127.0.0.1', '::1']) {
  test(`RFC 3261 §18: datagrams arrive over UDP at ${host} with their source and our port`, async () => {
    const [a, b] = [await open(on('udp', host)), await open(on('udp', host))];
    a.transports.send(b.address('udp'), undefined, message('one'));
    await b.until(() => b.packets.length === 1);
    expect(b.packets[0]).toMatchObject({ source: a.address('udp'), localPort: b.address('udp').port });
    b.transports.send(b.packets[0]!.source, b.packets[0]!.localPort, message('two'));
    await a.until(() => a.packets.length === 1);
    expect([...b.subjects, ...a.subjects]).toEqual(['one', 'two']);
  });

  test(`RFC 3261 §18: messages go both ways over one TCP connection at ${host}`, async () => {
    const [a, b] = [await open(on('tcp', host)), await open(on('tcp', host))];
    for (const name of ['one', 'two']) a.transports.send(b.address('tcp'), undefined, message(name, 'a body'));
    await b.until(() => b.packets.length === 2);
    const { source, localPort } = b.packets[0]!;
    expect(localPort).toBe(b.address('tcp').port);
    b.transports.send(source, localPort, message('three'));
    b.transports.send(source, undefined, message('four'));
    await a.until(() => a.packets.length === 2);
    expect([...b.subjects, ...a.subjects]).toEqual(['one', 'two', 'three', 'four']);
    expect(a.packets[0]!.source).toEqual(b.address('tcp'));
    a.transports.send(a.packets[0]!.source, a.packets[0]!.localPort, message('five'));
    await b.until(() => b.packets.length === 3);
    expect(a.transports.counters).toMatchObject({ connections: 1, connectionsOpened: 1, connectionsAccepted: 0 });
  });
}

test('the socket that received also answers', async () => {
  const [server, phone] = [await open(on('udp'), on('udp')), await open(on('udp'))];
  const [, second] = server.transports.bound;
  server.transports.send(phone.address('udp'), second!.port, message('from the second'));
  await phone.until(() => phone.packets.length === 1);
  expect(phone.packets[0]!.source.port).toBe(second!.port);
});

test('RFC 3261 §18.3: TCP messages come out whole however the stream is chunked', async () => {
  const station = await open(on('tcp'));
  const random = seeded(5);
  const names = Array.from({ length: 40 }, (_, i) => `m${i}`);
  const stream = Buffer.concat(
    names.map((name, i) => Buffer.concat([message(name, 'x'.repeat(i * 37)), Buffer.from(CRLF)])),
  );
  const socket = await client(station.address('tcp'));
  for (let at = 0; at < stream.length; ) {
    const size = 1 + Math.floor(random.next() * 300);
    await new Promise((resolve) => socket.write(stream.subarray(at, at + size), resolve));
    at += size;
  }
  await station.until(() => station.packets.length === names.length);
  expect(station.subjects).toEqual(names);
});

test('RFC 5626 §3.5.1: a ping over TCP gets a pong, over UDP nothing', async () => {
  const station = await open(on('tcp'), on('udp'));
  const socket = await client(station.address('tcp'));
  socket.write(CRLF + CRLF);
  expect((await once(socket, 'data'))[0].toString()).toBe(CRLF);
  const phone = await open(on('udp'));
  for (const bytes of ['', '\0', CRLF, CRLF + CRLF])
    phone.transports.send(station.address('udp'), undefined, Buffer.from(bytes));
  phone.transports.send(station.address('udp'), undefined, message('real'));
  await station.until(() => station.packets.length > 0);
  expect(station.subjects).toEqual(['real']);
  expect(station.transports.counters.keepAlives).toBe(5);
});

test('RFC 5626 §3.5.2: a STUN Binding request on the SIP port is told where it came from', async () => {
  for (const [type, host] of [
    ['udp4', '127.0.0.1'],
    ['udp6', '::1'],
  ] as const) {
    const station = await open(on('udp', host));
    const socket = createSocket(type);
    ending.push(() => socket.close());
    socket.send(Buffer.from('000100002112a4420102030405060708090a0b0c', 'hex'), station.address('udp').port, host);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(answer.subarray(0, 4).toString('hex')).toBe(type === 'udp4' ? '0101000c' : '01010018');
    expect(answer.subarray(4, 20).toString('hex')).toBe('2112a4420102030405060708090a0b0c');
    expect(answer.readUInt16BE(26) ^ 0x2112).toBe(socket.address().port);
    const seen = answer.subarray(28).map((byte, i) => byte ^ answer[4 + i]!);
    expect([...seen]).toEqual(type === 'udp4' ? [127, 0, 0, 1] : [...Array(15).fill(0), 1]);
    expect(station.packets).toEqual([]);
  }
});

test('a port in use is a fault that names it, and what was opened before is closed again', async () => {
  for (const transport of ['udp', 'tcp'] as const) {
    const { port } = (await open(on(transport))).address(transport);
    const probe = await open(on('udp'));
    const free = probe.address('udp').port;
    await probe.transports.close();
    const attempt = SipTransports.open([on('udp', '127.0.0.1', free), on(transport, '127.0.0.1', port)], {
      received: () => {},
      failed: () => {},
    });
    await expect(attempt).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      context: { transport, host: '127.0.0.1', port },
    });
    await open(on('udp', '127.0.0.1', free));
  }
});

test('an address that this machine does not have is a fault, and so is TLS without a certificate', async () => {
  const listenOn = (listener: Listener) => SipTransports.open([listener], { received: () => {}, failed: () => {} });
  for (const transport of ['udp', 'tcp'] as const) {
    await expect(listenOn(on(transport, '192.0.2.1'))).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
    await expect(listenOn(on(transport, 'example.com'))).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
  }
  await expect(listenOn(on('tls'))).rejects.toMatchObject({ code: 'INVALID_SETTING' });
});

test('RFC 3261 §18.4: what cannot be sent is reported, later than the call that sent it', async () => {
  const station = await open(on('udp'), on('tcp'));
  const closed = await open(on('tcp'));
  const nobody = closed.address('tcp');
  await closed.transports.close();
  const hopeless: TransportAddress[] = [
    nobody,
    { transport: 'udp', address: '127.0.0.1', port: 0 },
    { transport: 'udp', address: 'example.com', port: 5060 },
    { transport: 'udp', address: '::1', port: 5060 },
    { transport: 'tcp', address: '127.0.0.1', port: 70_000 },
  ];
  for (const destination of hopeless) station.transports.send(destination, undefined, message('lost'));
  station.transports.send({ ...hopeless[1]!, port: 9 }, undefined, Buffer.alloc(70_000));
  expect(station.failures).toEqual([]);
  await station.until(() => station.failures.length === hopeless.length + 1);
  for (const destination of hopeless) expect(station.failures).toContainEqual(destination);
  expect(station.transports.counters).toMatchObject({ connectFailures: 1, connections: 0 });
});

test('RFC 5626 §5.3: what is addressed by a flow never opens a connection', async () => {
  const station = await open(on('tcp'));
  let connections = 0;
  const elsewhere = await listen(() => connections++);
  station.transports.send(elsewhere, station.address('tcp').port, message('lost'));
  await station.until(() => station.failures.length === 1);
  const socket = await client(station.address('tcp'));
  socket.write(message('hello'));
  await station.until(() => station.packets.length === 1);
  const { source, localPort } = station.packets[0]!;
  station.transports.send(source, localPort + 1, message('another flow'));
  await station.until(() => station.failures.length === 2);
  expect(station.failures).toEqual([elsewhere, source]);
  expect(connections).toBe(0);
});

test('a peer that closes what we sent on is reported once', async () => {
  const station = await open();
  const peer = await listen((socket) => socket.once('data', () => socket.end()));
  station.transports.send(peer, undefined, message('one'));
  station.transports.send(peer, undefined, message('two'));
  await station.until(() => station.failures.length > 0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(station.failures).toEqual([peer]);
  expect(station.transports.counters.connections).toBe(0);
});

test('a stream that cannot be cut into messages is closed after those before it', async () => {
  const station = await open(on('tcp'));
  const socket = await client(station.address('tcp'));
  socket.on('error', () => {});
  socket.write(Buffer.concat([message('good'), Buffer.from('OPTIONS sip:x SIP/2.0\r\nSubject: endless\r\n\r\n')]));
  await once(socket, 'close');
  expect(station.subjects).toEqual(['good']);
  expect(station.transports.counters).toMatchObject({ framingDefects: 1, connections: 0 });
});

test('a peer that does not read loses its connection, not our memory', async () => {
  const station = await open();
  const peer = await listen((socket) => socket.pause());
  const large = message('large', 'x'.repeat(60_000));
  while (station.failures.length === 0) {
    for (let i = 0; i < 10; i++) station.transports.send(peer, undefined, large);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(station.failures[0]).toEqual(peer);
  expect(station.transports.counters.droppedBacklog).toBeGreaterThan(0);
});
