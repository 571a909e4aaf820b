import { expect, test } from 'vitest';
import type { TransportProtocol } from '../../../core/ports.ts';
import { nextHop } from '../../../sip/dialog/next-hop.ts';
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

test('a connection is used again, whatever the URI says', () => {
  expect(hop('sip:a@198.51.100.9:5062;transport=tcp', seen('203.0.113.5', 'tcp'))).toBe('tcp 203.0.113.5 40000');
});
