import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from '../test/interop/program.ts';
import { type CrowdMeasured, compile, measureCrowd } from './crowd-generator.ts';
import { kernelFloorUs } from './kernel-floor.ts';
import { LOAD_CORE, pinnedTo, SERVER_CORE, withTandem } from './process.ts';
import { relayedCalls } from './relayed-trunks.ts';

/** Light, and towards what one core can. */
const COUNTS = [20, 300, 500] as const;
const WARM_UP_S = 8;
const SECONDS = 8;
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
      const relayed = await withTandem(0, ({ tandem }) =>
        relayedCalls(tandem, count, {}, (ports) => measured(programs.crowd, tandem.program.pid, ports)),
      );
      figures[`${count} calls us`] = callUs(relayed);
      figures[`${count} calls in C us`] = callUs(inC);
      figures[`${count} calls to C`] = callUs(relayed) / callUs(inC);
      figures[`${count} calls loss`] = relayed.loss;
      figures[`${count} calls delayMs p50`] = relayed.delayMsP50;
      figures[`${count} calls delayMs p99`] = relayed.delayMsP99;
      figures[`${count} calls in C delayMs p99`] = inC.delayMsP99;
      figures[`${count} calls generatorLateMsMax`] = relayed.generatorLateMsMax;
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function echoedInC({ crowd, echo }: Record<'crowd' | 'echo', string>, legCount: number): Promise<CrowdMeasured> {
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

function measured(crowd: string, pid: number, ports: readonly number[]): Promise<CrowdMeasured> {
  const times = { socketCount: ports.length, warmUpS: WARM_UP_S, seconds: SECONDS };
  return measureCrowd(crowd, pid, ports, { within: pinnedTo(LOAD_CORE), ...times, measures: 'delay' });
}

/** A call has two legs. */
function callUs({ spentMs, due }: CrowdMeasured): number {
  return (2 * 1_000 * spentMs) / due;
}
