import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the project's clone. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const BIN = join(ROOT, 'node_modules/.bin');

/**
 * Runs a tool of `node_modules/.bin` on the project's own Node and waits for it; what it prints is passed on. Returns
 * its exit code; 1 when it was killed or could not be started.
 */
export function runTool(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  const path = `${BIN}${delimiter}${process.env['PATH'] ?? ''}`;
  const done = spawnSync(join(BIN, name), args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: path, ...env },
  });
  if (done.error !== undefined) process.stderr.write(`${name} could not be started: ${done.error.message}\n`);
  return done.status ?? 1;
}

/** What a system program prints on its standard output, trimmed; undefined when it failed. */
export function outputOf(program: string, args: readonly string[]): string | undefined {
  const done = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
  return done.status === 0 ? done.stdout.trim() : undefined;
}
