import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from '../test/interop/program.ts';
import { LOAD_CORE, pinnedTo } from './process.ts';

/** Apart from the RTP ports of Tandem, and from those that the system hands out. */
const CALLEES_PORT = 6_800;
const CALLERS_PORT = 6_801;
const MEDIA_PORT = 7_000;
/** Most have been forgotten before one of them is called again. */
const PAIRS = 5_000;

export interface Account {
  readonly user: string;
  readonly password: string;
}

export interface SippCallersOptions {
  /** Where the server listens. */
  readonly sipPort: number;
  readonly folder: string;
  /** One of those who call and are called. */
  readonly account: () => Account;
}

/**
 * Calls between accounts by SIPp, a program in C++: what is measured at it has no pause of a collector of its own. All
 * accounts are at the address `contact`, which answers each call; who calls proves to be somebody, and hangs up at once.
 */
export class SippCallers {
  static readonly contact = { address: '127.0.0.1', port: CALLEES_PORT } as const;
  readonly #options: SippCallersOptions;
  readonly #callees: Program;
  readonly #clock: string;

  constructor(options: SippCallersOptions) {
    this.#options = options;
    this.#clock = join(options.folder, 'fine-clock.so');
    const source = join(import.meta.dirname, 'fine-clock.c');
    execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', this.#clock, source], { stdio: 'inherit' });
    const lines = ['RANDOM'];
    for (let i = 0; i < PAIRS; i++) {
      const { user, password } = options.account();
      const credentials = `[authentication username=${user} password=${password}]`;
      lines.push(`${user};${options.account().user};${credentials}`);
    }
    writeFileSync(join(options.folder, 'callers.csv'), `${lines.join('\n')}\n`);
    this.#callees = this.#start(['-sn', 'uas', '-p', String(CALLEES_PORT), '-mp', String(MEDIA_PORT)]);
  }

  /** As many calls as are asked for, so many a second, at most so many at once. Resolves with the set-up times in ms, in their order. */
  async call(count: number, perSecond: number, atOnceMax: number): Promise<Float64Array> {
    const { folder, sipPort } = this.#options;
    const scenario = ['-sf', join(import.meta.dirname, 'callers.xml'), '-inf', 'callers.csv'];
    const ports = ['-p', String(CALLERS_PORT), '-mp', String(MEDIA_PORT + 100)];
    const pace = ['-m', String(count), '-r', String(perSecond), '-l', String(atOnceMax)];
    const callers = this.#start([
      ...scenario,
      ...ports,
      ...pace,
      '-trace_rtt',
      '-rtt_freq',
      '1000',
      `127.0.0.1:${sipPort}`,
    ]);
    const code = await callers.exited;
    if (code !== 0) throw new Error(`not every call went as written:\n${callers.output.slice(-2000)}`);
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('_rtt.csv'))!);
    const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1);
    rmSync(file);
    return Float64Array.from(rows, (row) => Number(row.split(';')[1]));
  }

  async stop(): Promise<void> {
    await this.#callees.stop();
  }

  #start(options: readonly string[]): Program {
    const common = ['sipp', '-i', '127.0.0.1', '-nostdin', '-timeout', '300s'];
    const [command, ...args] = [...pinnedTo(LOAD_CORE), ...common, ...options];
    return new Program(command!, args, { cwd: this.#options.folder, env: { LD_PRELOAD: this.#clock } });
  }
}
