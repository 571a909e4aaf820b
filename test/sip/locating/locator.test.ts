import { expect, test } from 'vitest';
import type { TransportAddress, TransportProtocol } from '../../../core/ports.ts';
import { reachableFrom } from '../../../sip/locating/survey.ts';
import { EVERYTHING, Search } from './search.ts';

/** Two servers with NAPTR and SRV records, as a carrier publishes them. */
const CARRIER = {
  'NAPTR carrier.example': [
    '20 10 s SIP+D2U _sip._udp.carrier.example',
    '10 10 s SIPS+D2T _sips._tcp.carrier.example',
    '20 5 s SIP+D2T _sip._tcp.carrier.example',
  ],
  'SRV _sips._tcp.carrier.example': ['1 1 5061 one.carrier.example'],
  'SRV _sip._tcp.carrier.example': ['2 1 5060 two.carrier.example', '1 1 5070 one.carrier.example'],
  'SRV _sip._udp.carrier.example': ['1 1 5060 one.carrier.example'],
  'A one.carrier.example': ['192.0.2.11', '192.0.2.12'],
  'A two.carrier.example': ['192.0.2.21'],
  'AAAA two.carrier.example': ['2001:db8::21'],
  'A carrier.example': ['192.0.2.80'],
};
const SERVED = {
  'SRV _sip._udp.served.example': ['1 1 5080 host.example'],
  'SRV _sip._tcp.served.example': ['1 1 5090 host.example.'],
  'A host.example': ['192.0.2.31'],
};
const PLAIN = { 'A pbx.example': ['192.0.2.41'] };
const UDP_ONLY = { transports: ['udp'], families: [4] } as const;

test.each([
  ['sip:a@198.51.100.7', ['udp 198.51.100.7 5060']],
  ['sip:a@198.51.100.7:5070;transport=tcp', ['tcp 198.51.100.7 5070']],
  ['sips:a@198.51.100.7', ['tls 198.51.100.7 5061']],
  ['sips:a@198.51.100.7;transport=tcp', ['tls 198.51.100.7 5061']],
  ['sip:a@[2001:db8::7]', ['udp 2001:db8::7 5060']],
  ['sip:a@localhost:5070', ['udp 127.0.0.1 5070']],
  ['sip:a@pbx.example;maddr=198.51.100.7', ['udp 198.51.100.7 5060']],
  ['sip:a@nobody.invalid', 'no such host'],
])('%s is known without a question', (uri, expected) => {
  const search = new Search(PLAIN);
  expect(search.locate(uri)).toEqual(expected);
  expect(search.server.asked).toEqual([]);
});

test('a name with a port is asked for its addresses alone', () => {
  const search = new Search(CARRIER);
  expect(search.locate('sip:a@carrier.example:5066')).toEqual(['udp 192.0.2.80 5066']);
  expect(search.locate('sip:a@CARRIER.example.:5066;transport=tcp')).toEqual(['tcp 192.0.2.80 5066']);
  expect(search.server.asked).toEqual(['A carrier.example']);
});

test('a name with a transport is asked for the servers of that transport, then for addresses', () => {
  const search = new Search({ ...SERVED, ...PLAIN });
  expect(search.locate('sip:a@served.example;transport=tcp')).toEqual(['tcp 192.0.2.31 5090']);
  expect(search.locate('sip:a@pbx.example;transport=tls')).toEqual(['tls 192.0.2.41 5061']);
  expect(search.server.asked).toEqual([
    'SRV _sip._tcp.served.example',
    'A host.example',
    'SRV _sips._tcp.pbx.example',
    'A pbx.example',
  ]);
});

test('RFC 3263 §4.1: NAPTR records say which transports to try, by their order and preference', () => {
  expect(new Search(CARRIER).locate('sip:a@carrier.example')).toEqual([
    'tls 192.0.2.11 5061',
    'tls 192.0.2.12 5061',
    'tcp 192.0.2.11 5070',
    'tcp 192.0.2.12 5070',
    'tcp 192.0.2.21 5060',
    'udp 192.0.2.11 5060',
    'udp 192.0.2.12 5060',
  ]);
});

