import type { Worker } from 'node:worker_threads';
import { Fault } from '../core/kernel/fault.ts';
import { startWorker } from '../core/kernel/start-worker.ts';
import type { OpusLibrary } from './codec/opus.ts';
import { Control } from './control.ts';
import { allocateCounters } from './counters.ts';
import { Waker } from './io/waker.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import type { StreamMemory } from './stream-memory.ts';
import type { MediaWorkerStart } from './worker.ts';

/** How long a thread may take to open its sockets, and to end when asked to. */
const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 2000;
/** A thread that dies this often before it is ready once is not tried again. */
const FAILED_STARTS_MAX = 3;

/** How long the rest may lie before a thread that still sleeps is woken for it: ends of streams, and who may send. */
const LEFT_MAIL_MS = 250;

/**
 * What a sleeping thread is woken for at once: what it must do by itself. The rest matters when a packet comes, which wakes it
 * anyway, and a wake-up costs both threads more than the message.
 */
const URGENT: ReadonlySet<ToWorker['kind']> = new Set(['bindPort', 'play', 'stopPlaying', 'digits', 'record', 'fail']);

export interface WorkersOptions {
  readonly count: number;
  /** IPv4 address (as a number) that RTP ports are bound to; 0 for all interfaces of both families. */
  readonly address: number;
  /** `best`: batched system calls where there are any, else `node:dgram`. */
  readonly io: 'best' | 'dgram';
  readonly streamsMax: number;
  /** Where each thread counts its streams, `streamsMax` each; where nobody but the thread sees it unless given. */
  readonly memories?: readonly StreamMemory[] | undefined;
  readonly mediaTimeoutMs: number;
  /** ISO 3166 code: whose tones callers hear. */
  readonly country: string;
  readonly koffiAddonPath?: string | undefined;
  readonly received: (worker: number, message: FromWorker) => void;
  /** A thread died; its replacement is being started and messages for it are kept. */
  readonly lost: (worker: number, reason: string) => void;
}

interface Thread {
  worker: Worker;
  control: Control;
  waker: Waker | undefined;
  /** Armed while messages were left that can wait. */
  later: NodeJS.Timeout | undefined;
  io: 'batch' | 'dgram' | undefined;
  opus: OpusLibrary['kind'] | undefined;
  priority: 'raised' | 'refused' | undefined;
  reason: string;
  failedStarts: number;
  exited: Promise<void>;
  readonly counters: SharedArrayBuffer;
  /** Posted in this turn of the event loop and not handed over yet. */
  readonly mail: ToWorker[];
}

