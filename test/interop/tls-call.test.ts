import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Authority } from '../certificates/authority.ts';
import { CertificateFolder } from '../certificates/certificate-folder.ts';
import { Program } from './program.ts';
import { ROOT, TandemProcess } from './tandem-process.ts';

const ECHO = '+899000000101';
const OUR_NUMBER = '+4930123456';
const THEIR_NUMBER = '+498912345678';

let root: string;
let us: TandemProcess;
let peer: TandemProcess;

/** We listen over UDP alone: calling over TLS needs neither a listener nor a certificate of one's own. */
beforeAll(async () => {
  const authority = new Authority();
  const files = new CertificateFolder(authority, ['peer.localhost', 'localhost']);
  root = join(files.folder, 'root.pem');
  writeFileSync(root, authority.certificate);
  const germany = ['--country', 'DE'];
  [us, peer] = await Promise.all([
    TandemProcess.start({ listeners: ['udp:127.0.0.1:0'], args: [...germany, '--tls-authorities', root] }),
    TandemProcess.start({
      listeners: ['udp:127.0.0.1:0', 'tls:127.0.0.1:0'],
      args: [...germany, ...files.settings, '--domain', 'peer.localhost', '--rtp', '30000-30999'],
    }),
  ]);
});
afterAll(() => Promise.all([us.stop(), peer.stop()]), 60_000);

/** A call of ours that a flow goes on with for a moment: what became of it. */
async function outcomeOf(type: 'sip' | 'tel', target: string): Promise<Record<string, unknown>> {
  const order = { destinations: [{ type, target }], actions: [{ type: 'sleep', option: { duration: 300 } }] };
  const { status, body } = await us.api('POST', '/v1.0/calls', order);
  expect(status).toBe(200);
  await us.settled('tandem_calls_live', 0);
  await peer.settled('tandem_calls_live', 0);
  const [call] = body['calls'] as readonly { id: string }[];
  return (await us.api('GET', `/v1.0/calls/${call!.id}`)).body;
}

const answeredBy = (tandem: TandemProcess): Promise<number> => tandem.metric('tandem_calls_answered_total');

test('RFC 5922 §4: a call over TLS is answered by who proves the name that was called, and by nobody else', async () => {
  const trunk = { domain_name: 'peer', auth_types: ['ip'], allowed_ips: ['127.0.0.0/8'] };
  const made = await peer.api('POST', '/v1.0/trunks', trunk);
  expect(made.status).toBe(200);
  const place = `localhost:${peer.tlsPort};transport=tls`;
  expect(await outcomeOf('sip', `sip:${ECHO}@peer.${place}`)).toMatchObject({ hangup_reason: 'normal' });
  expect(await answeredBy(peer)).toBe(1);

  expect(await outcomeOf('sip', `sip:${ECHO}@impostor.${place}`)).toMatchObject({ hangup_reason: 'failed' });
  await us.program.saw(/no connection over tls to impostor\.localhost .*peer\.localhost/);
  expect(await answeredBy(peer)).toBe(1);
  expect((await peer.api('DELETE', `/v1.0/trunks/${made.body['id']}`)).status).toBe(200);
});

/** A number that is answered for a moment. */
async function answer(tandem: TandemProcess, number: string): Promise<string> {
  const actions = [{ type: 'answer' }, { type: 'sleep', option: { duration: 300 } }];
  const flow = await tandem.asAdmin('POST', '/v1.0/flows', { name: 'answer', actions });
  return (await tandem.asAdmin('POST', '/v1.0/numbers', { number, call_flow_id: flow.id })).id;
}

test('we register at a provider over TLS, call through it, and are called over the connection that we opened', async () => {
  const numberId = await answer(us, OUR_NUMBER);
  await answer(peer, THEIR_NUMBER);
  await peer.createExtension('5000', 'secret-of-5000');
  const metadata = { username: '5000', password: 'secret-of-5000', from_user: '5000', register: true };
  const provider = await us.asAdmin('POST', '/v1.0/providers', {
    hostname: `peer.localhost:${peer.tlsPort}`,
    name: 'peer',
    metadata: { ...metadata, transport: 'tls', number: OUR_NUMBER },
  });
  await us.asAdmin('POST', '/v1.0/routes', { provider_id: provider.id, target: '+49' });
  await us.asAdmin('PUT', '/v1.0/outbound_config', { default_outgoing_source_number_id: numberId });
  await us.settled('tandem_providers_registered', 1);
  const [ours, theirs] = [await answeredBy(us), await answeredBy(peer)];

  expect(await outcomeOf('tel', THEIR_NUMBER)).toMatchObject({ hangup_reason: 'normal' });
  expect(await answeredBy(peer)).toBe(theirs + 1);

  const actions = [{ type: 'sleep', option: { duration: 300 } }];
  const order = { destinations: [{ type: 'extension', target: '5000' }], actions };
  expect((await peer.api('POST', '/v1.0/calls', order)).status).toBe(200);
  await us.settled('tandem_calls_answered_total', ours + 2);
  await us.settled('tandem_calls_live', 0);
  await peer.settled('tandem_calls_live', 0);
  expect(await peer.metric('tandem_sip_connections')).toBe(1);
});

test('a call from the command line over TLS believes the roots that it is given, and no others', async () => {
  await peer.createExtension('5001', 'secret-of-5001');
  const uri = `sip:${ECHO}@localhost:${peer.tlsPort}`;
  const args = [
    'call',
    uri,
    '--transport',
    'tls',
    '--user',
    '5001',
    '--password',
    'secret-of-5001',
    '--seconds',
    '0.3',
  ];
  const node = [join(ROOT, 'node_modules/.bin/node'), join(ROOT, 'cli/main.ts')] as const;
  const believed = new Program(node[0], [node[1], ...args, '--tls-authorities', root]);
  const doubted = new Program(node[0], [node[1], ...args]);
  expect(await believed.exited, believed.output).toBe(0);
  expect(await doubted.exited).toBe(1);
  expect(doubted.output).toMatch(/expected a certificate for localhost that is believed, got: .*certificate/);
  await peer.settled('tandem_calls_live', 0);
});
