import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { outsideCases } from '../messages/cases.ts';
import { hasProgram, Program } from './program.ts';
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

const folder = outsideCases('sipp');

test.skipIf(!hasProgram('sipp') || folder === undefined)(
  'SIPp scenarios of others go as they are written, all at once',
  { timeout: 90_000 },
  async () => {
    const tandem = await TandemProcess.start();
    try {
      const fields = { domain_name: 'peer', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] };
      await tandem.asAdmin('POST', '/v1.0/trunks', fields);
      const actions = [{ type: 'answer' }, { type: 'sleep', option: { duration: 1_500 } }];
      const flow = await tandem.asAdmin('POST', '/v1.0/flows', { name: 'brief', actions });
      await tandem.asAdmin('POST', '/v1.0/numbers', { number: BRIEF, call_flow_id: flow.id });
      const runs = Object.entries(SCENARIOS).flatMap(([service, names]) => names.map((name) => ({ service, name })));
      const results = await Promise.all(runs.map((run, index) => outcome(tandem.sipPort, run, index)));
      expect(results.filter((result) => result !== '')).toEqual([]);
    } finally {
      // Some of them leave their call as it is.
      await tandem.kill();
    }
  },
);

/** '' when the scenario went as it is written, else what SIPp said. */
async function outcome(serverPort: number, { service, name }: { service: string; name: string }, index: number) {
  const file = join(folder!, `${name}.xml`);
  expect(existsSync(file), file).toBe(true);
  const args = ['-sf', file, '-s', service, '-m', '1', '-d', '300', '-nostdin', '-nd', '-trace_err'];
  const ports = ['-i', '127.0.0.1', '-p', String(15_800 + 2 * index), '-mp', String(53_000 + 6 * index)];
  const limits = ['-timeout', '30s', '-timeout_error', '-recv_timeout', '15000'];
  const sipp = new Program('sipp', [...args, ...ports, ...limits, `127.0.0.1:${serverPort}`], {
    cwd: mkdtempSync(join(tmpdir(), 'tandem-sipp-')),
  });
  const code = await sipp.exited;
  return code === 0 ? '' : `${name}: ${code}\n${sipp.output.slice(-1_500)}`;
}