test('of NAPTR records only those count whose transport is spoken here, and for sips only TLS', () => {
  const udp = ['udp 192.0.2.11 5060', 'udp 192.0.2.12 5060'];
  expect(new Search(CARRIER, UDP_ONLY).locate('sip:a@carrier.example')).toEqual(udp);
  const tls = ['tls 192.0.2.11 5061', 'tls 192.0.2.12 5061'];
  expect(new Search(CARRIER).locate('sips:a@carrier.example')).toEqual(tls);
  // Calling over TLS needs no listener of our own.
  expect(new Search(CARRIER, UDP_ONLY).locate('sips:a@carrier.example')).toEqual(tls);
  const search = new Search(CARRIER, UDP_ONLY);
  expect(search.locate('sip:a@carrier.example;transport=tcp')).toBe('no transport');
  expect(search.server.asked).toEqual([]);
});

test('NAPTR records of other services, with a rewriting or a flag that means something else are passed over', () => {
  const search = new Search({
    'NAPTR odd.example': [
      '1 1 u E2U+sip . !^.*$!sip:a@b!',
      '1 2 s SIP+D2U _sip._udp.served.example !x!y!',
      '1 3 u SIP+D2U _sip._udp.served.example',
      '1 4 s SIP+D2U .',
      '1 5 A sip+d2t host.example',
    ],
    ...SERVED,
  });
  expect(search.locate('sip:a@odd.example')).toEqual(['tcp 192.0.2.31 5060']);
});

test('without NAPTR records the servers of every transport are asked for, without those the addresses', () => {
  const search = new Search({ ...SERVED, ...PLAIN });
  expect(search.locate('sip:a@served.example')).toEqual(['udp 192.0.2.31 5080', 'tcp 192.0.2.31 5090']);
  expect(search.locate('sip:a@pbx.example')).toEqual(['udp 192.0.2.41 5060']);
  expect(search.locate('sips:a@pbx.example')).toEqual(['tls 192.0.2.41 5061']);
  expect(search.server.asked).toEqual([
    'NAPTR served.example',
    'SRV _sip._udp.served.example',
    'SRV _sip._tcp.served.example',
    'A host.example',
    'NAPTR pbx.example',
    'SRV _sip._udp.pbx.example',
    'SRV _sip._tcp.pbx.example',
    'A pbx.example',
    'SRV _sips._tcp.pbx.example',
  ]);
});

test('a server without a port is passed over', () => {
  const zone = {
    'SRV _sip._udp.odd.example': ['1 1 0 host.example', '2 1 5070 host.example'],
    'A host.example': ['192.0.2.1'],
  };
  expect(new Search(zone, UDP_ONLY).locate('sip:a@odd.example')).toEqual(['udp 192.0.2.1 5070']);
});

test('a service that is decidedly not there is not replaced by the host', () => {
  const zone = { 'SRV _sip._udp.closed.example': ['0 0 0 .'], 'A closed.example': ['192.0.2.99'] };
  expect(new Search(zone, UDP_ONLY).locate('sip:a@closed.example')).toBe('no server');
  const gone = { 'SRV _sip._udp.gone.example': ['0 0 5060 host.gone.example'], 'A gone.example': ['192.0.2.99'] };
  expect(new Search(gone, UDP_ONLY).locate('sip:a@gone.example')).toBe('no server');
});

test('all addresses of one server are tried before those of the next, those of the preferred family first', () => {
  const zone = { ...CARRIER, 'AAAA one.carrier.example': ['2001:db8::11'] };
  const search = new Search(zone, { transports: ['tcp'], families: [6, 4] });
  expect(search.locate('sip:a@carrier.example')).toEqual([
    'tcp 2001:db8::11 5070',
    'tcp 192.0.2.11 5070',
    'tcp 192.0.2.12 5070',
    'tcp 2001:db8::21 5060',
    'tcp 192.0.2.21 5060',
  ]);
});

