import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from '../test/interop/program.ts';
import type { TandemProcess } from '../test/interop/tandem-process.ts';
import { CROWD_PORT, type CrowdMeasured, compile, measureCrowd } from './crowd-generator.ts';
import { LOAD_CORE, NODE, pinnedTo, withTandem } from './process.ts';
import { TrunkCalls } from './trunk-calls.ts';

const CALLS = 200;
const WARM_UP_S = 8;
const SECONDS = 8;
const NUMBER = '+49303000';
const ECHO = join(import.meta.dirname, 'programs/web-socket-echo.ts');

/**
 * Calls on one core, each with a program of its own over WebSocket that hears the caller and says it back, both of them and
 * the generator on the other core: CPU µs of the whole process for one call for 20 ms (a packet in, a message out, a message in,
 * a packet out), frames that did not come back whole, and how long a sound takes there and back, in ms.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-streamed-'));
  const [command, ...args] = [...pinnedTo(LOAD_CORE), NODE, ECHO];
  const echo = new Program(command!, args);
  try {
    const crowd = compile('crowd', folder);
    const port = Number((await echo.saw(/listening (\d+)/))[1]);
    const env = { TANDEM_ALLOW_PRIVATE: '127.0.0.0/8' };
    const measured = await withTandem(0, ({ tandem }) => streamed(crowd, tandem, `ws://127.0.0.1:${port}/`), env);
    return {
      callUs: (1_000 * measured.spentMs) / measured.due,
      packetLoss: measured.loss,
      soundLoss: 1 - measured.timed / measured.due,
      'thereAndBackMs p50': measured.delayMsP50,
      'thereAndBackMs p99': measured.delayMsP99,
      'generatorLateMs max': measured.generatorLateMsMax,
    };
  } finally {
    await echo.stop('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

async function streamed(crowd: string, tandem: TandemProcess, url: string): Promise<CrowdMeasured> {
  await tandem.api('POST', '/v1.0/trunks', { domain_name: 'load', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
  const packing = { transport: 'websocket', encapsulation: 'none', format: 'ulaw' };
  const program = { external_host: url, ...packing, direction_listen: 'in', direction_speak: 'out' };
  const actions = [
    { type: 'answer' },
    { type: 'external_media_start', option: program },
    { type: 'sleep', option: { duration: 600_000 } },
  ];
  const flow = await tandem.asAdmin('POST', '/v1.0/flows', { name: 'streamed', actions });
  await tandem.asAdmin('POST', '/v1.0/numbers', { number: NUMBER, call_flow_id: flow.id });
  const calls = await TrunkCalls.open(tandem.sipPort);
  try {
    for (let i = 0; i < CALLS; i++) await calls.place(NUMBER, i, CROWD_PORT + 2 * i);
    const ports = await calls.ports();
    await tandem.settled('tandem_external_media_live', CALLS);
    const options = { within: pinnedTo(LOAD_CORE), socketCount: CALLS, warmUpS: WARM_UP_S, seconds: SECONDS };
    return await measureCrowd(crowd, tandem.program.pid, ports, { ...options, measures: 'delay' });
  } finally {
    calls.close();
  }
}
