import { expect, test } from 'vitest';
import { bitsOf, keyOf, networkOf } from '../../../core/kernel/network.ts';

test('an address is the network of itself', () => {
  expect(networkOf('192.0.2.1')).toMatchObject({ family: 4, prefixLength: 32 });
  expect(networkOf('2001:db8::1')).toMatchObject({ family: 6, prefixLength: 128 });
  expect(networkOf('192.0.2.1')).toEqual(networkOf('192.0.2.1/32'));
});

test('bits behind the prefix do not matter, those within it do', () => {
  expect(networkOf('192.0.2.77/24')).toEqual(networkOf('192.0.2.0/24'));
  expect(networkOf('192.0.3.0/24')).not.toEqual(networkOf('192.0.2.0/24'));
  expect(networkOf('2001:db8:0:ffff::1/48')).toEqual(networkOf('2001:db8::/48'));
  expect(networkOf('192.0.2.0/24')).not.toEqual(networkOf('192.0.2.0/25'));
});

test('the forms of one IPv6 address are one address', () => {
  const forms = ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', '2001:0db8:0000::0001', '2001:db8::0.0.0.1'];
  for (const form of forms) expect(bitsOf(form), form).toEqual(bitsOf(forms[0]!));
  expect(bitsOf('::')).toEqual({ family: 6, bits: 0n });
  expect(bitsOf('ffff::')!.bits >> 112n).toBe(0xffffn);
});

test('an IPv4 address mapped into IPv6 is the IPv4 address', () => {
  expect(bitsOf('::ffff:192.0.2.1')).toEqual(bitsOf('192.0.2.1'));
  expect(networkOf('::ffff:192.0.2.0/120')).toEqual(networkOf('192.0.2.0/24'));
  expect(networkOf('::ffff:192.0.2.0/90')).toBeUndefined();
});

test('an address lies in the networks that share its first bits', () => {
  const bits = bitsOf('198.51.100.7')!;
  for (const length of [0, 1, 8, 24, 31, 32]) {
    expect(keyOf(bits, length)).toBe(networkOf(`198.51.100.7/${length}`)!.key);
  }
  expect(keyOf(bits, 30)).not.toBe(networkOf('198.51.100.8/30')!.key);
  // The same bits of the other family are another network.
  expect(networkOf('0.0.0.0/0')!.key).not.toBe(networkOf('::/0')!.key);
});

test('what is no address and no network is neither', () => {
  for (const text of [
    '',
    'example.org',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/08',
    '192.0.2.0/',
    '192.0.2.0/24/8',
    '2001:db8::/129',
    '[2001:db8::1]',
    '2001:db8::1::2',
    'fe80::1%eth0',
    ' 192.0.2.1',
  ]) {
    expect(networkOf(text), text).toBeUndefined();
  }
});
