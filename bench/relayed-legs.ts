import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from '../test/interop/program.ts';
import type { TandemProcess } from '../test/interop/tandem-process.ts';
import { CROWD_PORT, Crowd, type CrowdReport, compile } from './crowd-generator.ts';
import { kernelFloorUs } from './kernel-floor.ts';
import { LOAD_CORE, pinnedTo, processCpuMs, SERVER_CORE, withTandem } from './process.ts';
import { TrunkCallees } from './trunk-callees.ts';
import { TrunkCalls } from './trunk-calls.ts';

/** Light, and towards what one core can. */
const COUNTS = [20, 300, 500] as const;
const WARM_UP_S = 8;
const SECONDS = 8;
const PACKETS_PER_S = 50;
const FROM = '+49302001';
const TO = '+498912345678';
/** Of the program in C that echoes, apart from the generator's and Tandem's. */
const ECHO_PORT = 28_000;
const LEGS_OF_A_PORT = 200;
/** As long as packets gather in Tandem where calls are relayed. */
const GATHER_US = 1_000;

/**
 * Calls between two trunks through a whole Tandem on one core, each phone with a socket of its own, their generator in C
 * on the other core: CPU µs of a call for 20 ms, two packets in and two out, beside what a program in C takes that sends as many packets
 * back; and how much later a packet is with the other phone than it was sent, by the kernel's clock.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-relayed-'));
  const figures: Record<string, number> = {};
  try {
    const programs = { crowd: compile('crowd', folder), echo: compile('echo', folder) };
    figures['floorUs'] = kernelFloorUs(pinnedTo(SERVER_CORE)) ?? Number.NaN;
    for (const count of COUNTS) {
      const inC = await echoedInC(programs, 2 * count);
      const relayed = await withTandem(0, ({ tandem }) => inTandem(programs.crowd, tandem, count));
      figures[`${count} calls us`] = relayed.callUs;
      figures[`${count} calls in C us`] = inC.callUs;
      figures[`${count} calls to C`] = relayed.callUs / inC.callUs;
      figures[`${count} calls loss`] = Math.max(0, 1 - relayed.heard / relayed.due);
      figures[`${count} calls delayMs p50`] = relayed.report.delayMsP50;
      figures[`${count} calls delayMs p99`] = relayed.report.delayMsP99;
      figures[`${count} calls in C delayMs p99`] = inC.report.delayMsP99;
      figures[`${count} calls generatorLateMsMax`] = relayed.report.generatorLateMsMax;
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Measured {
  readonly callUs: number;
  readonly heard: number;
  readonly due: number;
  readonly report: CrowdReport;
}

async function echoedInC({ crowd, echo }: Record<'crowd' | 'echo', string>, legCount: number): Promise<Measured> {
  const portCount = Math.ceil(legCount / LEGS_OF_A_PORT);
  const [command, ...args] = [...pinnedTo(SERVER_CORE), echo, ECHO_PORT, portCount, GATHER_US].map(String);
  const program = new Program(command!, args);
  try {
    await program.saw(/^bound$/m);
    const ports = Array.from({ length: legCount }, (_, i) => ECHO_PORT + 2 * Math.floor(i / LEGS_OF_A_PORT));
    return await measured(crowd, program.pid, ports);
  } finally {
    await program.stop('SIGKILL');
  }
}

/** The first half of the legs calls, the second is called. */
async function inTandem(crowd: string, tandem: TandemProcess, count: number): Promise<Measured> {
  const callees = await TrunkCallees.open((index) => CROWD_PORT + 2 * (count + index));
  const calls = await TrunkCalls.open(tandem.sipPort);
  try {
    await routeTo(tandem, callees.host);
    for (let i = 0; i < count; i++) await calls.place(FROM, i, CROWD_PORT + 2 * i);
    const ports = [...(await calls.ports()), ...callees.ports];
    return await measured(crowd, tandem.program.pid, ports);
  } finally {
    calls.close();
    callees.close();
  }
}

/** Calls of a trunk to our number go on to the provider. */
async function routeTo(tandem: TandemProcess, host: string): Promise<void> {
  await tandem.asAdmin('POST', '/v1.0/trunks', {
    domain_name: 'load',
    auth_types: ['ip'],
    allowed_ips: ['127.0.0.1'],
  });
  const provider = await tandem.asAdmin('POST', '/v1.0/providers', {
    hostname: host,
    name: 'callees',
    metadata: { options_interval: 0 },
  });
  await tandem.asAdmin('POST', '/v1.0/routes', { provider_id: provider.id, target: '+49' });
  const option = { destinations: [{ type: 'tel', target: TO }] };
  const flow = await tandem.asAdmin('POST', '/v1.0/flows', { name: 'on', actions: [{ type: 'connect', option }] });
  const number = await tandem.asAdmin('POST', '/v1.0/numbers', { number: FROM, call_flow_id: flow.id });
  await tandem.asAdmin('PUT', '/v1.0/outbound_config', {
    default_outgoing_source_number_id: number.id,
    destination_whitelist: ['de'],
  });
}

async function measured(crowd: string, pid: number, ports: readonly number[]): Promise<Measured> {
  const times = { socketCount: ports.length, warmUpS: WARM_UP_S, seconds: SECONDS };
  const generator = await Crowd.start(crowd, { within: pinnedTo(LOAD_CORE), ...times, measures: 'delay' });
  try {
    await generator.warmUp(ports);
    const before = processCpuMs(pid);
    const report = await generator.report();
    const spentMs = processCpuMs(pid) - before;
    const due = ports.length * report.seconds * PACKETS_PER_S;
    return { callUs: (2 * 1_000 * spentMs) / due, heard: report.heard, due, report };
  } finally {
    generator.stop();
  }
}
