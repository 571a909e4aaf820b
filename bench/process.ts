import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { LoadReport } from '../cli/load/load-report.ts';
import { Program } from '../test/interop/program.ts';
import { TandemProcess } from '../test/interop/tandem-process.ts';

export const NODE = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
const GENERATOR = fileURLToPath(new URL('../cli/load/main.ts', import.meta.url));
const PASSWORD = 'secret-of-the-bench';
const FIRST_ACCOUNT = 20_000;
/** Apart from those of another Tandem on this machine, and of the generator. */
export const RTP_PORTS = '10000-19999';
/** Requests to the API under way at once while accounts are made. */
const REQUESTS_AT_ONCE = 16;

/** Tandem on the first core, its load on the second: neither takes time from the other's. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** What a command is put in front of to stay on one core; nothing where that cannot be had. */
export function pinnedTo(core: number): readonly string[] {
  const canPin = cpus().length > core && spawnSync('taskset', ['-c', String(core), 'true']).status === 0;
  return canPin ? ['taskset', '-c', String(core)] : [];
}

/** Runs a subject against a whole Tandem, started as its users do on a folder of its own, with this many extensions. */
export async function withTandem<T>(
  accountCount: number,
  run: (bench: BenchedTandem) => Promise<T>,
  env: Record<string, string> = {},
): Promise<T> {
  const tandem = await TandemProcess.start({ within: pinnedTo(SERVER_CORE), args: ['--rtp', RTP_PORTS], env });
  try {
    const benched = new BenchedTandem(tandem);
    await benched.createAccounts(accountCount);
    return await run(benched);
  } finally {
    await tandem.kill();
    rmSync(tandem.folder, { recursive: true, force: true });
  }
}

export class BenchedTandem {
  readonly tandem: TandemProcess;
  #accountCount = 0;

  constructor(tandem: TandemProcess) {
    this.tandem = tandem;
  }

  /** Makes extensions that the generator plays, beside those that are there. */
  async createAccounts(count: number): Promise<void> {
    for (let made = 0; made < count; made += REQUESTS_AT_ONCE) {
      const first = FIRST_ACCOUNT + this.#accountCount;
      const names = Array.from({ length: Math.min(REQUESTS_AT_ONCE, count - made) }, (_, i) => String(first + i));
      await Promise.all(names.map((name) => this.tandem.createExtension(name, PASSWORD)));
      this.#accountCount += names.length;
    }
  }

  /** Accounts that were made, from the first to the last of these. */
  accounts(from: number, to: number): string {
    return `${FIRST_ACCOUNT + from}-${FIRST_ACCOUNT + to}`;
  }

  /** Starts the load generator on the other core; arguments given win over the usual ones; `finished` gives its report, and fails when it printed none. */
  load(...args: readonly string[]): { readonly program: Program; readonly finished: Promise<LoadReport> } {
    const { sipPort, program: server } = this.tandem;
    const command = [
      ...pinnedTo(LOAD_CORE),
      NODE,
      GENERATOR,
      ...['--server', `127.0.0.1:${sipPort}`, '--pid', String(server.pid), '--password', PASSWORD],
      ...['--accounts', `${FIRST_ACCOUNT}-${FIRST_ACCOUNT + this.#accountCount - 1}`],
      ...args,
    ];
    const program = new Program(command[0]!, command.slice(1));
    return { program, finished: reportOf(program) };
  }

  /** Resident memory of Tandem in bytes (proc_pid_status(5)). */
  residentBytes(): number {
    const text = readFileSync(`/proc/${this.tandem.program.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
  }
}

async function reportOf(program: Program): Promise<LoadReport> {
  await program.exited;
  const line = /^\{.*\}$/m.exec(program.output)?.[0];
  if (line === undefined) throw new Error(`the load generator printed no report:\n${program.output}`);
  return JSON.parse(line) as LoadReport;
}

/** Fails when anything of the load did: figures of a run with failures would be of something else. */
export function requireClean(report: LoadReport): void {
  if (Object.keys(report.failed).length > 0) throw new Error(`the load met failures: ${JSON.stringify(report)}`);
}

/** CPU time of the process in ms, user and system (proc_pid_stat(5)). */
export function processCpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

export function cpuMs({ measured: { cpu } }: LoadReport): number {
  return cpu.userMs + cpu.systemMs;
}

/** Of the CPU time, what the kernel had. */
export function kernelShare(report: LoadReport): number {
  return report.measured.cpu.systemMs / cpuMs(report);
}
