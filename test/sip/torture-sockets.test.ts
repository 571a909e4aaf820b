import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TransportProtocol } from '../../core/ports.ts';
import type { Packet } from '../../sip/transport/transport.ts';
import { write } from '../../sip/writer.ts';
import type { TortureCase } from '../messages/torture.ts';
import { TORTURE_APPLICATION } from '../messages/torture-application.ts';
import { TORTURE_INVALID } from '../messages/torture-invalid.ts';
import { TORTURE_IPV6 } from '../messages/torture-ipv6.ts';
import { TORTURE_VALID } from '../messages/torture-valid.ts';
import { Rig } from './stack/rig.ts';
import { on, Station } from './transport-station.ts';

const CASES = [...TORTURE_VALID, ...TORTURE_INVALID, ...TORTURE_APPLICATION, ...TORTURE_IPV6];
const CANARY = 'canary@127.0.0.1';

/** The stack that is spoken to; each case has its own. */
let rig = new Rig();
let station: Station;
/** The same over IPv6. */
let six: Station;

beforeAll(async () => {
  station = await Station.open([on('udp'), on('tcp')], {}, (packet) => answer(station, packet));
  six = await Station.open([on('udp', '::1')], {}, (packet) => answer(six, packet));
});
afterAll(() => Promise.all([station.close(), six.close()]));

function answer(by: Station, { bytes, source }: Packet): void {
  for (const { destination, message } of rig.receiveBytes(bytes, source)) {
    by.transports.send(destination, undefined, write(message));
  }
}

/** An OPTIONS that is always answered: what is heard before its answer is what a case came to. */
function canary(transport: TransportProtocol): string {
  const fields = { Via: `SIP/2.0/${transport.toUpperCase()} 127.0.0.1;rport;branch=z9hG4bKcanary`, 'Call-ID': CANARY };
  return new Rig().request('OPTIONS', fields);
}

/** Statuses of the responses but the canary's. */
function statuses(text: string): string[] {
  const responses = text.split(/(?=SIP\/2\.0 \d)/).filter((response) => !response.includes(CANARY));
  return responses.flatMap((response) => /^SIP\/2\.0 (\d{3})/.exec(response)?.[1] ?? []);
}

/** What a stranger hears first, who is challenged where a carrier is served, when `verdict` is what a carrier or the right user hears. */
function asStranger(verdict: string): string[] {
  const [first = ''] = verdict.split(/, | closed/);
  if (/^(silence|waits|closed)$/.test(first)) return [];
  return [/^(offered|messaged|415|483|406)/.test(first) ? '401' : first.slice(0, 3)];
}

async function overUdp({ bytes }: TortureCase, to = station): Promise<string[]> {
  const { address, port } = to.address('udp');
  const socket = createSocket(to === six ? 'udp6' : 'udp4');
  let heard = '';
  const done = new Promise<void>((resolve) => {
    socket.on('message', (message) => {
      heard += message.toString('latin1');
      if (heard.includes(CANARY)) resolve();
    });
  });
  for (const datagram of [bytes, canary('udp')]) socket.send(datagram, port, address);
  await done;
  socket.close();
  return statuses(heard);
}

async function overTcp({ bytes, tcp }: TortureCase): Promise<string[]> {
  const { address, port } = station.address('tcp');
  const socket: Socket = connect(port, address);
  let heard = '';
  socket.on('data', (chunk) => (heard += chunk.toString('latin1')));
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(bytes);
  if (tcp.endsWith('closed')) await once(socket, 'close');
  else {
    socket.write(canary('tcp'));
    while (!heard.includes(CANARY)) await once(socket, 'data');
    socket.destroy();
  }
  return statuses(heard);
}

test('over real UDP every torture message gets its answer, and the next message is served', async () => {
  for (const tortured of CASES) {
    rig = new Rig();
    for (const host of ['example.com', '2001:db8::10']) rig.directory.addOwnHost(host);
    expect([tortured.name, await overUdp(tortured)]).toEqual([tortured.name, asStranger(tortured.udp)]);
  }
});

test('RFC 5118 §4: over real IPv6 each of its messages gets its answer, and the next message is served', async () => {
  for (const tortured of TORTURE_IPV6) {
    rig = new Rig();
    for (const host of ['example.com', '2001:db8::10']) rig.directory.addOwnHost(host);
    expect([tortured.name, await overUdp(tortured, six)]).toEqual([tortured.name, asStranger(tortured.udp)]);
  }
});

test('over real TCP every torture message gets its answer, and the connection goes on or is closed', async () => {
  for (const tortured of CASES.filter(({ tcp }) => !tcp.includes('waits'))) {
    rig = new Rig();
    const heard = await overTcp(tortured);
    expect([tortured.name, heard.slice(0, 1)]).toEqual([tortured.name, asStranger(tortured.tcp)]);
  }
});