test('what can be sent over follows from the listeners', () => {
  const listener = (transport: TransportProtocol, host: string) => ({ transport, host, port: 5060 });
  expect(reachableFrom([listener('udp', '0.0.0.0'), listener('tcp', '0.0.0.0')])).toEqual({
    transports: ['udp', 'tcp'],
    families: [4],
  });
  expect(reachableFrom([listener('wss', '::'), listener('tls', '::'), listener('udp', '192.0.2.1')])).toEqual({
    transports: ['udp', 'tls'],
    families: [4, 6],
  });
});

test('what is no address of one host is not called', () => {
  const zone = {
    'A bad.example': ['0.0.0.0', '224.0.0.1', '255.255.255.255', '1.2.3', 'x', '192.0.2.1'],
    'AAAA bad.example': ['::', 'ff02::1', '::ffff:127.0.0.1', '::FFFF:7f00:1', '192.0.2.2'],
  };
  const search = new Search(zone, { transports: ['udp'], families: [6, 4] });
  expect(search.locate('sip:a@bad.example')).toEqual(['udp 192.0.2.1 5060']);
});

test('a name that nobody knows is told apart from one that nobody answers for', () => {
  const search = new Search(PLAIN);
  expect(search.locate('sip:a@unknown.example')).toBe('no such host');
  search.server.failing = new Set(['A failing.example']);
  expect(search.locate('sip:a@failing.example')).toBe('not answered');
});

test('a question without an answer is given up after 3 s, and what is left still leads to the server', () => {
  const search = new Search({ ...PLAIN });
  search.server.silent = new Set(['NAPTR pbx.example', 'SRV _sip._tcp.pbx.example']);
  expect(search.locate('sip:a@pbx.example')).toEqual(['udp 192.0.2.41 5060']);
  expect(search.now).toBe(6_020);
  expect(search.locator.counters).toEqual({ lookups: 4, lookupTimeouts: 2, locating: 0 });
  // An answer that comes after that is nobody's.
  search.locator.receive({ number: 1, outcome: { kind: 'nothing' } }, search.now);
  expect(search.locator.poll()).toBeUndefined();
});

test('answers hold for their time, a failure for 5 s, a name without records for 30 s', () => {
  const search = new Search(PLAIN);
  const count = (): number => search.server.asked.splice(0).length;
  search.locate('sip:a@pbx.example:5060');
  search.now += 59_000;
  search.locate('sip:b@pbx.example:5061');
  expect(count()).toBe(1);
  search.now += 2_000;
  search.locate('sip:b@pbx.example:5061');
  expect(count()).toBe(1);
  search.locate('sip:a@unknown.example:5060');
  search.now += 29_000;
  search.locate('sip:a@unknown.example:5060');
  expect(count()).toBe(1);
  search.now += 2_000;
  search.locate('sip:a@unknown.example:5060');
  expect(count()).toBe(1);
  search.server.failing = new Set(['A failing.example']);
  search.locate('sip:a@failing.example:5060');
  search.now += 4_000;
  search.locate('sip:a@failing.example:5060');
  expect(count()).toBe(1);
  search.now += 2_000;
  search.locate('sip:a@failing.example:5060');
  expect(count()).toBe(1);
});

test('an old answer serves for an hour while the name server is ill, and not longer', () => {
  const search = new Search(PLAIN);
  search.locate('sip:a@pbx.example:5060');
  search.server.failing = new Set(['A pbx.example']);
  search.now += 600_000;
  expect(search.locate('sip:a@pbx.example:5060')).toEqual(['udp 192.0.2.41 5060']);
  search.now += 3_000_000;
  expect(search.locate('sip:a@pbx.example:5060')).toEqual(['udp 192.0.2.41 5060']);
  search.now += 600_000;
  expect(search.locate('sip:a@pbx.example:5060')).toBe('not answered');
});

