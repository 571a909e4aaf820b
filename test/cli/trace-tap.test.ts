import { expect, test } from 'vitest';
import type { TraceEntry } from '../../api/backend.ts';
import { TraceTap } from '../../cli/trace-tap.ts';
import { Journal } from '../../core/journal.ts';

const CLOCK = { now: () => 0, wallTime: () => 0 };
const PEER = { transport: 'udp', address: '192.0.2.1', port: 5060 } as const;

test('RFC 4568 §6.1: whoever reads the trace sees that there are keys, and not which', () => {
  const tap = new TraceTap(new Journal({ epoch: 'e' }));
  const told: TraceEntry[] = [];
  tap.listen((entry) => told.push(entry));
  const line = 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20\r\n';
  tap.message('sent', PEER, Buffer.from(line), CLOCK);
  expect(told.map(({ text }) => text)).toEqual(['a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:…|2^20\r\n']);
});
