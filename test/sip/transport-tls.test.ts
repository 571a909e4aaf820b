import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import type { TransportAddress } from '../../core/ports.ts';
import { CONNECTION_TIMEOUTS } from '../../sip/transport/connections.ts';
import type { TlsIdentity } from '../../sip/transport/tls-identity.ts';
import type { Listener } from '../../sip/transport/transport.ts';
import { Authority, type Issued } from '../certificates/authority.ts';
import { message, on, Station } from './transport-station.ts';

const authority = new Authority();
const stranger = new Authority('Authority of others');
const server = authority.issue({ names: ['pbx.example', '127.0.0.1', '::1'] });
const timeouts = { ...CONNECTION_TIMEOUTS, connectMs: 200 };

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

const shows = (issued?: Issued, more: Partial<TlsIdentity> = {}): TlsIdentity => ({
  certificate: issued?.certificate ?? '',
  key: issued?.key ?? '',
  authorities: authority.certificate,
  clients: 'anyone',
  ...more,
});

async function open(identity: TlsIdentity, ...listeners: Listener[]): Promise<Station> {
  const station = await Station.open(listeners, { identity, timeouts });
  ending.push(() => station.close());
  return station;
}

async function handshake(to: TransportAddress, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: to.address, port: to.port, ca: authority.certificate, ...options });
  ending.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

const named = (address: TransportAddress, name: string): TransportAddress => ({ ...address, name });

for (const host of ['127.0.0.1', '::1']) {
  test(`RFC 3261 §26.2.1: messages go both ways over one TLS connection at ${host}`, async () => {
    const [a, b] = [await open(shows()), await open(shows(server), on('tls', host))];
    for (const name of ['one', 'two']) a.transports.send(b.address('tls'), undefined, message(name, 'a body'));
    await b.until(() => b.packets.length === 2);
    const { source, localPort } = b.packets[0]!;
    expect([source.transport, localPort]).toEqual(['tls', b.address('tls').port]);
    b.transports.send(source, localPort, message('three'));
    await a.until(() => a.packets.length === 1);
    expect([...b.subjects, ...a.subjects]).toEqual(['one', 'two', 'three']);
    expect(a.packets[0]!.source).toEqual(b.address('tls'));
    expect(a.transports.counters).toMatchObject({ connectionsOpened: 1, connections: 1 });
  });
}

const SERVERS: readonly (readonly [string, readonly string[], string | undefined, 'reached' | RegExp])[] = [
  ['§7.1', ['pbx.example'], 'pbx.example', 'reached'],
  ['§7.1', ['pbx.example'], 'PBX.Example', 'reached'],
  ['§7.1', ['sip:pbx.example'], 'pbx.example', 'reached'],
  ['§7.1', ['sip:pbx.example;transport=tls', '10.0.0.1'], 'pbx.example', 'reached'],
  ['§7.1', ['sip:other.example', 'pbx.example'], 'pbx.example', /for pbx\.example, got one for other\.example/],
  ['§7.1', ['sip:anna@pbx.example'], 'pbx.example', /altnames/],
  ['§7.2', ['other.example'], 'pbx.example', /altnames/],
  ['§7.2', ['*.pbx.example'], 'sbc.pbx.example', 'reached'],
  ['§7.2', ['*.pbx.example'], 'one.sbc.pbx.example', /altnames/],
  ['§7.2', ['127.0.0.1'], undefined, 'reached'],
  ['§7.2', ['pbx.example'], undefined, /IP: 127\.0\.0\.1/],
];

test.each(SERVERS)(
  'RFC 5922 %s: a certificate of %j is met by who looks for %s: %s',
  async (_, names, name, expected) => {
    const [a, b] = [await open(shows()), await open(shows(authority.issue({ names })), on('tls'))];
    const destination = name === undefined ? b.address('tls') : named(b.address('tls'), name);
    a.transports.send(destination, undefined, message('secret'));
    if (expected === 'reached') await b.until(() => b.subjects.length === 1);
    else {
      await a.until(() => a.failures.length === 1);
      expect(a.complaints[0]).toMatch(expected);
      expect(a.failures).toEqual([destination]);
      expect(b.packets).toEqual([]);
    }
  },
);

test('a certificate that nobody known has signed, or that ran out, is not believed', async () => {
  const expired = authority.issue({ names: ['127.0.0.1'], expiresAt: new Date(Date.now() - 1_000) });
  for (const issued of [stranger.issue({ names: ['127.0.0.1'] }), expired]) {
    const [a, b] = [await open(shows()), await open(shows(issued), on('tls'))];
    a.transports.send(b.address('tls'), undefined, message('secret'));
    await a.until(() => a.failures.length === 1);
    expect(a.complaints[0]).toMatch(/certificate|expired/);
    expect(b.packets).toEqual([]);
  }
});

