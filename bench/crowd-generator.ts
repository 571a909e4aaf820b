import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { processCpuMs } from './process.ts';

/** The first of the generator's ports, apart from Tandem's and from those that the system gives; it has every second one. */
export const CROWD_PORT = 61_000;

export interface CrowdOptions {
  readonly within?: readonly string[];
  /** Many legs share a socket, as those of a trunk do. */
  readonly socketCount: number;
  readonly warmUpS: number;
  readonly seconds: number;
  /** Measure what a switch adds to the way of a sound, in place of levels. */
  readonly measures?: 'delay';
  /** Packets for each leg to send, one after the other, all of a size, in place of its own. */
  readonly packets?: { readonly path: string; readonly sizeBytes: number };
  /** Where the generator's own ports begin; `CROWD_PORT` unless said. */
  readonly firstPort?: number;
}

/** What the generator in C prints. */
export interface CrowdReport {
  readonly seconds: number;
  readonly sentTotal: number;
  readonly heard: number;
  readonly lost: number;
  readonly silentLegs: number;
  readonly secondsChecked: number;
  readonly secondsBad: number;
  readonly levelMin: number;
  readonly levelMax: number;
  readonly ownLevelMax: number;
  readonly gapMsMax: number;
  readonly generatorLateMsMax: number;
  readonly generatorSkippedMs: number;
  readonly generatorCpuS: number;
  /** Packets heard that told when their sound was said. */
  readonly timed: number;
  readonly delayMsP50: number;
  readonly delayMsP99: number;
  readonly delayMsMax: number;
}

/** Makes a program of a source beside this file, in `folder`. Throws without a compiler. */
export function compile(name: string, folder: string): string {
  const program = join(folder, name);
  execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, `${name}.c`), '-lm'], { stdio: 'inherit' });
  return program;
}

export interface CrowdMeasured extends CrowdReport {
  /** CPU time that the measured process had meanwhile. */
  readonly spentMs: number;
  /** Packets that should have been heard. */
  readonly due: number;
  /** Share of them that were not. */
  readonly loss: number;
}

const PACKETS_PER_S = 50;

/** What process `pid` spends while legs talk to these of its ports. */
export async function measureCrowd(
  program: string,
  pid: number,
  ports: readonly number[],
  options: CrowdOptions,
): Promise<CrowdMeasured> {
  const generator = await Crowd.start(program, options);
  try {
    await generator.warmUp(ports);
    const before = processCpuMs(pid);
    const report = await generator.report();
    const spentMs = processCpuMs(pid) - before;
    const due = ports.length * report.seconds * PACKETS_PER_S;
    return { ...report, spentMs, due, loss: Math.max(0, 1 - report.heard / due) };
  } finally {
    generator.stop();
  }
}

/** The generator in C: bound to its sockets from the start, it waits to be told its legs. */
export class Crowd {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly #socketCount: number;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, socketCount: number) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#socketCount = socketCount;
  }

  /** `within`: what the program is put behind to stay on a core. */
  static async start(
    program: string,
    { within = [], firstPort = CROWD_PORT, socketCount, warmUpS, seconds, measures, packets }: CrowdOptions,
  ): Promise<Crowd> {
    const given = packets === undefined ? [] : ['packets', packets.sizeBytes, packets.path];
    const options = [firstPort, socketCount, warmUpS, seconds, ...(measures === undefined ? [] : [measures]), ...given];
    const [command, ...args] = [...within, program, ...options].map(String);
    const crowd = new Crowd(spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] }), socketCount);
    await crowd.#said();
    return crowd;
  }

  /** `ports`: where leg i, which is one of those of socket i modulo their count, talks to on loopback. Until it is measured. */
  async warmUp(ports: readonly number[]): Promise<void> {
    this.#child.stdin.end(ports.map((port, i) => `${i % this.#socketCount} ${port}\n`).join(''));
    await this.#said();
  }

  /** What was measured, when it is over. */
  async report(): Promise<CrowdReport> {
    return JSON.parse(await this.#said()) as CrowdReport;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  async #said(): Promise<string> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the generator has ended');
    return line.value;
  }
}
