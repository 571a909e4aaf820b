/** `npm run build:binary`: `build/tandem`, one executable with Node, the program, its threads and native addons inside. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { PROMPT_NAMES, promptAsset } from '../prompts.ts';
import { outputOf, ROOT, runTool } from './run-tool.ts';

/** Threads, by the names under which they are started. */
const THREADS = {
  'store-thread': 'core/store/store-thread.ts',
  'media-worker': 'media/worker.ts',
  'file-thread': 'media/file-thread.ts',
};

/** Where Node looks for what was put inside (Node's documentation of single executable applications). */
const SENTINEL = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const folder = join(ROOT, 'build/binary');
const executable = join(ROOT, 'build/tandem');

/** A CommonJS file with everything in it. Its own place is the executable's, so that relative URLs have a base. */
async function bundle(entry: string, name: string): Promise<string> {
  const outfile = join(folder, `${name}.cjs`);
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    define: { 'import.meta.url': 'ownUrl' },
    banner: { js: "const ownUrl = require('node:url').pathToFileURL(process.execPath).href;" },
    logLevel: 'warning',
    logOverride: { 'require-resolve-not-external': 'silent' },
  });
  return outfile;
}

/** The addons of this system: a C library other than glibc has files of its own. */
function addons(): Record<string, string> {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const isMusl = process.platform === 'linux' && report.header?.glibcVersionRuntime === undefined;
  const { platform, arch } = process;
  const sqlite = `node_modules/better-sqlite3/prebuilds/${platform}${isMusl ? 'musl' : ''}-${arch}.node`;
  const koffi = `node_modules/@koromix/koffi-${platform}-${arch}/${isMusl ? 'musl' : platform}_${arch}/koffi.node`;
  const found = { 'better_sqlite3.node': join(ROOT, sqlite), 'koffi.node': join(ROOT, koffi) };
  for (const path of Object.values(found)) {
    if (existsSync(path)) continue;
    process.stderr.write(`An addon is missing: expected ${path}, got no such file: run npm ci on this system.\n`);
    process.exit(1);
  }
  return found;
}

mkdirSync(folder, { recursive: true });
const main = await bundle('cli/main.ts', 'main');
const assets: Record<string, string> = {
  ...addons(),
  'opus.wasm': join(ROOT, 'node_modules/@evan/opus/wasm/simd.wasm'),
};
for (const [name, entry] of Object.entries(THREADS)) assets[name] = await bundle(entry, name);
for (const name of PROMPT_NAMES) assets[promptAsset(name)] = join(ROOT, `cli/prompts/${name}.wav`);

const config = join(folder, 'sea-config.json');
const blob = join(folder, 'tandem.blob');
writeFileSync(config, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true, assets }));
execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
copyFileSync(realpathSync(process.execPath), executable);
chmodSync(executable, 0o755);
const macOptions = process.platform === 'darwin' ? ['--macho-segment-name', 'NODE_SEA'] : [];
const exitCode = runTool('postject', [executable, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', SENTINEL, ...macOptions]);
if (exitCode !== 0) process.exit(exitCode);
process.stdout.write(`${executable} ${outputOf(executable, ['--version']) ?? 'does not start'}\n`);
