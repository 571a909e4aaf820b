import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Authority } from '../certificates/authority.ts';
import { CertificateFolder } from '../certificates/certificate-folder.ts';
import { Baresip } from './baresip.ts';
import { hasProgram, Program } from './program.ts';
import { ROOT, TandemProcess } from './tandem-process.ts';
import { writeVoice } from './voice.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-browser-'));
const running: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
}, 60_000);

describe.skipIf(!hasProgram('baresip'))('a phone by SIP.js over secure WebSocket', () => {
  test('registers, calls a phone over UDP and is called by it', async () => {
    const authority = new Authority();
    const roots = join(folder, 'root.pem');
    writeFileSync(roots, authority.certificate);
    const server = new TandemProcess({
      listeners: ['udp:127.0.0.1:0', 'wss:127.0.0.1:0'],
      args: [...new CertificateFolder(authority).settings],
    });
    running.push(server);
    await server.ready();
    for (const user of ['2000', '2001']) await server.createExtension(user, `secret-of-${user}`);
    const desk = new Baresip({
      user: '2001',
      password: 'secret-of-2001',
      serverPort: server.sipPort,
      sipPort: 15_180,
      controlPort: 15_182,
      rtpPorts: '41800-41809',
      voice: writeVoice(join(folder, 'desk.wav'), 500, 30),
      answer: 'auto',
    });
    running.push(desk);
    await desk.ready();
    await server.settled('tandem_bindings', 1);

    const script = join(ROOT, 'test/interop/sip-js-phone.mjs');
    const url = `wss://localhost:${server.wssPort}`;
    const browser = new Program(join(ROOT, 'node_modules/.bin/node'), [script, url, '2000', 'secret-of-2000', '2001'], {
      env: { NODE_EXTRA_CA_CERTS: roots },
    });
    running.push(browser);
    await browser.saw(/registered/);
    await browser.saw(/call Established/);
    await desk.event('CALL_ESTABLISHED');
    await browser.saw(/call Terminated/);
    await desk.event('CALL_CLOSED');
    await server.settled('tandem_calls_live', 0);

    desk.command('dial', '2000');
    await browser.saw(/call from elsewhere/);
    await desk.event('CALL_ESTABLISHED', 20_000, 1);
    await browser.saw(/elsewhere\n(.*\n)*call Established/);
    desk.command('hangup');
    await browser.saw(/elsewhere\n(.*\n)*call Terminated/);
    await server.settled('tandem_calls_live', 0);

    expect(await browser.stop('SIGKILL')).not.toBe(0);
    desk.command('dial', '2000');
    // Nobody waits for the phone that is gone: its connection was its address.
    await desk.event('CALL_CLOSED', 3_000, 2);
    await server.settled('tandem_calls_live', 0);
  });
});
