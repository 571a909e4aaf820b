import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'vitest';
import { Baresip } from './baresip.ts';
import { TandemProcess } from './tandem-process.ts';
import { writeVoice } from './voice.ts';

const running: { stop(): Promise<unknown> }[] = [];
const voice = writeVoice(join(mkdtempSync(join(tmpdir(), 'tandem-voices-')), 'voice.wav'), 500, 60);

afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
}, 60_000);

async function phone(user: string, serverPort: number, sipPort: number, contacts?: string): Promise<Baresip> {
  const rtpPorts = `${42_000 + (sipPort % 1000) * 10}-${42_009 + (sipPort % 1000) * 10}`;
  const password = `secret-of-${user}`;
  const baresip = new Baresip({
    ...{ user, password, serverPort, sipPort, controlPort: sipPort + 2, rtpPorts, voice, answer: 'auto' },
    ...(contacts !== undefined && { contacts }),
  });
  running.push(baresip);
  await baresip.ready();
  await baresip.registered();
  return baresip;
}

test('RFC 3856, RFC 3842: a baresip sees another come, talk and go, and that no message waits', async () => {
  const tandem = await TandemProcess.start();
  running.push(tandem);
  for (const user of ['2000', '2001', '2002']) await tandem.createExtension(user, `secret-of-${user}`);
  const watched = `sip:2001@127.0.0.1:${tandem.sipPort}`;
  const watcher = await phone('2000', tandem.sipPort, 15_660, `"Two" <${watched}>;presence=p2p\n`);
  await watcher.program.saw(/Messages-Waiting: no/);
  await tandem.settled('tandem_subscriptions_live', 2);
  const other = await phone('2001', tandem.sipPort, 15_670);
  await watcher.program.saw(/changed status from \S*Offline\S* to \S*Online/);
  const caller = await phone('2002', tandem.sipPort, 15_680);
  caller.command('dial', '2001');
  await caller.event('CALL_ESTABLISHED');
  await watcher.program.saw(/changed status from \S*Online\S* to \S*Busy/);
  caller.command('hangup');
  await watcher.program.saw(/changed status from \S*Busy\S* to \S*Online/);
  await other.stop();
  await watcher.program.saw(/changed status from \S*Online\S* to \S*Offline/);
}, 60_000);
