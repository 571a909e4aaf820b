/**
 * Installs what package-lock.json names, unless it is there already. Runs on any Node from 20, before anything of the
 * project's own Node is installed, so it is plain JavaScript without dependencies.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
const CANNOT_START = 69;
const root = dirname(fileURLToPath(import.meta.url));

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(CANNOT_START);
}

/** Packages of a lock file by their place, the project itself left out. */
function packagesOf(file) {
  const packages = JSON.parse(readFileSync(file, 'utf8')).packages;
  return Object.entries(packages).filter(([place]) => place !== '');
}

/** Whether every package that the lock names is there in that version; those for other systems may be missing. */
function isInstalled() {
  const written = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(written) || !existsSync(join(root, 'node_modules/.bin/node'))) return false;
  const there = new Map(packagesOf(written));
  return packagesOf(join(root, 'package-lock.json')).every(([place, wanted]) => {
    const found = there.get(place);
    return found === undefined ? wanted.optional === true : found.version === wanted.version;
  });
}

const major = Number(process.versions.node.split('.')[0]);
if (major < OLDEST_NODE) {
  fail(`Setting up needs Node ${OLDEST_NODE} or newer, got ${process.versions.node}: install a newer Node.`);
}
if (!isInstalled()) {
  process.stderr.write('Installing dependencies (npm ci) …\n');
  const npm = process.env.npm_execpath;
  // The engines that packages ask for are met by the Node that is being installed: no warnings about this one.
  const args = ['ci', '--include=dev', '--loglevel=error'];
  // npm's own output goes to stderr, so that what the started program prints stays clean.
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  const done =
    npm === undefined ? spawnSync('npm', args, options) : spawnSync(process.execPath, [npm, ...args], options);
  if (done.status !== 0) {
    const got = done.error === undefined ? `exit code ${done.status}` : done.error.message;
    fail(`Installing dependencies failed: expected npm ci to succeed, got ${got}: see its output above.`);
  }
  if (!existsSync(join(root, 'node_modules/.bin/node'))) {
    fail(
      'The package "node" has no binary: expected its install script to run, got none: allow install scripts for it.',
    );
  }
  // A first start without it works as well, only slower and larger: whether this succeeds does not matter.
  spawnSync(join(root, 'node_modules/.bin/node'), [join(root, 'cli/build/warm.ts')], {
    cwd: root,
    stdio: 'ignore',
    timeout: 30_000,
  });
}
