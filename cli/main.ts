#!/usr/bin/env node
/** Entry of the command `tandem`. Loads the rest only on a Node that can run it. */

const OLDEST_NODE = 24;
const CANNOT_START = 69;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    `Tandem cannot run on this Node: expected version ${OLDEST_NODE} or newer, got ${process.versions.node}. Install a newer Node.\n`,
  );
  process.exitCode = CANNOT_START;
} else {
  import('./program.ts').then(async ({ runProgram }) => {
    process.exitCode = await runProgram(process.argv);
  });
}
