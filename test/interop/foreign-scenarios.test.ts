import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TRUNK_PROFILES } from '../../cli/trunk-profiles.ts';
import { outsideCases } from '../messages/cases.ts';
import { hasProgram, Program } from './program.ts';
import { sippMediaPort } from './sipp.ts';
import { TandemProcess } from './tandem-process.ts';

const ECHO = '+899000000101';
/** Answers, and hangs up after a second and a half. */
const BRIEF = '+4930111111';

/** SIPp scenarios of others that say what a switch must do which we are, by the number that they call. */
const SCENARIOS: Readonly<Record<string, readonly string[]>> = {
  [ECHO]: [
    'drachtio-server/uac',
    'drachtio-server/uac-notify-during-call-setup',
    'drachtio-server/uac-options-expect-200',
    'drachtio-server/uac-overlapping',
    'drachtio-server/uac-preloaded-route',
    'drachtio-server/uac-refresh',
    'drachtio-server/uac-session-expires-no-refresher-default',
    'drachtio-server/uac-utf8',
    'drachtio-srf/uac',
    'drachtio-srf/uac-displayname-from',
    'drachtio-srf/uac-expect-400-no-contact-header',
    'drachtio-srf/uac-nosdp',
    'drachtio-srf/uac-proxy',
  ],
  [BRIEF]: [
    'drachtio-server/uac-recv-bye',
    'drachtio-server/uac-send-reinvite-no-sdp',
    'drachtio-server/uac-session-expires',
    'drachtio-server/uac-session-expires-no-refresher',
    'drachtio-srf/uac-send-reinvite-no-sdp',
  ],
  nobody: ['drachtio-srf/uac-expect-404'],
  // An extension without a phone.
  '1001': ['drachtio-srf/uac-expect-480'],
};

/** Those that play a provider, by the calling code and country that they are called for. */
const CALLEES: Readonly<Record<string, readonly [code: string, country: string]>> = {
  'drachtio-srf/uas': ['+33', 'fr'],
  'drachtio-srf/uas-auth': ['+49', 'de'],
  'drachtio-server/uas-183-180-200': ['+44', 'gb'],
  'drachtio-server/uas-fail-486': ['+34', 'es'],
};

const folder = outsideCases('sipp');

const canRun = hasProgram('sipp') && folder !== undefined;

test
  .skipIf(!canRun)
  .concurrent('SIPp scenarios of others go as they are written, all at once', { timeout: 90_000 }, async () => {
    const tandem = await TandemProcess.start();
    try {
      const fields = { domain_name: 'peer', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] };
      await tandem.asAdmin('POST', '/v1.0/trunks', fields);
      const actions = [{ type: 'answer' }, { type: 'sleep', option: { duration: 1_500 } }];
      const flow = await tandem.asAdmin('POST', '/v1.0/flows', { name: 'brief', actions });
      await tandem.asAdmin('POST', '/v1.0/numbers', { number: BRIEF, call_flow_id: flow.id });
      const runs = Object.entries(SCENARIOS).flatMap(([service, names]) => names.map((name) => ({ service, name })));
      const results = await Promise.all(runs.map((run, index) => play(tandem.sipPort, run, index)));
      expect(results.filter((result) => result !== '')).toEqual([]);
    } finally {
      // Some of them leave their call as it is.
      await tandem.kill();
    }
  });

test
  .skipIf(!canRun)
  .concurrent(
    'providers of others are registered at and called as their scenarios are written',
    { timeout: 60_000 },
    async () => {
      const tandem = await TandemProcess.start();
      try {
        const number = await tandem.asAdmin('POST', '/v1.0/numbers', { number: '+4930123456' });
        await tandem.asAdmin('PUT', '/v1.0/outbound_config', {
          default_outgoing_source_number_id: number.id,
          destination_whitelist: Object.values(CALLEES).map(([, country]) => country),
        });
        const registrar = play(tandem.sipPort, { service: 'foo', name: 'drachtio-srf/uas-auth-register' }, 40);
        const callees = Object.keys(CALLEES).map((name, index) =>
          play(tandem.sipPort, { service: 'x', name }, 41 + index),
        );
        const account = accountOf('foo', 'bar');
        const providers = [40, 41, 42, 43, 44].map((index) =>
          tandem.asAdmin('POST', '/v1.0/providers', {
            hostname: `127.0.0.1:${sipPortOf(index)}`,
            metadata: { ...account, register: index === 40, options_interval: 0 },
          }),
        );
        const [, ...carriers] = await Promise.all(providers);
        const actions = [{ type: 'sleep', option: { duration: 300 } }];
        for (const [index, [code]] of Object.values(CALLEES).entries()) {
          await tandem.asAdmin('POST', '/v1.0/routes', { provider_id: carriers[index]!.id, target: code });
          await tandem.asAdmin('POST', '/v1.0/calls', {
            destinations: [{ type: 'tel', target: `${code}612345678` }],
            actions,
          });
        }
        const results = await Promise.all([registrar, ...callees]);
        expect(results.filter((result) => result !== '')).toEqual([]);
      } finally {
        await tandem.kill();
      }
    },
  );

/** What the profile of a carrier with an account comes to. */
function accountOf(username: string, password: string): Record<string, unknown> {
  const { metadata } = TRUNK_PROFILES.find(({ name }) => name === 'account')!.provider;
  const text = JSON.stringify(metadata).replaceAll('ACCOUNT', username).replaceAll('PASSWORD', password);
  return JSON.parse(text.replaceAll('REGISTRAR', '127.0.0.1')) as Record<string, unknown>;
}

function sipPortOf(index: number): number {
  return 15_800 + 2 * index;
}

/** '' when the scenario went as it is written, else what SIPp said. */
async function play(serverPort: number, { service, name }: { service: string; name: string }, index: number) {
  const file = join(folder!, `${name}.xml`);
  expect(existsSync(file), file).toBe(true);
  const args = ['-sf', file, '-s', service, '-m', '1', '-d', '300', '-nostdin', '-nd', '-trace_err'];
  const ports = ['-i', '127.0.0.1', '-p', String(sipPortOf(index)), '-mp', String(sippMediaPort(sipPortOf(index)))];
  const limits = ['-timeout', '30s', '-timeout_error', '-recv_timeout', '15000'];
  const sipp = new Program('sipp', [...args, ...ports, ...limits, `127.0.0.1:${serverPort}`], {
    cwd: mkdtempSync(join(tmpdir(), 'tandem-sipp-')),
  });
  const code = await sipp.exited;
  return code === 0 ? '' : `${name}: ${code}\n${sipp.output.slice(-1_500)}`;
}
