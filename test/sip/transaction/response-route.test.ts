import { expect, test } from 'vitest';
import type { Request } from '../../../sip/message.ts';
import { parse } from '../../../sip/parser.ts';
import { responseDestination } from '../../../sip/transaction/response-route.ts';

const SOURCE = { transport: 'udp', address: '198.51.100.7', port: 40_000 } as const;

test.each([
  ['198.51.100.7:5070;branch=z9hG4bK1', 5070],
  ['198.51.100.7;branch=z9hG4bK1', 5060],
  ['198.51.100.7:5070;branch=z9hG4bK1;rport', 40_000],
  ['192.168.1.20:5070;branch=z9hG4bK1', 40_000],
  ['phone.example:5070;branch=z9hG4bK1;maddr=198.51.100.7', 5070],
  ['198.51.100.7:5070;branch=z9hG4bK1;maddr=203.0.113.9', 40_000],
  ['198.51.100.7:5070;branch=z9hG4bK1;maddr=239.255.255.1', 40_000],
])('RFC 3261 §18.2.2: a response to %s goes to the source alone, whatever maddr says, at port %i', (via, port) => {
  const text = `OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP ${via}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n`;
  const request = parse(new TextEncoder().encode(text)).message as Request;
  expect(responseDestination(request, SOURCE)).toEqual({ ...SOURCE, port });
});
