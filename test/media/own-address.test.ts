import { expect, test } from 'vitest';
import { OwnAddress } from '../../media/own-address.ts';

/** Ours for peers of this machine, of the network beside it, and beyond; `ipv6`: where there is a way out. */
function own(ipv6: string): OwnAddress {
  return new OwnAddress((peer) => (!peer.includes(':') ? '192.0.2.1' : peer === '::1' ? '::1' : ipv6));
}

test('a peer is told an address of the family that its description names, else of that of its signalling', () => {
  const both = own('2001:db8::1');
  expect(both.towards('192.0.2.9', undefined)).toBe('192.0.2.1');
  expect(both.towards('192.0.2.9', '10.0.0.9')).toBe('192.0.2.1');
  expect(both.towards('192.0.2.9', '2001:db8::9')).toBe('2001:db8::1');
  expect(both.towards('2001:db8::9', '192.0.2.9')).toBe('192.0.2.1');
  expect(both.towards('fe80::9%eth0', undefined)).toBe('2001:db8::1');
  for (const held of ['0.0.0.0', '::', '0:0:0:0:0:0:0:0']) {
    expect(both.towards('192.0.2.9', held)).toBe('192.0.2.1');
    expect(both.towards('2001:db8::9', held)).toBe('2001:db8::1');
    expect(both.following(held, '2001:db8::1')).toBe('2001:db8::1');
  }
  expect(both.following('192.0.2.9', '2001:db8::1')).toBe('192.0.2.1');
});

test('where no way leads to IPv6, its peers are not reached, but those on this machine are', () => {
  const none = own('::1');
  expect([none.reaches('2001:db8::9'), none.reaches('::1'), none.reaches('192.0.2.9')]).toEqual([false, true, true]);
  expect(none.towards('192.0.2.9', '2001:db8::9')).toBeUndefined();
  none.carriesIpv6 = false;
  expect([none.reaches('::1'), none.reaches('192.0.2.9'), none.reaches('phone.example')]).toEqual([false, true, false]);
});
