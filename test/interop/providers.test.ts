import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Baresip } from './baresip.ts';
import { hasProgram, Program, until } from './program.ts';
import { ROOT, TandemProcess } from './tandem-process.ts';
import { writeVoice } from './voice.ts';

const OURS_HZ = 500;
const THEIRS_HZ = 1200;
/** Our number, and the number of somebody at the provider. */
const OUR_NUMBER = '+4930123456';
const THEIR_NUMBER = '+498912345678';

const voices = mkdtempSync(join(tmpdir(), 'tandem-voices-'));
const running: { stop(): Promise<unknown> }[] = [];
afterAll(async () => {
  for (const program of running.splice(0).reverse()) await program.stop();
}, 60_000);

async function started(rtp: string): Promise<TandemProcess> {
  const tandem = await TandemProcess.start({ args: ['--country', 'DE', '--rtp', rtp, '--rtp-sharing', 'on'] });
  running.push(tandem);
  return tandem;
}

/** A number whose calls ring at the extension, of which a phone with a tone is registered. */
async function numberOf(tandem: TandemProcess, number: string, sipPort: number, frequencyHz: number) {
  await tandem.createExtension('2000', 'secret-of-2000');
  const destinations = [{ type: 'extension', target: '2000' }];
  const flow = await tandem.asAdmin('POST', '/v1.0/flows', {
    name: 'ring',
    actions: [{ type: 'connect', option: { destinations } }],
  });
  const made = await tandem.asAdmin('POST', '/v1.0/numbers', { number, call_flow_id: flow.id });
  const phone = new Baresip({
    user: '2000',
    password: 'secret-of-2000',
    serverPort: tandem.sipPort,
    sipPort,
    controlPort: sipPort + 2,
    rtpPorts: `${sipPort + 27_000}-${sipPort + 27_009}`,
    answer: 'auto',
    voice: writeVoice(join(voices, `${sipPort}.wav`), frequencyHz, 30),
  });
  running.push(phone);
  await phone.ready();
  return { phone, numberId: made.id };
}

/** What `tandem trunk check` says, and its exit code. */
async function checked(tandem: TandemProcess, name: string) {
  const node = join(ROOT, 'node_modules/.bin/node');
  const args = [join(ROOT, 'cli/main.ts'), 'trunk', 'check', name, '--data', tandem.folder];
  const program = new Program(node, args);
  const code = await program.exited;
  const wrong = [...program.output.matchAll(/^WRONG +(\w+)/gm)].map(([, step]) => step);
  return { code, wrong, output: program.output };
}

/** Our account at the provider, by which we register there and call to Germany. */
async function accountAt(us: TandemProcess, provider: TandemProcess, numberId: string) {
  const carrier = await us.asAdmin('POST', '/v1.0/providers', {
    hostname: `127.0.0.1:${provider.sipPort}`,
    name: 'second',
    metadata: {
      username: '5000',
      password: 'secret-of-5000',
      from_user: '5000',
      register: true,
      number: OUR_NUMBER,
      options_interval: 1,
    },
  });
  await us.asAdmin('POST', '/v1.0/routes', { provider_id: carrier.id, target: '+49' });
  await us.asAdmin('PUT', '/v1.0/outbound_config', { default_outgoing_source_number_id: numberId });
  return carrier;
}

/** A provider as it should be, and one whose password is wrong and that no route leads to. */
async function expectChecks(us: TandemProcess, provider: TandemProcess): Promise<void> {
  const check = await checked(us, 'second');
  expect([check.code, check.wrong], check.output).toEqual([0, []]);
  await us.asAdmin('POST', '/v1.0/providers', {
    hostname: `127.0.0.1:${provider.sipPort}`,
    name: 'mistaken',
    metadata: { username: '5000', password: 'guessed' },
  });
  const mistaken = await checked(us, 'mistaken');
  expect([mistaken.code, mistaken.wrong], mistaken.output).toEqual([1, ['route', 'register']]);
}

/** Each of the two hears the other for a second more. */
async function bothHear(ours: Baresip, theirs: Baresip): Promise<void> {
  const [before, beforeThere] = [ours.heardSeconds(THEIRS_HZ), theirs.heardSeconds(OURS_HZ)];
  await Promise.all([ours.hears(THEIRS_HZ, before + 1), theirs.hears(OURS_HZ, beforeThere + 1)]);
}

describe.skipIf(!hasProgram('baresip'))('a second Tandem as the provider', () => {
  test('we register at it, call through it and are called by it, and both sides hear each other, on shared ports', {
    timeout: 90_000,
  }, async () => {
    const [us, provider] = await Promise.all([started('31000-31999'), started('32000-32999')]);
    const [ours, theirs] = await Promise.all([
      numberOf(us, OUR_NUMBER, 15_700, OURS_HZ),
      numberOf(provider, THEIR_NUMBER, 15_720, THEIRS_HZ),
    ]);
    await provider.createExtension('5000', 'secret-of-5000');
    const carrier = await accountAt(us, provider, ours.numberId);
    await us.settled('tandem_providers_registered', 1);
    // The phone and our account.
    await provider.settled('tandem_bindings', 2);
    await expectChecks(us, provider);

    ours.phone.command('dial', THEIR_NUMBER);
    await ours.phone.event('CALL_ESTABLISHED');
    await theirs.phone.event('CALL_ESTABLISHED');
    expect(await us.metric('tandem_provider_calls_live')).toBe(1);
    await bothHear(ours.phone, theirs.phone);
    ours.phone.command('hangup');
    await us.settled('tandem_calls_live', 0);
    await provider.settled('tandem_calls_live', 0);

    theirs.phone.command('dial', '5000');
    await until(
      async () => ((await us.metric('tandem_bridges_live')) === 1 ? true : undefined),
      10_000,
      () => 'a bridge',
    );
    await bothHear(ours.phone, theirs.phone);
    theirs.phone.command('hangup');
    await us.settled('tandem_calls_live', 0);
    await provider.settled('tandem_calls_live', 0);
    await until(
      async () =>
        (await us.asAdmin('GET', `/v1.0/providers/${carrier.id}`))['health_status'] === 'healthy' ? true : undefined,
      10_000,
      () => 'the provider is healthy',
    );
    // Whoever shuts down is registered no more.
    await us.stop();
    await provider.settled('tandem_bindings', 1);
  });
});
