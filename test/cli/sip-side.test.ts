import { expect, test } from 'vitest';
import { listenerTowards } from '../../cli/sip-side.ts';
import type { TransportProtocol } from '../../core/ports.ts';

const BOUND = [
  { transport: 'udp', host: '127.0.0.1', port: 5060 },
  { transport: 'udp', host: '10.0.0.1', port: 5070 },
  { transport: 'udp', host: '10.0.0.1', port: 5080 },
  { transport: 'tcp', host: '0.0.0.0', port: 5090 },
  { transport: 'udp', host: '::', port: 5061 },
] as const;

test.each([
  ['udp', '10.0.0.9', undefined, 5070],
  ['udp', '10.0.0.9', 5080, 5080],
  ['udp', '127.0.0.1', undefined, 5060],
  ['udp', '2001:db8::9', undefined, 5061],
  ['tcp', '10.0.0.9', undefined, 5090],
  ['tcp', '10.0.0.9', 40_000, 5090],
  ['tcp', '2001:db8::9', undefined, 5090],
  ['tls', '10.0.0.9', undefined, undefined],
] as const)(
  'over %s, the peer %s is told the listener that it can reach',
  (transport: TransportProtocol, address, localPort, port) => {
    expect(listenerTowards(BOUND, { transport, address, port: 5060 }, localPort)?.port).toBe(port);
  },
);
