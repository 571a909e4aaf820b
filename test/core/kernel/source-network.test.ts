import { expect, test } from 'vitest';
import { sourceNetworkOf } from '../../../core/kernel/source-network.ts';

test('an IPv4 address is a source by itself', () => {
  expect(sourceNetworkOf('192.0.2.17')).toBe('192.0.2.17');
});

test('RFC 4291 §2.5.4: the addresses of an IPv6 network of 64 bits are one source, however they are written', () => {
  expect(sourceNetworkOf('2001:db8:0:2::1')).toBe('2001:db8:0:2::/64');
  expect(sourceNetworkOf('2001:DB8::2:0:0:0:1')).toBe('2001:db8:0:2::/64');
  expect(sourceNetworkOf('2001:0db8:0000:0002:1:2:3:4')).toBe('2001:db8:0:2::/64');
  expect(sourceNetworkOf('2001:db8:0:3::1')).not.toBe(sourceNetworkOf('2001:db8:0:2::1'));
  expect(sourceNetworkOf(sourceNetworkOf('2001:db8:0:2::1'))).toBe('2001:db8:0:2::/64');
});

test('RFC 4291 §2.5.6: neighbours on a link are not one source, nor is all that begins with zeros', () => {
  for (const address of ['fe80::1%eth0', 'febf::1', '::1', '::ffff:192.0.2.1']) {
    expect(sourceNetworkOf(address)).toBe(address);
  }
});