test('a name that many ask for at once is looked up once', () => {
  const search = new Search(PLAIN);
  const locations = Array.from({ length: 100 }, () => search.begin('sip:a@pbx.example'));
  search.run();
  expect(search.server.asked).toHaveLength(4);
  for (const location of locations) expect(search.found.get(location)).toEqual(['udp 192.0.2.41 5060']);
});

test('at most 64 questions are on their way, others wait their turn', () => {
  const search = new Search(PLAIN);
  const locations = Array.from({ length: 200 }, (_, index) => search.begin(`sip:a@host${index}.example:5060`));
  expect(search.server.asked).toHaveLength(64);
  search.run();
  expect(search.server.asked).toHaveLength(200);
  for (const location of locations) expect(search.found.get(location)).toBe('no such host');
  expect(search.now).toBe(80);
});

test('questions that wait too long for their turn fail as well, and what is beyond all bounds fails at once', () => {
  const search = new Search({});
  const names = Array.from({ length: 5_000 }, (_, index) => `host${index}.example`);
  search.server.silent = new Set(names.map((name) => `A ${name}`));
  const locations = names.map((name) => search.begin(`sip:a@${name}:5060`));
  expect(search.found.size).toBe(5_000 - 4_096);
  search.run();
  for (const location of locations) expect(search.found.get(location)).toBe('not answered');
  expect(search.now).toBe(3_000);
  expect(search.locator.deadline()).toBe(Infinity);
});

test('a search that is forgotten ends without a word, and others that share its question go on', () => {
  const search = new Search(PLAIN);
  const [first, second] = [search.begin('sip:a@pbx.example'), search.begin('sip:a@pbx.example')];
  search.locator.forget(first);
  search.run();
  expect([...search.found.keys()]).toEqual([second]);
  expect(search.locator.counters.locating).toBe(0);
});

test('a target that failed is tried last for a while: long when it was silent, as it asked for when it refused', () => {
  const zone = { 'A farm.example': ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'] };
  const search = new Search(zone, EVERYTHING);
  const target = (last: number): TransportAddress => ({ transport: 'udp', address: `192.0.2.${last}`, port: 5060 });
  const order = (): readonly string[] =>
    (search.locate('sip:a@farm.example:5060') as readonly string[]).map((text) => text.split(/[. ]/)[4]!);
  search.locator.avoid(target(1), 'silent', search.now);
  search.locator.avoid(target(2), 'broken', search.now);
  search.locator.avoid(target(3), { retryAfterMs: 60_000 }, search.now);
  expect(order()).toEqual(['4', '1', '2', '3']);
  search.now += 40_000;
  expect(order()).toEqual(['2', '4', '1', '3']);
  search.now += 30_000;
  expect(order()).toEqual(['2', '3', '4', '1']);
  search.now += 300_000;
  expect(order()).toEqual(['1', '2', '3', '4']);
});

test('a zone that is made to be endless is looked at for its first records alone', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => `1 1 5060 host${index}.example`);
  const search = new Search({
    'SRV _sip._udp.endless.example': many,
    ...Object.fromEntries(
      many.map((_, index) => [`A host${index}.example`, ['192.0.2.1', '192.0.2.2', `10.0.0.${index % 250}`]]),
    ),
  });
  expect(search.locate('sip:a@endless.example;transport=udp')).toHaveLength(16);
  expect(search.server.asked).toHaveLength(17);
  const best = new Search({
    'SRV _sip._udp.long.example': Array.from({ length: 20 }, (_, index) => `${20 - index} 1 5060 host${index}.example`),
    'A host19.example': ['192.0.2.19'],
  });
  expect(best.locate('sip:a@long.example;transport=udp')).toEqual(['udp 192.0.2.19 5060']);
});
