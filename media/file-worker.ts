import type { Worker } from 'node:worker_threads';
import { startWorker } from '../core/kernel/start-worker.ts';
import type { FromFiles, ToFiles } from './protocol.ts';

/** Writing out what is recorded may wait for a slow disk; beyond this the thread is ended. */
const STOP_LIMIT_MS = 5000;

export interface FileWorkerOptions {
  readonly received: (message: FromFiles) => void;
  /** The thread died: what it was reading or writing is lost. Its replacement is running. */
  readonly lost: (reason: string) => void;
}

/** The main thread's end of the file thread. */
export class FileWorker {
  readonly #options: FileWorkerOptions;
  #worker: Worker;
  #exited: Promise<void>;
  #isStopping = false;

  constructor(options: FileWorkerOptions) {
    this.#options = options;
    [this.#worker, this.#exited] = this.#spawn();
  }

  post(message: ToFiles): void {
    this.#worker.postMessage(message);
  }

  /** Lets it write out and close every file. True when it ended by itself in time. */
  async stop(): Promise<boolean> {
    this.#isStopping = true;
    this.#worker.postMessage({ kind: 'close' });
    const limit = AbortSignal.timeout(STOP_LIMIT_MS);
    const expired = new Promise<boolean>((resolve) => {
      limit.onabort = () => resolve(false);
    });
    const inTime = await Promise.race([this.#exited.then(() => true), expired]);
    limit.onabort = null;
    if (!inTime) await this.#worker.terminate();
    return inTime;
  }

  #spawn(): [Worker, Promise<void>] {
    let reason = '';
    const worker = startWorker(new URL('./file-thread.ts', import.meta.url), { name: 'file-thread' });
    worker.on('message', (message: FromFiles) => this.#options.received(message));
    worker.on('error', (error: Error) => {
      reason = error.message;
    });
    const exited = new Promise<void>((resolve) => {
      worker.on('exit', (code) => {
        resolve();
        if (this.#isStopping) return;
        [this.#worker, this.#exited] = this.#spawn();
        this.#options.lost(reason || `file thread ended with code ${code}`);
      });
    });
    return [worker, exited];
  }
}
