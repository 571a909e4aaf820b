import { afterEach, beforeEach, expect, test } from 'vitest';
import { seeded } from '../../core/kernel/random.ts';
import { parseUri } from '../../sip/grammar/uri.ts';
import { Locator } from '../../sip/locating/locator.ts';
import type { LookupAnswer, Outcome, RecordType } from '../../sip/locating/records.ts';
import { hostsOf, NameResolver, type NameResolverOptions } from '../../sip/transport/name-resolver.ts';
import { a, cname, DnsServer, naptr, srv } from './locating/dns-server.ts';

let server: DnsServer;

beforeEach(async () => {
  server = await DnsServer.open();
});

afterEach(() => server.close());

/** Asks the server of the test over its socket. */
async function asked(type: RecordType, name: string, options: NameResolverOptions = {}): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<LookupAnswer>();
  const resolver = new NameResolver(resolve, { servers: [server.address], ...options });
  resolver.ask({ number: 7, type, name });
  const { number, outcome } = await promise;
  expect(number).toBe(7);
  resolver.close();
  return outcome;
}

test('addresses come with their lifetime, also those of an alias', async () => {
  server.add('alias.example', 'CNAME', cname('pbx.example'), 100);
  server.add('pbx.example', 'A', a('192.0.2.1'), 200);
  server.add('pbx.example', 'A', a('192.0.2.2'), 30);
  const outcome = { kind: 'records', type: 'A', records: ['192.0.2.1', '192.0.2.2'], ttlMs: 30_000 };
  expect(await asked('A', 'pbx.example')).toEqual(outcome);
  expect(await asked('A', 'alias.example')).toEqual(outcome);
});

test('servers and services come as they are written', async () => {
  server.add('_sip._udp.pbx.example', 'SRV', srv(10, 60, 5070, 'one.pbx.example'));
  server.add('pbx.example', 'NAPTR', naptr(50, 40, 's', 'SIP+D2U', '_sip._udp.pbx.example'));
  expect(await asked('SRV', '_sip._udp.pbx.example')).toEqual({
    kind: 'records',
    type: 'SRV',
    records: [{ priority: 10, weight: 60, port: 5070, target: 'one.pbx.example' }],
    ttlMs: 60_000,
  });
  const replacement = '_sip._udp.pbx.example';
  expect(await asked('NAPTR', 'pbx.example')).toEqual({
    kind: 'records',
    type: 'NAPTR',
    records: [{ order: 50, preference: 40, flags: 's', service: 'SIP+D2U', regexp: '', replacement }],
    ttlMs: 60_000,
  });
});

test('a name that does not exist, one without such records and one that cannot exist are nothing', async () => {
  server.add('pbx.example', 'A', a('192.0.2.1'));
  expect(await asked('A', 'unknown.example')).toEqual({ kind: 'nothing' });
  expect(await asked('AAAA', 'pbx.example')).toEqual({ kind: 'nothing' });
  expect(await asked('SRV', `${'x'.repeat(70)}.example`)).toEqual({ kind: 'nothing' });
});

test('a server that is ill or silent is a failure', async () => {
  server.failing.add('SRV ill.example').add('A ill.example');
  server.silent.add('A silent.example');
  expect(await asked('SRV', 'ill.example')).toEqual({ kind: 'failed', detail: 'ESERVFAIL' });
  expect(await asked('A', 'silent.example')).toEqual({ kind: 'failed', detail: 'ETIMEOUT' });
});

test('after a failure the servers are asked as before', async () => {
  server.add('pbx.example', 'A', a('192.0.2.1'));
  server.failing.add('A ill.example');
  const answers: LookupAnswer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const resolver = new NameResolver(
    (answer) => {
      answers.push(answer);
      if (answer.number === 1) resolver.ask({ number: 2, type: 'A', name: 'pbx.example' });
      else resolve();
    },
    { servers: [server.address] },
  );
  resolver.ask({ number: 1, type: 'A', name: 'ill.example' });
  await promise;
  resolver.close();
  expect(answers.map(({ number, outcome }) => [number, outcome.kind])).toEqual([
    [1, 'failed'],
    [2, 'records'],
  ]);
});

test('nothing is told after the end', async () => {
  server.silent.add('A silent.example');
  const answers: LookupAnswer[] = [];
  const resolver = new NameResolver((answer) => answers.push(answer), { servers: [server.address] });
  resolver.ask({ number: 1, type: 'A', name: 'silent.example' });
  resolver.ask({ number: 2, type: 'SRV', name: 'unknown.example' });
  resolver.close();
  await asked('A', 'unknown.example');
  expect(answers).toEqual([]);
});

test('names of the hosts file are not asked for', async () => {
  const hosts = hostsOf(
    '# names\n127.0.0.1\tlocalhost loop\n::1 localhost\n\n10.0.0.5  PBX pbx.office # the old one\n',
  );
  expect([...hosts]).toEqual([
    ['localhost', ['127.0.0.1', '::1']],
    ['loop', ['127.0.0.1']],
    ['pbx', ['10.0.0.5']],
    ['pbx.office', ['10.0.0.5']],
  ]);
  const listed = { kind: 'records', type: 'A', records: ['10.0.0.5'], ttlMs: 60_000 };
  expect(await asked('A', 'pbx.office', { hosts })).toEqual(listed);
  expect(await asked('AAAA', 'pbx.office', { hosts })).toEqual({ kind: 'nothing' });
  expect(await asked('NAPTR', 'pbx.office', { hosts })).toEqual({ kind: 'nothing' });
  expect(await asked('SRV', '_sip._udp.pbx.office', { hosts })).toEqual({ kind: 'nothing' });
  expect(server.asked).toEqual([]);
  await asked('SRV', '_sip._udp.other.office', { hosts });
  expect(server.asked).toEqual(['SRV _sip._udp.other.office']);
});

test('a name leads over a real socket to its servers, and what is known is not asked for again', async () => {
  server.add('pbx.example', 'NAPTR', naptr(50, 40, 's', 'SIP+D2T', '_sip._tcp.pbx.example'));
  server.add('_sip._tcp.pbx.example', 'SRV', srv(20, 1, 5061, 'two.pbx.example'));
  server.add('_sip._tcp.pbx.example', 'SRV', srv(10, 1, 5060, 'one.pbx.example'));
  server.add('one.pbx.example', 'A', a('192.0.2.1'));
  server.add('two.pbx.example', 'A', a('192.0.2.2'));
  const locator = new Locator({ transports: ['udp', 'tcp'], families: [4] }, seeded(1));
  const search = async (): Promise<unknown> => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const drain = (): void => {
      for (let output = locator.poll(); output !== undefined; output = locator.poll()) {
        if (output.kind === 'lookup') resolver.ask(output);
        else resolve(output);
      }
    };
    const resolver = new NameResolver(
      (answer) => {
        locator.receive(answer, 0);
        drain();
      },
      { servers: [server.address] },
    );
    locator.locate(parseUri('sip:bob@pbx.example')!, 0);
    drain();
    return promise;
  };
  const targets = [
    { transport: 'tcp', address: '192.0.2.1', port: 5060 },
    { transport: 'tcp', address: '192.0.2.2', port: 5061 },
  ];
  expect(await search()).toEqual({ kind: 'located', location: 1, targets });
  expect(server.asked.toSorted()).toEqual([
    'A one.pbx.example',
    'A two.pbx.example',
    'NAPTR pbx.example',
    'SRV _sip._tcp.pbx.example',
  ]);
  expect(await search()).toEqual({ kind: 'located', location: 2, targets });
  expect(server.asked).toHaveLength(4);
});
