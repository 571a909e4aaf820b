import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { Authority } from '../certificates/authority.ts';
import { CertificateFolder } from '../certificates/certificate-folder.ts';
import { Baresip, type BaresipOptions } from './baresip.ts';
import { hasProgram, until } from './program.ts';
import { type TandemOptions, TandemProcess } from './tandem-process.ts';
import { writeVoice } from './voice.ts';

const LOW_HZ = 500;
const HIGH_HZ = 1200;
const voices = mkdtempSync(join(tmpdir(), 'tandem-voices-'));
const running: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
}, 60_000);

async function tandem(options: TandemOptions = {}): Promise<TandemProcess> {
  const process = new TandemProcess(options);
  running.push(process);
  await process.ready();
  await process.createExtension('2000', 'secret-of-2000');
  await process.createExtension('2001', 'secret-of-2001');
  return process;
}

async function phone(
  options: Partial<BaresipOptions> & Pick<BaresipOptions, 'user' | 'serverPort' | 'sipPort'>,
): Promise<Baresip> {
  const frequencyHz = options.user === '2000' ? LOW_HZ : HIGH_HZ;
  const { sipPort } = options;
  const baresip = new Baresip({
    password: `secret-of-${options.user}`,
    controlPort: sipPort + 2,
    rtpPorts: `${40_000 + (sipPort % 1000) * 10}-${40_009 + (sipPort % 1000) * 10}`,
    voice: writeVoice(join(voices, `${options.user}.wav`), frequencyHz, 60),
    ...options,
  });
  running.push(baresip);
  await baresip.ready();
  return baresip;
}

/** Packets that the switch has passed on, both ways together. */
function relayed(server: TandemProcess): Promise<number> {
  return server.metric('tandem_rtp_relayed_total');
}

async function bothHear(caller: Baresip, callee: Baresip, tone: number): Promise<void> {
  await Promise.all([caller.hears(HIGH_HZ, tone), callee.hears(LOW_HZ, tone)]);
}

/** Fingerprint of the certificate of a server that shows one of this authority. */
async function shownAt(port: number, authority: Authority): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return certificate?.fingerprint256;
}

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));

describe.skipIf(!hasProgram('baresip'))('two baresip phones', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    test(`register over ${transport.toUpperCase()}, call each other, hear each other, hold, resume and hang up`, async () => {
      const server = await tandem();
      const serverPort = transport === 'udp' ? server.sipPort : server.tcpPort;
      const base = transport === 'udp' ? 15_100 : 15_120;
      const callee = await phone({ user: '2001', serverPort, transport, sipPort: base, answer: 'auto' });
      const caller = await phone({ user: '2000', serverPort, transport, sipPort: base + 10 });
      await server.settled('tandem_bindings', 2);

      caller.command('dial', '2001');
      await caller.event('CALL_ESTABLISHED');
      await callee.event('CALL_ESTABLISHED');
      expect(await server.metric('tandem_calls_live')).toBe(2);
      await bothHear(caller, callee, 1);
      caller.command('hold');
      await seconds(0.5);
      const before = await relayed(server);
      await seconds(1);
      const held = await relayed(server);
      expect(held - before).toBeLessThan(10);
      const heard = callee.heardSeconds(LOW_HZ);
      caller.command('resume');
      // A baresip that held does not record any more itself.
      await callee.hears(LOW_HZ, heard + 1);
      const isBothWays = async () => ((await relayed(server)) > held + 80 ? true : undefined);
      await until(isBothWays, 10_000, () => 'packets both ways after the hold');
      caller.command('hangup');
      await callee.event('CALL_CLOSED');
      await server.settled('tandem_calls_live', 0);
      // Nobody hears themselves.
      expect(caller.heardSeconds(LOW_HZ)).toBeLessThan(0.2);
      expect(callee.heardSeconds(HIGH_HZ)).toBeLessThan(0.2);
    });
  }

  for (const [module, codecs, calls] of [
    ['g722', 'G722/16000/1', 'is called by'],
    ['opus', 'opus/48000/2', 'calls'],
  ] as const) {
    test(`one that speaks ${codecs} alone ${calls} one of PCMU, and they hear each other`, async () => {
      const server = await tandem();
      const through = { serverPort: server.sipPort, answer: 'auto' } as const;
      const wide = await phone({ ...through, user: '2001', sipPort: 15_220, codecModule: module, codecs });
      const plain = await phone({ ...through, user: '2000', sipPort: 15_230, codecs: 'PCMU/8000/1' });
      await server.settled('tandem_bindings', 2);
      if (calls === 'calls') wide.command('dial', '2000');
      else plain.command('dial', '2001');
      await bothHear(plain, wide, 0.5);
    });
  }

  test('register over TLS, call and hear each other; a renewed certificate is shown without a restart', async () => {
    const authority = new Authority();
    const files = new CertificateFolder(authority);
    const server = await tandem({ listeners: ['udp:127.0.0.1:0', 'tls:127.0.0.1:0'], args: files.settings });
    const through = { serverPort: server.tlsPort, transport: 'tls' } as const;
    const callee = await phone({ user: '2001', ...through, sipPort: 15_160, answer: 'auto' });
    await server.settled('tandem_bindings', 1);
    const before = await shownAt(server.tlsPort, authority);
    files.renew();
    await server.program.saw(/TLS certificate read again/);
    expect(await shownAt(server.tlsPort, authority)).not.toBe(before);
    const caller = await phone({ user: '2000', ...through, sipPort: 15_170 });
    await server.settled('tandem_bindings', 2);

    caller.command('dial', '2001');
    await caller.event('CALL_ESTABLISHED');
    await callee.event('CALL_ESTABLISHED');
    await bothHear(caller, callee, 1);
    caller.command('hangup');
    await callee.event('CALL_CLOSED');
    await server.settled('tandem_calls_live', 0);
  });

  test('RFC 4568: one that insists on SRTP is called by a plain one, and calls it; they hear each other', async () => {
    const server = await tandem();
    await server.createExtension('2002', 'secret-of-2002', 'required');
    const through = { serverPort: server.sipPort, answer: 'auto' } as const;
    const guarded = await phone({ ...through, user: '2002', sipPort: 15_240, srtp: 'srtp-mand' });
    const plain = await phone({ ...through, user: '2000', sipPort: 15_250 });
    await server.settled('tandem_bindings', 2);
    guarded.command('dial', '2000');
    await guarded.event('CALL_ESTABLISHED');
    await guarded.hears(LOW_HZ, 0.5);
    await plain.hears(HIGH_HZ, 0.5);
    guarded.command('hangup');
    await plain.event('CALL_CLOSED');
    plain.command('dial', '2002');
    await plain.event('CALL_ESTABLISHED', 20_000, 1);
    await guarded.hears(LOW_HZ, 1.2);
    await plain.hears(HIGH_HZ, 1.2);
    expect(await server.metric('tandem_rtp_relayed_total')).toBeGreaterThan(100);
  });

  test('a wrong password is refused with one log line', async () => {
    const server = await tandem();
    await phone({ user: '2000', password: 'a-bad-guess', serverPort: server.sipPort, sipPort: 15_140 });
    await server.program.saw(/authentication failed/);
    await seconds(1);
    const lines = server.program.output.split('\n').filter((line) => line.includes('2000'));
    expect(lines, server.program.output).toHaveLength(1);
    expect(lines[0]).not.toContain('a-bad-guess');
    expect(await server.metric('tandem_bindings')).toBe(0);
  });
});
