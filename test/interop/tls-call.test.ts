import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Authority } from '../certificates/authority.ts';
import { CertificateFolder } from '../certificates/certificate-folder.ts';
import { TandemProcess } from './tandem-process.ts';

const ECHO = '+899000000101';
const running: TandemProcess[] = [];

afterEach(async () => {
  for (const process of running.splice(0)) await process.stop();
}, 60_000);

async function started(process: TandemProcess): Promise<TandemProcess> {
  running.push(process);
  await process.ready();
  return process;
}

/** Calls the URI, lets a flow run for a moment, and returns what became of it. */
async function outcomeOf(caller: TandemProcess, target: string): Promise<Record<string, unknown>> {
  const actions = [{ type: 'sleep', option: { duration: 300 } }];
  const order = { destinations: [{ type: 'sip', target }], actions };
  const { status, body } = await caller.api('POST', '/v1.0/calls', order);
  expect(status).toBe(200);
  await caller.settled('tandem_calls_live', 0);
  const [call] = body['calls'] as readonly { id: string }[];
  return (await caller.api('GET', `/v1.0/calls/${call!.id}`)).body;
}

test('RFC 5922 §4: a call over TLS is answered by who proves the name that was called, and by nobody else', async () => {
  const authority = new Authority();
  const files = new CertificateFolder(authority, ['callee.localhost']);
  const root = join(files.folder, 'root.pem');
  writeFileSync(root, authority.certificate);
  const listeners = ['udp:127.0.0.1:0', 'tls:127.0.0.1:0'];
  const callee = await started(new TandemProcess({ listeners, args: files.settings }));
  // Calling needs neither a listener nor a certificate of one's own.
  const caller = await started(
    new TandemProcess({ listeners: ['udp:127.0.0.1:0'], args: ['--tls-authorities', root] }),
  );
  const trunk = { domain_name: 'peer', auth_types: ['ip'], allowed_ips: ['127.0.0.0/8'] };
  expect((await callee.api('POST', '/v1.0/trunks', trunk)).status).toBe(200);

  const place = `localhost:${callee.tlsPort};transport=tls`;
  const reached = await outcomeOf(caller, `sip:${ECHO}@callee.${place}`);
  expect(reached).toMatchObject({ status: 'hangup', hangup_reason: 'normal' });
  await callee.settled('tandem_calls_live', 0);
  expect(await callee.metric('tandem_calls_answered_total')).toBe(1);

  const wrong = await outcomeOf(caller, `sip:${ECHO}@impostor.${place}`);
  expect(wrong).toMatchObject({ status: 'hangup', hangup_reason: 'failed' });
  await caller.program.saw(/no connection over tls to impostor\.localhost .*callee\.localhost/);
  expect(await callee.metric('tandem_calls_answered_total')).toBe(1);
}, 40_000);
