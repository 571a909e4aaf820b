import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf, ROOT } from './run-tool.ts';

/**
 * Installs the Debian packages of `test/apt-packages.txt` that are missing: real programs that the interoperability
 * tests talk to. Needs root. Returns one sentence when that failed.
 */
export function installSystemPackages(): string | undefined {
  const missing = readFileSync(join(ROOT, 'test/apt-packages.txt'), 'utf8')
    .split('\n')
    .filter((name) => name !== '' && !isInstalled(name));
  if (missing.length === 0) return undefined;
  for (const args of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', ...missing],
  ]) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const done = spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env });
    if (done.status === 0) continue;
    const got = done.error?.message ?? `exit code ${done.status}`;
    return `Installing ${missing.join(', ')} failed: expected apt-get ${args[0]} to succeed as root, got ${got}.`;
  }
  return undefined;
}

function isInstalled(name: string): boolean {
  return outputOf('dpkg', ['-s', name])?.includes('\nStatus: install ok installed\n') ?? false;
}
