import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { LOCAL_NETS } from '../../core/kernel/network.ts';
import { Advertiser } from '../../sip/transport/advertiser.ts';
import { isLocalNet, LocalAddresses } from '../../sip/transport/local-address.ts';

test('private, loopback and link-local addresses are inside, others outside', () => {
  for (const inside of [
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '127.0.0.1',
    '::1',
    'fd00::1',
    'fe80::1%eth0',
    '169.254.1.1',
  ])
    expect(isLocalNet(inside, LOCAL_NETS), inside).toBe(true);
  for (const outside of ['172.32.0.1', '8.8.8.8', '192.0.2.1', '2001:db8::1', 'example.com', ''])
    expect(isLocalNet(outside, LOCAL_NETS), outside).toBe(false);
  expect(isLocalNet('198.51.100.7', ['198.51.100.0/24'])).toBe(true);
});

test('what is no network is refused with what was expected', () => {
  for (const cidr of ['10.0.0.0', '10.0.0.0/33', 'x/8', '::/129', '10.0.0.0/', '10.0.0.0/8/8x', ''])
    expect(() => isLocalNet('10.0.0.1', [cidr]), cidr).toThrow(/expected a network such as 10\.0\.0\.0\/8/);
});

test('a peer is told the address of the interface that routes to it', async () => {
  const addresses = await LocalAddresses.open();
  expect(addresses.towards('127.0.0.1')).toBe('127.0.0.1');
  for (const own of Object.values(networkInterfaces()).flatMap((list) => list ?? [])) {
    if (own.address.startsWith('fe80')) continue;
    expect(isIP(addresses.towards(own.address))).toBe(isIP(own.address));
    if (own.family === 'IPv4') expect(addresses.towards(own.address)).toBe(own.address);
  }
  expect(isIP(addresses.towards('192.0.2.99'))).toBe(4);
  expect(isIP(addresses.towards('2001:db8::99'))).toBe(6);
});

test('peers outside are told the advertised address, peers inside ours', async () => {
  const addresses = await LocalAddresses.open();
  const advertiser = new Advertiser({ addresses, advertise: ['203.0.113.5'] });
  expect(advertiser.addressFor('198.51.100.1')).toBe('203.0.113.5');
  expect(advertiser.addressFor('127.0.0.1')).toBe('127.0.0.1');
  const all = new Advertiser({ addresses, advertise: ['203.0.113.5'], localNets: [] });
  expect(all.addressFor('127.0.0.1')).toBe('203.0.113.5');
});

test('a peer outside is told the advertised address of its own family, and ours where there is none', async () => {
  const addresses = await LocalAddresses.open();
  const both = new Advertiser({ addresses, advertise: ['203.0.113.5', '2001:db8::5'] });
  expect(both.addressFor('198.51.100.1')).toBe('203.0.113.5');
  expect(both.addressFor('2001:db8:1::1')).toBe('2001:db8::5');
  expect(both.addressFor('::1')).toBe('::1');
  const ipv4 = new Advertiser({ addresses, advertise: ['203.0.113.5'] });
  expect(ipv4.addressFor('2001:db8:1::1')).toBe(addresses.towards('2001:db8:1::1'));
});

test('only an address that is listened on is told', async () => {
  const addresses = await LocalAddresses.open();
  const told = (...boundHosts: string[]) => new Advertiser({ addresses, boundHosts }).addressFor('127.0.0.1');
  expect(told('127.0.0.2', '::1')).toBe('127.0.0.2');
  expect(told('127.0.0.2', '127.0.0.1')).toBe('127.0.0.1');
  expect(told('127.0.0.2', '0.0.0.0')).toBe('127.0.0.1');
});
