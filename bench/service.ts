import { setTimeout as pause } from 'node:timers/promises';
import { Program } from '../test/interop/program.ts';
import { sipp } from '../test/interop/sipp.ts';
import type { TandemProcess } from '../test/interop/tandem-process.ts';
import { longestGapMs, Trunk, type TrunkLine } from '../test/interop/trunk-line.ts';
import { LOAD_CORE, pinnedTo, processCpuMs, SERVER_CORE, withTandem } from './process.ts';

const LEGS = 200;
const WINDOW_MS = 8_000;
const ECHO = '+899000000101';
const SCRIPTED = '+49301000';
/** Calls per second, how many are made first so that everything is compiled, and how many are measured. */
const RATES = [
  { perSecond: 100, measured: 1_500 },
  { perSecond: 400, measured: 3_000 },
  { perSecond: 2_000, measured: 10_000 },
] as const;
/** What SIPp itself takes to answer a call and to see it end, by its built-in scenario, in the same minute. */
const FLOOR_PORT = 16_902;
const FLOOR_RATES = [
  { perSecond: 100, measured: 1_000 },
  { perSecond: 2_000, measured: 10_000 },
] as const;
const WARM_UP_CALLS = 4_000;

/**
 * Calls to numbers, from a trunk that is trusted by its address: 200 legs that all talk in one conference, and 200 that
 * hear their echo (CPU µs of the whole process for one leg for 20 ms); calls from SIPp through answer, one second of
 * sleep and hangup (CPU ms for one call); and what SIPp takes for answering as many.
 */
export function run(): Promise<Record<string, number>> {
  return withTandem(0, async ({ tandem }) => {
    await tandem.api('POST', '/v1.0/trunks', { domain_name: 'load', auth_types: ['ip'], allowed_ips: ['127.0.0.1'] });
    const conference = await conferenceNumber(tandem);
    return {
      ...(await legs(tandem, 'conference', conference)),
      ...(await legs(tandem, 'echo', ECHO)),
      ...(await scripted(tandem)),
      ...(await floor()),
    };
  });
}

async function conferenceNumber(tandem: TandemProcess): Promise<string> {
  const room = await tandem.api('POST', '/v1.0/conferences', { type: 'conference', name: 'bench' });
  const join = { type: 'conference_join', option: { conference_id: room.body['id'] } };
  return numberFor(tandem, '+49302000', [{ type: 'answer' }, join]);
}

async function numberFor(tandem: TandemProcess, number: string, actions: readonly object[]): Promise<string> {
  const flow = await tandem.api('POST', '/v1.0/flows', { name: number, actions });
  await tandem.api('POST', '/v1.0/numbers', { number, call_flow_id: flow.body['id'] });
  return number;
}

async function legs(tandem: TandemProcess, name: string, number: string): Promise<Record<string, number>> {
  const trunk = await Trunk.open(tandem.sipPort);
  const lines: TrunkLine[] = [];
  for (let i = 0; i < LEGS; i++) {
    const line = await trunk.call(number);
    line.speak(300 + 5 * i);
    lines.push(line);
  }
  await pause(2_000);
  const heard = lines.map(({ heardCount }) => heardCount);
  const before = processCpuMs(tandem.program.pid);
  const startedAt = performance.now();
  await pause(WINDOW_MS);
  const elapsedMs = performance.now() - startedAt;
  const spentMs = processCpuMs(tandem.program.pid) - before;
  const frames = lines.map(({ heardCount }, i) => heardCount - heard[i]!);
  const gaps = lines.map(({ arrivals }, i) => longestGapMs(arrivals, heard[i]));
  for (const line of lines) line.hangup();
  await tandem.settled('tandem_calls_live', 0);
  await trunk.stop();
  return {
    [`${name}LegUs`]: (1000 * spentMs) / (LEGS * (elapsedMs / 20)),
    [`${name} packetsLost`]: Math.max(
      0,
      Math.round((LEGS * elapsedMs) / 20) - frames.reduce((a, b) => a + b, 0) - LEGS,
    ),
    [`${name} legsSilent`]: frames.filter((count) => count === 0).length,
    [`${name} gapMsMax`]: Math.max(...gaps),
  };
}

async function scripted(tandem: TandemProcess): Promise<Record<string, number>> {
  const sleep = { type: 'sleep', option: { duration: 1_000 } };
  await numberFor(tandem, SCRIPTED, [{ type: 'answer' }, sleep, { type: 'hangup' }]);
  await calls(tandem, WARM_UP_CALLS, 400);
  const figures: Record<string, number> = {};
  for (const { perSecond, measured } of RATES) {
    const before = processCpuMs(tandem.program.pid);
    await calls(tandem, measured, perSecond);
    figures[`scriptedCallMs at ${perSecond}/s`] = (processCpuMs(tandem.program.pid) - before) / measured;
  }
  return figures;
}

async function calls(tandem: TandemProcess, count: number, callsPerSecond: number): Promise<void> {
  const program = sipp({
    scenario: 'scripted',
    serverPort: tandem.sipPort,
    localPort: 16_900,
    service: SCRIPTED,
    user: '+4930123456',
    calls: count,
    callsPerSecond,
    timeoutSeconds: 120,
  });
  if ((await program.exited) !== 0) throw new Error(`not every call went as written:\n${program.output.slice(-2000)}`);
}

/** Calls of a second each, answered by SIPp: a program in C++ that keeps nothing, looks nothing up and has no audio. */
async function floor(): Promise<Record<string, number>> {
  const answering = start(SERVER_CORE, ['-sn', 'uas', '-p', String(FLOOR_PORT)]);
  try {
    await pause(500);
    const figures: Record<string, number> = {};
    for (const { perSecond, measured } of FLOOR_RATES) {
      const before = processCpuMs(answering.pid);
      const rate = ['-r', String(perSecond), '-m', String(measured), '-d', '1000', '-p', String(FLOOR_PORT + 1)];
      const calling = start(LOAD_CORE, ['-sn', 'uac', `127.0.0.1:${FLOOR_PORT}`, ...rate]);
      if ((await calling.exited) !== 0) throw new Error(`SIPp did not answer itself:\n${calling.output.slice(-2000)}`);
      figures[`sippAnswerMs at ${perSecond}/s`] = (processCpuMs(answering.pid) - before) / measured;
    }
    return figures;
  } finally {
    await answering.stop();
  }
}

function start(core: number, options: readonly string[]): Program {
  const [command, ...args] = [...pinnedTo(core), 'sipp', '-i', '127.0.0.1', '-nostdin', '-timeout', '120s', ...options];
  return new Program(command!, args);
}
