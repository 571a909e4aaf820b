/**
 * Loaded before a Tandem under test (`--import`): SIGUSR2 collects garbage twice and prints what is left, as one line
 * of JSON on standard error.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  process.on('SIGUSR2', () => {
    collect();
    // Buffers that were freed by finalizers are gone only after the second time.
    setImmediate(() => {
      collect();
      process.stderr.write(`collected ${JSON.stringify(process.memoryUsage())}\n`);
    });
  });
}
