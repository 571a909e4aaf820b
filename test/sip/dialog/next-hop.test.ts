import { expect, test } from 'vitest';
import type { TransportProtocol } from '../../../core/ports.ts';
import { isNamed, locatedHop, nextHop } from '../../../sip/dialog/next-hop.ts';
import { parseUri } from '../../../sip/grammar/uri.ts';

const seen = (address: string, transport: TransportProtocol = 'udp') => ({
  remote: { transport, address, port: 40_000 },
  localPort: 5060,
});

function hop(uri: string, flow?: ReturnType<typeof seen>): string | undefined {
  const found = nextHop(parseUri(uri)!, flow);
  return found && `${found.transport} ${found.address} ${found.port}`;
}

test.each([
  ['sip:a@198.51.100.7', undefined, 'udp 198.51.100.7 5060'],
  ['sip:a@198.51.100.7:5070;transport=tcp', undefined, 'tcp 198.51.100.7 5070'],
  ['sips:a@198.51.100.7', undefined, 'tls 198.51.100.7 5061'],
  ['sip:a@[2001:db8::7]:5070', undefined, 'udp 2001:db8::7 5070'],
  ['sip:a@localhost:5070', undefined, 'udp 127.0.0.1 5070'],
  ['sip:a@phone.example', undefined, undefined],
])('without a flow, %s is what the URI says', (uri, flow, expected) => {
  expect(hop(uri, flow)).toBe(expected);
});

test.each([
  ['sip:a@192.168.1.20', '203.0.113.5', 'udp 203.0.113.5 40000'],
  ['sip:a@[fd00::1]', '2001:db8::5', 'udp 2001:db8::5 40000'],
  ['sip:a@phone.example', '203.0.113.5', 'udp 203.0.113.5 40000'],
  ['sip:a@localhost', '203.0.113.5', 'udp 203.0.113.5 40000'],
  ['sip:a@0.0.0.0', '203.0.113.5', 'udp 203.0.113.5 40000'],
])('%s is reached where it was seen: it cannot be reached as it says', (uri, address, expected) => {
  expect(hop(uri, seen(address))).toBe(expected);
});

test.each([
  ['sip:a@192.168.1.20:5062', '192.168.1.20', 'udp 192.168.1.20 5062'],
  ['sip:a@198.51.100.9:5062', '203.0.113.5', 'udp 198.51.100.9 5062'],
])('%s is reached as it says although it was seen elsewhere', (uri, address, expected) => {
  expect(hop(uri, seen(address))).toBe(expected);
});

test.each([
  ['sip:a@phone.example;maddr=198.51.100.9', 'udp 198.51.100.9 5060'],
  ['sip:a@198.51.100.9:5062;maddr=198.51.100.10', 'udp 198.51.100.10 5062'],
  ['sip:a@phone.example;maddr=[2001:db8::9]', 'udp 2001:db8::9 5060'],
  ['sip:a@198.51.100.9;maddr=192.168.1.20', 'udp 203.0.113.5 40000'],
  ['sip:a@198.51.100.9;maddr=239.255.255.1', 'udp 198.51.100.9 5060'],
  ['sip:a@198.51.100.9;maddr=ff02::1', 'udp 198.51.100.9 5060'],
  ['sip:a@198.51.100.9;maddr=999.1', 'udp 198.51.100.9 5060'],
  ['sip:a@198.51.100.9;maddr', 'udp 198.51.100.9 5060'],
])('RFC 3263 §4: the maddr of %s is where it is sent, unless that is many or nobody', (uri, expected) => {
  expect(hop(uri, seen('203.0.113.5'))).toBe(expected);
});

test('a connection is used again, whatever the URI says', () => {
  expect(hop('sip:a@198.51.100.9:5062;transport=tcp', seen('203.0.113.5', 'tcp'))).toBe('tcp 203.0.113.5 40000');
});

test.each([
  ['sip:a@pbx.example', 'udp', true],
  ['sip:a@pbx.example:5070', 'udp', true],
  ['sip:a@pbx.example', 'tcp', false],
  ['sip:a@192.0.2.1', 'udp', false],
  ['sip:a@[2001:db8::1]', 'udp', false],
  ['sip:a@pbx', 'udp', false],
  ['sip:a@phone.local', 'udp', false],
  ['sip:a@x9y8.invalid', 'udp', false],
  ['sip:a@localhost', 'udp', false],
  ['sip:a@local.example', 'udp', true],
  ['sip:a@192.0.2.1;maddr=pbx.example', 'udp', true],
  ['sip:a@pbx.example;maddr=192.0.2.1', 'udp', false],
] as const)(
  'whether the servers of %s are looked up where the peer was seen over %s: %s',
  (uri, transport, expected) => {
    expect(isNamed(parseUri(uri)!, seen('203.0.113.5', transport))).toBe(expected);
  },
);

test('of the servers of a name the one that the peer was seen at is taken, else the first, and no private one', () => {
  const at = (address: string, transport: TransportProtocol = 'udp') => ({ transport, address, port: 5060 });
  const chosen = (...targets: ReturnType<typeof at>[]) => locatedHop(targets, seen('203.0.113.5')).address;
  expect(chosen(at('203.0.113.1'), at('203.0.113.5'))).toBe('203.0.113.5');
  expect(locatedHop([at('203.0.113.5', 'tcp'), at('203.0.113.5')], seen('203.0.113.5'))).toEqual(at('203.0.113.5'));
  expect(chosen(at('203.0.113.1'), at('203.0.113.2'))).toBe('203.0.113.1');
  expect(chosen(at('10.0.0.1'), at('203.0.113.2'))).toBe('203.0.113.5');
  expect(locatedHop([at('10.0.0.1')], seen('10.0.0.1')).port).toBe(5060);
  expect(chosen()).toBe('203.0.113.5');
});
