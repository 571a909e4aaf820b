import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openSignallingSocket } from '../../cli/signalling-socket.ts';
import { parseIpv4 } from '../../media/io/addresses.ts';
import { openBatchUdp } from '../../media/io/open-packet-io.ts';
import { Authority } from '../certificates/authority.ts';
import { hasProgram } from '../interop/program.ts';
import { message, on, Station } from './transport-station.ts';

const CLASS_SELECTOR_3 = '0x60';
const EXPEDITED_FORWARDING = '0xb8';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** A line for each socket with this port, at its own or the other end, that says how the system marks its packets. */
function marks(port: number, side: 'sport' | 'dport' = 'sport'): string[] {
  const sockets = execFileSync('ss', ['-tuanHO', '--tos', side, '=', `:${port}`], { encoding: 'utf8' });
  return sockets.split('\n').filter((line) => line !== '' && !line.includes('LISTEN'));
}

const tos = (line: string) => /tos:(\S+)/.exec(line)?.[1];
const trafficClass = (line: string) => /tclass:(\S+)/.exec(line)?.[1];

const hasSs = hasProgram('ss');

for (const host of ['127.0.0.1', '::1']) {
  test.skipIf(!hasSs)(`RFC 2474 §4.2.2: datagrams and connections of signalling are marked at ${host}`, async () => {
    const authority = new Authority();
    const issued = authority.issue({ names: [host] });
    const identity = { ...issued, authorities: authority.certificate, clients: 'anyone' } as const;
    const options = { identity, openMarked: openSignallingSocket };
    const listeners = [on('udp', host), on('tcp', host), on('tls', host)];
    const [a, b] = [await Station.open(listeners, options), await Station.open(listeners, options)];
    ending.push(() => Promise.all([a.close(), b.close()]));
    for (const { transport } of listeners) a.transports.send(b.address(transport), undefined, message('x'));
    await b.until(() => b.packets.length === 3);
    const markOf = host === '::1' ? trafficClass : tos;
    for (const { transport } of listeners) {
      const { port } = b.address(transport);
      expect(marks(port).map(markOf), transport).toEqual([CLASS_SELECTOR_3]);
      // The other end of the connection, which was opened for this message.
      const opened = transport === 'udp' ? [] : [CLASS_SELECTOR_3];
      expect(marks(port, 'dport').map(markOf), transport).toEqual(opened);
    }
    expect([a, b].map(({ transports }) => transports.counters.unmarkedSockets)).toEqual([0, 0]);
  });
}

test.skipIf(!hasSs)('RFC 3246 §2: packets of media are marked, of both families by one socket', () => {
  const io = openBatchUdp({ address: parseIpv4('127.0.0.1')!, family: 'both' })!;
  ending.push(() => io.close());
  let port = 47_200;
  while (!io.openPort(port)) port += 2;
  for (const each of [port, port + 1]) {
    const [line] = marks(each);
    expect([tos(line!), trafficClass(line!)]).toEqual([EXPEDITED_FORWARDING, EXPEDITED_FORWARDING]);
  }
});

test('a port that is taken is refused as ever, and a connection that broke while it was marked is none the worse', async () => {
  const first = await Station.open([on('udp'), on('tcp')], { openMarked: openSignallingSocket });
  ending.push(() => first.close());
  const { port } = first.address('udp');
  await expect(Station.open([on('udp', '127.0.0.1', port)], { openMarked: openSignallingSocket })).rejects.toThrow(
    /expected a free port/,
  );
  const hasty = connect(first.address('tcp').port, '127.0.0.1', () => hasty.resetAndDestroy());
  await new Promise((resolve) => hasty.once('close', resolve));
});