test('RFC 5922 §4: a connection is only used again for the name that it was opened for', async () => {
  const [a, b] = [await open(shows()), await open(shows(server), on('tls'))];
  const destination = named(b.address('tls'), 'pbx.example');
  a.transports.send(destination, undefined, message('one'));
  await b.until(() => b.packets.length === 1);
  a.transports.send(named(b.address('tls'), 'other.example'), undefined, message('two'));
  await a.until(() => a.failures.length === 1);
  a.transports.send(destination, undefined, message('three'));
  await b.until(() => b.packets.length === 2);
  expect(b.subjects).toEqual(['one', 'three']);
  expect(b.packets[1]!.source).toEqual(b.packets[0]!.source);
});

test('RFC 5922 §4: after a break the name is proved again before anything is sent', async () => {
  const a = await open(shows());
  const first = await open(shows(server), on('tls'));
  const destination = named(first.address('tls'), 'pbx.example');
  a.transports.send(destination, undefined, message('one'));
  await first.until(() => first.packets.length === 1);
  await first.close();
  await a.until(() => a.failures.length === 1);
  const impostor = await open(
    shows(authority.issue({ names: ['impostor.example'] })),
    on('tls', '127.0.0.1', destination.port),
  );
  a.transports.send(destination, undefined, message('two'));
  await a.until(() => a.failures.length === 2);
  expect(a.complaints[0]).toContain('pbx.example');
  expect(impostor.packets).toEqual([]);
});

test('who must show a certificate is only let in with one', async () => {
  const b = await open(shows(server, { clients: 'certified' }), on('tls'));
  const without = await open(shows());
  without.transports.send(b.address('tls'), undefined, message('without'));
  await without.until(() => without.failures.length === 1);
  const wrong = await open(shows(stranger.issue({ names: ['a.example'] })));
  wrong.transports.send(b.address('tls'), undefined, message('of another authority'));
  await wrong.until(() => wrong.failures.length === 1);
  const certified = await open(shows(authority.issue({ names: ['a.example'] })));
  certified.transports.send(b.address('tls'), undefined, message('certified'));
  await b.until(() => b.packets.length === 1);
  expect(b.subjects).toEqual(['certified']);
  expect(b.transports.counters).toMatchObject({ handshakeFailures: 2, connections: 1 });
});

test('a renewed certificate is shown from the next connection on, and those that live go on', async () => {
  const b = await open(shows(server), on('tls'));
  const before = await handshake(b.address('tls'));
  before.write(message('before'));
  const renewed = authority.issue({ names: ['127.0.0.1'] });
  b.transports.identify(shows(renewed));
  const after = await handshake(b.address('tls'));
  expect(after.getPeerX509Certificate()?.toString()).not.toBe(before.getPeerX509Certificate()?.toString());
  before.write(message('still there'));
  await b.until(() => b.subjects.length === 2);
  expect(() => b.transports.identify(shows({ ...renewed, key: server.key }))).toThrow(
    /expected the key of the certificate/,
  );
  expect(() => b.transports.identify(shows({ ...renewed, certificate: 'nonsense' }))).toThrow(/PEM/);
  expect(b.transports.counters.connections).toBe(2);
});

test('who connects and never shakes hands is cut off, and counts as a connection until then', async () => {
  const b = await open(shows(server), on('tls'));
  const { address, port } = b.address('tls');
  const socket: Socket = connect(port, address).on('error', () => {});
  ending.push(() => socket.destroy());
  await once(socket, 'connect');
  while (b.transports.counters.connections === 0) await new Promise((resolve) => setImmediate(resolve));
  await once(socket.resume(), 'close');
  while (b.transports.counters.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(b.transports.counters).toMatchObject({ handshakeFailures: 1, connectionsAccepted: 0 });
});

test('what speaks no TLS to a TLS listener is cut off', async () => {
  const b = await open(shows(server), on('tls'));
  const { address, port } = b.address('tls');
  const socket = connect(port, address).on('error', () => {});
  socket.write(message('in clear'));
  await once(socket.resume(), 'close');
  expect(b.packets).toEqual([]);
});

test('what is no certificate is refused at the start, also when nobody listens', async () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  for (const identity of [
    shows(undefined, { authorities: 'nonsense' }),
    shows(undefined, { authorities: authority.certificate + broken }),
    shows({ certificate: 'nonsense', key: server.key }),
    shows({ certificate: server.certificate, key: 'nonsense' }),
    shows({ certificate: server.certificate, key: authority.issue({ names: ['a'] }).key }),
  ]) {
    await expect(Station.open([], { identity })).rejects.toMatchObject({ code: 'INVALID_SETTING' });
  }
});