/** The media threads: starts them, carries messages, replaces one that dies, and stops them all. */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #threads: Thread[] = [];
  #waiting: { readonly ready: () => void; readonly failed: (fault: Fault) => void } | undefined;
  #isStopping = false;
  /** Threads replaced so far. */
  replaced = 0;

  private constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /** Resolves once every thread runs; rejects with a `Fault` when one cannot. */
  static async start(options: WorkersOptions): Promise<Workers> {
    const workers = new Workers(options);
    const ready = new Promise<void>((resolve, reject) => {
      workers.#waiting = { ready: resolve, failed: reject };
    });
    for (let index = 0; index < options.count; index++)
      workers.#threads.push(workers.#spawn(index, allocateCounters()));
    const limit = AbortSignal.timeout(START_LIMIT_MS);
    const expired = new Promise<never>((_, reject) => {
      limit.onabort = () => reject(new Fault('INTERNAL', `media threads did not start within ${START_LIMIT_MS} ms`));
    });
    try {
      await Promise.race([ready, expired]);
    } catch (error) {
      await workers.stop();
      throw error;
    } finally {
      limit.onabort = null;
      workers.#waiting = undefined;
    }
    return workers;
  }

  /** One shared array for each thread, indexed by `COUNTER`. */
  get counters(): readonly Float64Array[] {
    return this.#threads.map(({ counters }) => new Float64Array(counters));
  }

  /** How the threads reach the network. */
  get io(): readonly ('batch' | 'dgram' | undefined)[] {
    return this.#threads.map(({ io }) => io);
  }

  /** Every thread has a library for Opus. */
  get hasOpus(): boolean {
    return this.#threads.every(({ opus }) => opus !== undefined);
  }

  /** The kernel lets every thread run before others. */
  get havePriority(): boolean {
    return this.#threads.every(({ priority }) => priority === 'raised');
  }

  /** What is posted in one turn goes out together at its end: one message and one wake-up, however many legs it is for. */
  post(worker: number, message: ToWorker): void {
    const { mail } = this.#threads[worker]!;
    if (mail.push(message) === 1) queueMicrotask(() => this.#handOver(worker));
  }

  /**
   * Asks every thread to end and waits for it, 2 s at most: a thread that blocks in the kernel cannot be ended from
   * outside, so the process must not exit before. True when all have ended.
   */
  async stop(): Promise<boolean> {
    this.#isStopping = true;
    for (const { control, waker } of this.#threads) {
      control.requestStop();
      if (control.announceMail()) waker?.wake();
    }
    const limit = AbortSignal.timeout(STOP_LIMIT_MS);
    const expired = new Promise<boolean>((resolve) => {
      limit.onabort = () => resolve(false);
    });
    const ended = Promise.all(this.#threads.map(({ exited }) => exited)).then(() => true);
    const result = await Promise.race([ended, expired]);
    limit.onabort = null;
    return result;
  }

  #handOver(worker: number): void {
    const thread = this.#threads[worker]!;
    const isUrgent = thread.mail.some(({ kind }) => URGENT.has(kind));
    thread.worker.postMessage(thread.mail);
    thread.mail.length = 0;
    if (isUrgent) this.#wake(thread);
    else {
      thread.control.leaveMail();
      thread.later ??= setTimeout(() => {
        thread.later = undefined;
        this.#wake(thread);
      }, LEFT_MAIL_MS);
    }
  }

  /** Wakes a thread that sleeps and has not seen its mail. */
  #wake(thread: Thread): void {
    if (thread.control.announceMail()) thread.waker?.wake();
  }

  #spawn(index: number, counters: SharedArrayBuffer): Thread {
    const { address, io, streamsMax, memories, mediaTimeoutMs, country, koffiAddonPath } = this.#options;
    const control = new Control();
    const start: MediaWorkerStart = {
      control: control.buffer,
      counters,
      address,
      io,
      streamsMax,
      memory: memories?.[index]?.buffer,
      mediaTimeoutMs,
      country,
      koffiAddonPath,
    };
    const worker = startWorker(new URL('./worker.ts', import.meta.url), { name: 'media-worker', workerData: start });
    worker.on('message', (messages: readonly FromWorker[]) => {
      for (const message of messages) this.#receive(index, message);
    });
    worker.on('error', (error: Error) => {
      this.#threads[index]!.reason ||= error.message;
    });
    const exited = new Promise<void>((resolve) => {
      worker.on('exit', (code) => {
        this.#exited(index, code);
        resolve();
      });
    });
    return {
      worker,
      control,
      waker: undefined,
      later: undefined,
      io: undefined,
      opus: undefined,
      priority: undefined,
      reason: '',
      failedStarts: 0,
      exited,
      counters,
      mail: [],
    };
  }

  #receive(index: number, message: FromWorker): void {
    const thread = this.#threads[index]!;
    if (message.kind === 'failed') thread.reason = message.reason;
    if (message.kind === 'ready') {
      thread.waker = new Waker(message.wakeHandle);
      thread.io = message.io;
      thread.opus = message.opus;
      thread.priority = message.priority;
      thread.failedStarts = 0;
      if (this.#threads.every(({ io }) => io !== undefined)) this.#waiting?.ready();
    }
    this.#options.received(index, message);
  }

  #exited(index: number, code: number): void {
    const thread = this.#threads[index]!;
    clearTimeout(thread.later);
    thread.later = undefined;
    thread.waker?.close();
    thread.waker = undefined;
    if (this.#isStopping) return;
    const reason = thread.reason || `media thread ${index} ended with code ${code}`;
    const failedStarts = thread.io === undefined ? thread.failedStarts + 1 : 0;
    if (failedStarts === FAILED_STARTS_MAX) {
      this.#waiting?.failed(new Fault('INTERNAL', `a media thread does not start: ${reason}`));
      this.#options.lost(index, reason);
      return;
    }
    this.replaced++;
    this.#threads[index] = { ...this.#spawn(index, thread.counters), failedStarts };
    this.#options.lost(index, reason);
  }
}
