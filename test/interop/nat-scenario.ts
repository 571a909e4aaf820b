/**
 * Runs inside the server's network namespace: a Tandem, a phone beside it, and a phone behind a NAT in the namespace
 * named by the argument. Ends well when each heard the other's tone.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Baresip } from './baresip.ts';
import { TandemProcess } from './tandem-process.ts';
import { writeVoice } from './voice.ts';

const SERVER = '10.99.0.1';
const PHONE = '192.168.77.2';
const LOW_HZ = 500;
const HIGH_HZ = 1200;

async function main(phoneNamespace: string): Promise<void> {
  const voices = mkdtempSync(join(tmpdir(), 'tandem-voices-'));
  const server = new TandemProcess({ listeners: [`udp:${SERVER}:5060`] });
  const running: { stop(): Promise<unknown> }[] = [server];
  try {
    await server.ready();
    await server.createExtension('2000', 'secret-of-2000');
    await server.createExtension('2001', 'secret-of-2001');
    const shared = {
      serverHost: SERVER,
      serverPort: 5060,
      sipPort: 15_100,
      controlPort: 15_102,
      rtpPorts: '40000-40009',
    };
    const behindNat = new Baresip({
      ...shared,
      user: '2001',
      password: 'secret-of-2001',
      address: PHONE,
      answer: 'auto',
      voice: writeVoice(join(voices, 'high.wav'), HIGH_HZ, 60),
      within: ['ip', 'netns', 'exec', phoneNamespace],
    });
    const beside = new Baresip({
      ...shared,
      user: '2000',
      password: 'secret-of-2000',
      address: SERVER,
      voice: writeVoice(join(voices, 'low.wav'), LOW_HZ, 60),
    });
    running.push(behindNat, beside);
    await beside.ready();
    await server.settled('tandem_bindings', 2);
    beside.command('dial', '2001');
    await beside.event('CALL_ESTABLISHED');
    await Promise.all([beside.hears(HIGH_HZ, 1.5), behindNat.hears(LOW_HZ, 1.5)]);
    beside.command('hangup');
    await server.settled('tandem_calls_live', 0);
  } finally {
    for (const program of running.reverse()) await program.stop();
  }
}

await main(process.argv[2]!);
