import { expect, test } from 'vitest';
import { formatVia, parseVia, parseViaWithoutParameters, withSource } from '../../../sip/grammar/via.ts';

test('a Via is split into its parts', () => {
  const text = 'SIP/2.0/udp Host.Example.com:5070;branch=z9hG4bKx;rport;received=192.0.2.1';
  const via = parseVia(text)!;
  expect({ ...via, parameters: [...via.parameters] }).toEqual({
    transport: 'UDP',
    host: 'host.example.com',
    port: 5070,
    branch: 'z9hG4bKx',
    parameters: [
      ['branch', 'z9hG4bKx'],
      ['rport', ''],
      ['received', '192.0.2.1'],
    ],
    text,
  });
});

test.each([
  ['SIP  / 2.0  / TCP     spindle.example.com   ; branch  =   z9hG4bK9ikj8', 'TCP', 'spindle.example.com', 0],
  ['sip/2.0/TLS [2001:db8::9:1]:5061', 'TLS', '2001:db8::9:1', 5061],
  ['SIP/7.0/UDP c.example.com', 'UDP', 'c.example.com', 0],
  ['SIP/2.0/UNKNOWN t4.example.com : 5060', 'UNKNOWN', 't4.example.com', 5060],
])('%s is read', (text, transport, host, port) => {
  expect(parseVia(text)).toMatchObject({ transport, host, port });
});

test.each(['[2001:db8::9:255]', '2001:db8::9:255'])('received=%s is accepted', (received) => {
  expect(
    parseVia(`SIP/2.0/UDP [2001:db8::9:1];received=${received};branch=z9hG4bKas3`)!.parameters.get('received'),
  ).toBe(received);
});

test.each([
  '',
  'SIP/2.0/UDP',
  'SIP/2.0/UDP ',
  'SIP/2.0 host',
  'HTTP/1.1/TCP host',
  'SIP/2.0/UDPhost',
  'SIP/2.0/UDP host:0x1',
  'SIP/2.0/UDP [::1',
  'SIP/2.0/UDP host;;',
  'SIP/2.0/UDP host;branch=a;branch=b',
  'SIP/2.0/UDP host,',
  'SIP/2.0/UDP ho st',
])('%j is no Via', (text) => {
  expect(parseVia(text)).toBeUndefined();
});

test('sent-by is found before malformed parameters', () => {
  expect(parseViaWithoutParameters('SIP/2.0/UDP 192.0.2.15;;,;,,')).toMatchObject({ host: '192.0.2.15', branch: '' });
});

test.each([
  ['SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;rport', ';branch=z9hG4bKx;rport=4444;received=2001:db8::1'],
  ['SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bKx', ';rport=4444;branch=z9hG4bKx;received=2001:db8::1'],
  ['SIP/2.0/UDP 10.0.0.1:5060;rportx;RPORT=1', ';rportx;rport=4444;received=2001:db8::1'],
  ['SIP/2.0/UDP 10.0.0.1:5060;x=";rport;";rport', ';x=";rport;";rport=4444;received=2001:db8::1'],
  ['SIP/2.0/UDP 10.0.0.1:5060;received=192.0.2.9;rport', ';received=2001:db8::1;rport=4444'],
])('received and rport are added to %s where they belong', (text, parameters) => {
  const stamped = withSource(parseVia(text)!, '2001:db8::1', 4444);
  expect(stamped.text).toBe(`SIP/2.0/UDP 10.0.0.1:5060${parameters}`);
  expect(parseVia(stamped.text)).toEqual(stamped);
});

test('received alone is added to a Via that does not ask for the port', () => {
  const stamped = withSource(parseVia('SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx')!, '192.0.2.1', undefined);
  expect(stamped.text).toBe('SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx;received=192.0.2.1');
  expect(parseVia(stamped.text)).toEqual(stamped);
});

test('an IPv6 sent-by is written in brackets', () => {
  expect(formatVia('tcp', '2001:db8::1', 5060, new Map([['branch', 'b']]))).toBe(
    'SIP/2.0/TCP [2001:db8::1]:5060;branch=b',
  );
});
