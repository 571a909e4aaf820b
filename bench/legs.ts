import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from '../test/interop/program.ts';
import type { TandemProcess } from '../test/interop/tandem-process.ts';
import { conferenceNumber } from './crowd.ts';
import { CROWD_PORT, compile, measureCrowd } from './crowd-generator.ts';
import { kernelFloorUs } from './kernel-floor.ts';
import { LOAD_CORE, pinnedTo, SERVER_CORE, withTandem } from './process.ts';
import { TrunkCalls } from './trunk-calls.ts';

const COUNTS = [1_000, 2_000] as const;
const SOCKETS = 200;
const WARM_UP_S = 3;
const SECONDS = 8;
const ECHO = '+899000000101';
/** Apart from the generator's and Tandem's. */
const ECHO_PORT = 28_000;
/** Packets gather as long as they do in Tandem where nothing is relayed between two phones. */
const GATHER_US = 5_000;

/**
 * Many legs on one core, their generator in C on the other: CPU µs of the whole process for one leg for 20 ms, in a
 * conference where all talk and as an echo; and what a program in C that sends each packet back takes for as many of them
 * from the same generator in the same minute: the floor of this machine at this load.
 */
export async function run(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-legs-'));
  const figures: Record<string, number> = {};
  const tell = (name: string, { legUs, loss }: Measured): void => {
    figures[`${name}LegUs`] = legUs;
    figures[`${name} loss`] = loss;
  };
  try {
    const programs = { crowd: compile('crowd', folder), echo: compile('echo', folder) };
    figures['floorUs'] = kernelFloorUs(pinnedTo(SERVER_CORE)) ?? Number.NaN;
    for (const count of COUNTS) {
      tell(`${count} echoed in C `, await echoedInC(programs, count));
      tell(
        `${count} conference `,
        await withTandem(0, ({ tandem }) => inTandem(programs.crowd, tandem, count, 'conference')),
      );
      tell(`${count} echo `, await withTandem(0, ({ tandem }) => inTandem(programs.crowd, tandem, count, 'echo')));
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Measured {
  readonly legUs: number;
  /** Share of what was due that the generator did not hear. */
  readonly loss: number;
}

async function echoedInC({ crowd, echo }: Record<'crowd' | 'echo', string>, count: number): Promise<Measured> {
  const portCount = Math.ceil(count / SOCKETS);
  const [command, ...args] = [...pinnedTo(SERVER_CORE), echo, ECHO_PORT, portCount, GATHER_US].map(String);
  const program = new Program(command!, args);
  try {
    await program.saw(/^bound$/m);
    const ports = Array.from({ length: count }, (_, i) => ECHO_PORT + 2 * Math.floor(i / SOCKETS));
    return await measured(crowd, program.pid, ports);
  } finally {
    await program.stop('SIGKILL');
  }
}

async function inTandem(
  crowd: string,
  tandem: TandemProcess,
  count: number,
  kind: 'conference' | 'echo',
): Promise<Measured> {
  const conference = await conferenceNumber(tandem);
  const calls = await TrunkCalls.open(tandem.sipPort);
  try {
    const number = kind === 'conference' ? conference : ECHO;
    for (let i = 0; i < count; i++) await calls.place(number, i, CROWD_PORT + 2 * (i % SOCKETS));
    return await measured(crowd, tandem.program.pid, await calls.ports());
  } finally {
    calls.close();
  }
}

async function measured(crowd: string, pid: number, ports: readonly number[]): Promise<Measured> {
  const options = { within: pinnedTo(LOAD_CORE), socketCount: SOCKETS, warmUpS: WARM_UP_S, seconds: SECONDS };
  const { spentMs, due, loss } = await measureCrowd(crowd, pid, ports, options);
  return { legUs: (1_000 * spentMs) / due, loss };
}
