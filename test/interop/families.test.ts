import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Baresip, type BaresipOptions } from './baresip.ts';
import { hasProgram } from './program.ts';
import { TandemProcess } from './tandem-process.ts';
import { writeVoice } from './voice.ts';

const LOW_HZ = 500;
const HIGH_HZ = 1200;
const voices = mkdtempSync(join(tmpdir(), 'tandem-voices-'));
const running: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
}, 60_000);

async function phone(
  options: Pick<BaresipOptions, 'user' | 'serverPort' | 'sipPort' | 'serverHost' | 'address' | 'answer'>,
): Promise<Baresip> {
  const { user, sipPort } = options;
  const baresip = new Baresip({
    password: `secret-of-${user}`,
    controlPort: sipPort + 2,
    rtpPorts: `${40_000 + (sipPort % 1000) * 10}-${40_009 + (sipPort % 1000) * 10}`,
    voice: writeVoice(join(voices, `${user}.wav`), user === '2000' ? LOW_HZ : HIGH_HZ, 60),
    ...options,
  });
  running.push(baresip);
  await baresip.ready();
  return baresip;
}

describe.skipIf(!hasProgram('baresip'))('a baresip phone over IPv6 and one over IPv4', () => {
  test('register, call each other both ways, and hear each other', async () => {
    const server = new TandemProcess({ listeners: ['udp:127.0.0.1:0', 'udp:[::1]:0'] });
    running.push(server);
    await server.ready();
    for (const user of ['2000', '2001']) await server.createExtension(user, `secret-of-${user}`);
    const portIpv6 = Number(/listening sip udp \[::1\]:(\d+)/.exec(server.program.output)![1]);
    const four = await phone({ user: '2000', serverPort: server.sipPort, sipPort: 15_920, answer: 'auto' });
    const six = await phone({
      user: '2001',
      serverHost: '[::1]',
      address: '::1',
      serverPort: portIpv6,
      sipPort: 15_930,
      answer: 'auto',
    });
    await server.settled('tandem_bindings', 2);

    six.command('dial', '2000');
    await Promise.all([six.event('CALL_ESTABLISHED'), four.event('CALL_ESTABLISHED')]);
    await Promise.all([four.hears(HIGH_HZ, 0.6), six.hears(LOW_HZ, 0.6)]);
    six.command('hangup');
    await four.event('CALL_CLOSED');

    four.command('dial', '2001');
    await Promise.all([four.event('CALL_ESTABLISHED', 20_000, 1), six.event('CALL_ESTABLISHED', 20_000, 1)]);
    await Promise.all([four.hears(HIGH_HZ, 1.4), six.hears(LOW_HZ, 1.4)]);
    six.command('hangup');
    await four.event('CALL_CLOSED', 20_000, 1);
    await server.settled('tandem_calls_live', 0);
    expect(await server.metric('tandem_rtp_relayed_total')).toBeGreaterThan(100);
  }, 90_000);
});
