import { getAsset, isSea } from 'node:sea';
import { Worker } from 'node:worker_threads';

/** Threads make little garbage: a small nursery keeps each some 30 MB below what the default grows to under load. */
const YOUNG_GENERATION_MB = 8;

export interface WorkerStart {
  /** Shown by debuggers and profilers; in a single executable also the name of the asset with the worker's source. */
  readonly name: string;
  readonly workerData?: unknown;
}

/**
 * Starts the thread whose source is `entry` (`new URL('./store-thread.ts', import.meta.url)`), wherever Tandem runs:
 * in a clone the `.ts` file, in an npm package the `.js` beside it, in a single executable the asset named
 * `options.name`, a CommonJS bundle. The thread inherits the environment and ends with the process.
 */
export function startWorker(entry: URL, options: WorkerStart): Worker {
  const { name, workerData } = options;
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB };
  if (isSea()) return new Worker(getAsset(name, 'utf8'), { eval: true, name, workerData, resourceLimits });
  return new Worker(builtEntry(entry, import.meta.url), { name, workerData, resourceLimits });
}

/** The compiler rewrites imports but not URLs: a built package has `.js` where its sources say `.ts`. */
export function builtEntry(entry: URL, ownUrl: string): URL {
  return ownUrl.endsWith('.js') ? new URL(entry.href.replace(/\.ts$/, '.js')) : entry;
}
