import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Baresip, type BaresipOptions } from './baresip.ts';
import { hasProgram } from './program.ts';
import { TandemProcess } from './tandem-process.ts';
import { readVoice, toneSeconds, writeVoice } from './voice.ts';

const LOW_HZ = 500;
const HIGH_HZ = 1200;
const voices = mkdtempSync(join(tmpdir(), 'tandem-voices-'));
const running: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
});

async function tandem(): Promise<TandemProcess> {
  const process = new TandemProcess();
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

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));

describe.skipIf(!hasProgram('baresip'))('two baresip phones', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    test(`register over ${transport.toUpperCase()}, call each other, hear each other, hold, resume and hang up`, async () => {
      const server = await tandem();
      const serverPort = transport === 'udp' ? server.sipPort : server.tcpPort;
      const base = transport === 'udp' ? 15_100 : 15_120;
      const callee = await phone({ user: '2001', serverPort, transport, sipPort: base, answer: 'auto' });
      const caller = await phone({ user: '2000', serverPort, transport, sipPort: base + 10 });
      await callee.event('REGISTER_OK');
      await caller.event('REGISTER_OK');

      caller.command('dial', '2001');
      await caller.event('CALL_ESTABLISHED');
      await callee.event('CALL_ESTABLISHED');
      expect(await server.metric('tandem_calls_live')).toBe(2);
      await seconds(1.5);
      caller.command('hold');
      await seconds(1);
      caller.command('resume');
      await seconds(1.5);
      caller.command('hangup');
      await callee.event('CALL_CLOSED');
      await server.settled('tandem_calls_live', 0);

      const heardByCaller = toneSeconds(readVoice(caller.heard()[0]!), HIGH_HZ);
      const heardByCallee = toneSeconds(readVoice(callee.heard()[0]!), LOW_HZ);
      expect(heardByCaller).toBeGreaterThan(2);
      expect(heardByCallee).toBeGreaterThan(2);
      // Nobody hears themselves.
      expect(toneSeconds(readVoice(caller.heard()[0]!), LOW_HZ)).toBeLessThan(0.2);
      expect(toneSeconds(readVoice(callee.heard()[0]!), HIGH_HZ)).toBeLessThan(0.2);
    }, 40_000);
  }

  test('a wrong password is refused with one log line', async () => {
    const server = await tandem();
    const intruder = await phone({ user: '2000', password: 'wrong', serverPort: server.sipPort, sipPort: 15_140 });
    await intruder.event('REGISTER_FAIL');
    await seconds(0.5);
    const lines = server.program.output
      .split('\n')
      .filter((line) => /2000/.test(line) && /password|credentials|authenticat/i.test(line));
    expect(lines, server.program.output).toHaveLength(1);
    expect(lines[0]).not.toContain('wrong');
    expect(await server.metric('tandem_bindings')).toBe(0);
  }, 20_000);
});
