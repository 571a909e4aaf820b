import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAddress } from '../../../core/kernel/address-text.ts';
import type { Reachable } from '../../../sip/locating/survey.ts';
import { Search } from './search.ts';

const RUNS = Number(process.env['TANDEM_SEEDS'] ?? 300);
/** Few enough that records lead to each other, in circles too. */
const NAMES = ['a.example', 'b.example', 'c.example', '_sip._udp.a.example', '_sips._tcp.b.example', '.', '', 'x y'];
const HOSTS = ['a.example', 'b.example', 'c.example'];
const ADDRESSES = [
  '192.0.2.1',
  '192.0.2.2',
  '10.0.0.1',
  '0.0.0.0',
  '239.1.1.1',
  'fe80::1',
  '2001:db8::1',
  '::',
  'rubbish',
];

const name = fc.constantFrom(...NAMES);
const port = fc.constantFrom(0, 1, 5060, 65_535);
const small = fc.integer({ min: 0, max: 3 });
const service = fc.constantFrom('SIP+D2U', 'sip+d2t', 'SIPS+D2T', 'SIP+D2W', 'E2U+sip', '');
const naptr = fc
  .tuple(small, small, fc.constantFrom('s', 'S', 'a', 'u', ''), service, name)
  .map((parts) => parts.join(' '));
const srv = fc.tuple(small, small, port, name).map((parts) => parts.join(' '));
const many = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { minLength: 1, maxLength: 20 });

const entry = fc.oneof(
  fc.tuple(fc.constantFrom(...HOSTS.map((host) => `NAPTR ${host}`)), many(naptr)),
  fc.tuple(
    fc
      .constantFrom('_sip._udp', '_sip._tcp', '_sips._tcp')
      .chain((kind) => fc.constantFrom(...HOSTS.map((host) => `SRV ${kind}.${host}`))),
    many(srv),
  ),
  fc.tuple(
    fc.constantFrom(...HOSTS.flatMap((host) => [`A ${host}`, `AAAA ${host}`])),
    many(fc.constantFrom(...ADDRESSES)),
  ),
);
const keys = fc.array(
  entry.map(([key]) => key),
  { maxLength: 6 },
);
const uri = fc
  .tuple(
    fc.constantFrom('sip', 'sips'),
    fc.constantFrom(...HOSTS, 'unknown.example', 'nobody.invalid', '192.0.2.9'),
    fc.constantFrom('', ':5070'),
    fc.constantFrom('', ';transport=udp', ';transport=tcp', ';transport=tls', ';transport=ws'),
  )
  .map(([scheme, host, where, how]) => `${scheme}:u@${host}${where}${how}`);
const reachable: fc.Arbitrary<Reachable> = fc.record({
  transports: fc.subarray(['udp', 'tcp', 'tls'] as const),
  families: fc.subarray([6, 4] as const),
});

test('whatever a zone says and however its servers fail, each search ends once, in time, with targets that can be called', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 12 }),
      keys,
      keys,
      fc.array(fc.tuple(uri, fc.boolean()), { minLength: 1, maxLength: 8 }),
      reachable,
      (entries, silent, failing, searches, able) => {
        const search = new Search(Object.fromEntries(entries), able);
        search.server.silent = new Set(silent);
        search.server.failing = new Set(failing);
        const kept = searches.flatMap(([text, isForgotten]) => {
          const location = search.begin(text);
          if (!isForgotten || search.found.has(location)) return [{ text, location }];
          search.locator.forget(location);
          return [];
        });
        search.run();
        // NAPTR, servers, addresses: three questions one after the other.
        expect(search.now).toBeLessThanOrEqual(9_000);
        expect([...search.found.keys()].toSorted((a, b) => a - b)).toEqual(kept.map(({ location }) => location));
        for (const { text, location } of kept) {
          const found = search.found.get(location)!;
          if (typeof found === 'string') continue;
          expect(found.length).toBeGreaterThan(0);
          expect(found.length).toBeLessThanOrEqual(16);
          expect(new Set(found).size).toBe(found.length);
          for (const target of found) {
            const [transport, address = '', number] = target.split(' ');
            expect(isAddress(address)).toBe(true);
            expect(Number(number)).toBeGreaterThan(0);
            if (text.startsWith('sips')) expect(transport).toMatch(/^(tls|wss)$/);
            if (!text.includes('192.0.2.9'))
              expect(['192.0.2.1', '192.0.2.2', '10.0.0.1', 'fe80::1', '2001:db8::1']).toContain(address);
          }
        }
        expect(search.locator.counters.locating).toBe(0);
        expect(search.locator.deadline()).toBe(Infinity);
      },
    ),
    { seed: 11, numRuns: RUNS },
  );
});
