import { expect, test } from 'vitest';
import {
  addressOf,
  contains,
  formatIpv4,
  pack,
  parseIpv4,
  parseNetwork,
  portOf,
  STRANGER_IPV6,
} from '../../../media/io/addresses.ts';

test('an address and a port come back from their packed number', () => {
  for (const text of ['0.0.0.1', '127.0.0.1', '128.0.0.0', '255.255.255.255']) {
    const packed = pack(parseIpv4(text)!, 65535);
    expect([formatIpv4(addressOf(packed)), portOf(packed), Number.isSafeInteger(packed)]).toEqual([text, 65535, true]);
  }
});

test.each(['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.-4', ' 1.2.3.4', '::1', 'a.b.c.d', '1..2.3'])(
  '%j is no IPv4 address and no network',
  (text) => {
    expect([parseIpv4(text), parseNetwork(text), parseNetwork(`${text}/8`)]).toEqual([undefined, undefined, undefined]);
  },
);

test('a network has the addresses that begin like it', () => {
  const cases: readonly [string, string, boolean][] = [
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.6', false],
    ['192.0.2.128/25', '192.0.2.255', true],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['0.0.0.0/0', '203.0.113.1', true],
  ];
  for (const [network, address, isIn] of cases) {
    expect(contains(parseNetwork(network)!, parseIpv4(address)!), `${address} in ${network}`).toBe(isIn);
  }
  for (const text of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1']) {
    expect(parseNetwork(text), text).toBeUndefined();
  }
});

test('an IPv4 network holds no IPv6 address, however its number ends', () => {
  const network = parseNetwork('192.0.2.0/24')!;
  expect(contains(network, 2 ** 33 + parseIpv4('192.0.2.7')!)).toBe(false);
  expect(contains(parseNetwork('0.0.0.0/0')!, STRANGER_IPV6 + 1)).toBe(false);
  expect(contains({ address: STRANGER_IPV6 + 1, prefixBits: 32 }, STRANGER_IPV6 + 1)).toBe(true);
  expect(contains({ address: 1, prefixBits: 32 }, STRANGER_IPV6 + 1)).toBe(false);
});

test('a packed IPv6 address gives back its number and port', () => {
  const number = STRANGER_IPV6 + 65_536 * (2 ** 20 - 1) + 65_535;
  expect([addressOf(pack(number, 65_535)), portOf(pack(number, 65_535))]).toEqual([number, 65_535]);
});
