#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { dirname } from 'node:path';

/** Entry of the command `tandem`. Loads the rest only on a Node that can run it. */

const OLDEST_NODE = 24;
const CANNOT_START = 69;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    `Tandem cannot run on this Node: expected version ${OLDEST_NODE} or newer, got ${process.versions.node}. Install a newer Node.\n`,
  );
  process.exitCode = CANNOT_START;
} else {
  // Code that was compiled, or stripped of its types, is kept for the next start: less time, and some 20 MB less for
  // each thread. Threads learn of it by the environment.
  const { directory } = enableCompileCache();
  if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= dirname(directory);
  import('./program.ts').then(async ({ runProgram }) => {
    process.exitCode = await runProgram(process.argv);
  });
}
