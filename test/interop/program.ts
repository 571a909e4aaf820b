import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/** True when the program can be started here; a test that needs it is skipped otherwise. */
export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/** A real program with its output kept, ended by its process id and by nothing wider. */
export class Program {
  readonly child: ChildProcess;
  output = '';
  readonly exited: Promise<number>;

  constructor(command: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
    this.child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString('utf8')).slice(-1_000_000);
    };
    this.child.stdout!.on('data', keep);
    this.child.stderr!.on('data', keep);
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)));
    });
    this.exited.catch(() => undefined);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** First match of the pattern in the output; fails with what the program said. */
  async saw(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    return until(
      () => pattern.exec(this.output) ?? undefined,
      timeoutMs,
      () => `${pattern} in:\n${this.output.slice(-4000)}`,
    );
  }

  /** Sends the signal and waits for the exit code; kills after the time-out. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', timeoutMs = 10_000): Promise<number> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
    const code = await this.exited;
    clearTimeout(timer);
    return code;
  }
}

/** Polls until the probe gives a value. Only for real programs, which tell nobody when they are ready. */
export async function until<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  timeoutMs: number,
  what: () => string,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
