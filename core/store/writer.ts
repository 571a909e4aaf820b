import type { Worker } from 'node:worker_threads';
import { Fault } from '../kernel/fault.ts';
import { LIMITS } from '../kernel/limits.ts';
import { LiveMap } from '../kernel/live-map.ts';
import { Queue } from '../kernel/queue.ts';
import type { Store, StoreEvent } from '../ports.ts';
import type { Write } from '../write.ts';
import { Lingering } from './lingering.ts';
import { NO_POST, newestOrigins, POST_GROUPS_MAX, type Post } from './post.ts';
import type { Seal } from './seal.ts';
import type { Query } from './statement.ts';
import type { FromStoreThread, ToStoreThread, WriteGroup } from './store-protocol.ts';
import { type BoundWrite, bindWrite } from './write-statements.ts';

/** What asks the store for rows, at the asynchronous edge. */
export interface StoreReader {
  /** The rows, after all writes given before are committed. Rejects with `Fault` STORE_FAILED or SERVICE_UNAVAILABLE. */
  read<Row>(query: Query<Row>): Promise<readonly Row[]>;
}

export interface StoreWriterOptions {
  readonly seal: Seal;
  readonly startThread: () => Worker;
  /** Called once, when the database is closed. */
  readonly release: () => void;
  readonly queueWritesMax?: number;
}

interface Read {
  readonly resolve: (rows: readonly unknown[]) => void;
  readonly reject: (fault: Fault) => void;
}

/** A write that failed and that nobody waits for is tried again after this, and so often at most. */
const RETRY_MS = 1_000;
const ATTEMPTS_MAX = 3_600;

/**
 * The main thread's side of the store: collects writes and posts them to the thread that owns the database, at the end
 * of the turn when somebody waits for a receipt, else after a short while. Whole rows are upserted, so when the thread
 * dies another one gets what was not acknowledged once more.
 */
export class StoreWriter implements Store, StoreReader {
  readonly #options: StoreWriterOptions;
  readonly #queueWritesMax: number;
  readonly #events = new Queue<StoreEvent>();
  readonly #inFlight = new LiveMap<number, Post>();
  readonly #reads = new LiveMap<number, Read>();
  readonly #flushes: { readonly batch: number; readonly resolve: () => void }[] = [];
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #thread: Worker;
  #listener: () => void = () => undefined;
  #pending: Post = { groups: [], origins: [] };
  #immediate: NodeJS.Immediate | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** Writes that nobody waits for. */
  readonly #lingering = new Lingering();
  readonly #attempts = new WeakMap<Write, number>();
  #retryTimer: NodeJS.Timeout | undefined;
  #lastBatch = 0;
  #lastRead = 0;
  #queueLength = 0;
  #committedCount = 0;
  #failedCount = 0;
  #refusedCount = 0;
  #deathCount = 0;
  #deathsInARow = 0;
  #lastCommitMs = 0;
  #lastFailure = '';
  #state: 'open' | 'closing' | 'closed' | 'broken' = 'open';

  constructor(options: StoreWriterOptions) {
    this.#options = options;
    this.#queueWritesMax = options.queueWritesMax ?? LIMITS.storeQueueWritesMax;
    this.#started.promise.catch(() => undefined);
    this.#thread = this.#start();
  }

  /** Writes that are not committed yet. */
  get queueLength(): number {
    return this.#queueLength;
  }

  get committedCount(): number {
    return this.#committedCount;
  }

  /** Writes that could not be committed. */
  get failedCount(): number {
    return this.#failedCount;
  }

  /** Writes refused because the queue was full or the store closed. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Times that the thread died and was replaced. */
  get deathCount(): number {
    return this.#deathCount;
  }

  get lastCommitMs(): number {
    return this.#lastCommitMs;
  }

  /** Why a write or the removal of old calls failed last; '' when none has. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  /** Resolves when the thread has opened the database; rejects with `Fault` STORE_FAILED when it cannot. */
  ready(): Promise<void> {
    return this.#started.promise;
  }

  /** `listener` is called when `poll` has something new to say. It must only note that, or start a drain. */
  onEvent(listener: () => void): void {
    this.#listener = listener;
  }

  write(writes: readonly Write[], receipt: number): void {
    const refusal = this.#refusal(writes.length);
    if (refusal !== undefined) {
      this.#refusedCount += writes.length;
      this.#lastFailure = refusal;
      if (receipt !== 0) {
        this.#events.push({ kind: 'storeFailed', receipt, detail: refusal });
        setImmediate(() => this.#listener());
      }
      return;
    }
    if (receipt === 0) this.#linger(writes);
    else {
      // Order is kept: what lingers goes first.
      this.#settleLingering();
      const bound = writes.flatMap((write) => bindWrite(write, this.#options.seal));
      this.#add(bound, receipt, undefined);
      this.#schedule('at-once');
    }
  }

  poll(): StoreEvent | undefined {
    return this.#events.shift();
  }

  read<Row>(query: Query<Row>): Promise<readonly Row[]> {
    const { sql, parameters } = query;
    return this.#ask((read) => ({ kind: 'read', read, query: { sql, parameters } })) as Promise<readonly Row[]>;
  }

  /** Writes a complete copy of the database to a new file, while it is in use. */
  async backup(path: string): Promise<void> {
    await this.#ask((read) => ({ kind: 'backup', read, path }));
  }

  /** Resolves when everything written so far is committed, or has failed. */
  flush(): Promise<void> {
    this.#post();
    if (this.#inFlight.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#flushes.push({ batch: this.#lastBatch, resolve }));
  }

  /** Commits what is left, closes the database and frees the folder. Later writes are refused. */
  async close(): Promise<void> {
    if (this.#state === 'open') {
      await this.flush();
      if (this.#state === 'open') {
        this.#state = 'closing';
        this.#send({ kind: 'close' });
      }
    }
    await this.#ended.promise;
  }

  #refusal(count: number): string | undefined {
    if (this.#state !== 'open') return `the store is ${this.#state}`;
    if (this.#queueLength + count <= this.#queueWritesMax) return undefined;
    return `${this.#queueLength} writes wait for the disk, limit ${this.#queueWritesMax}`;
  }

  /** Rests a while: a row that changes again meanwhile is written once, as it is then. */
  #linger(writes: readonly Write[]): void {
    const before = this.#lingering.size;
    for (const write of writes) this.#lingering.put(write);
    this.#queueLength += this.#lingering.size - before;
    this.#schedule('lingering');
  }

  #settleLingering(): void {
    this.#queueLength -= this.#lingering.size;
    this.#lingering.take((write) => this.#add(bindWrite(write, this.#options.seal), 0, write));
  }

  #add(writes: readonly BoundWrite[], receipt: number, origin: Write | undefined): void {
    this.#pending.groups.push({ receipt, writes });
    this.#pending.origins.push(origin);
    this.#queueLength += writes.length;
    if (this.#pending.groups.length === POST_GROUPS_MAX) this.#postPending();
  }

  /**
   * A write that nobody waits for could not be committed: it is tried again until the disk is well, unless the row has
   * been written anew. One that can never succeed is given up after an hour.
   */
  #again(origin: Write): void {
    if (this.#lingering.has(origin)) return;
    const attempts = (this.#attempts.get(origin) ?? 0) + 1;
    if (attempts > ATTEMPTS_MAX || this.#state !== 'open') return;
    this.#attempts.set(origin, attempts);
    this.#lingering.put(origin);
    this.#queueLength += 1;
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      this.#post();
    }, RETRY_MS);
  }

  #schedule(when: 'at-once' | 'lingering'): void {
    if (this.#immediate !== undefined) return;
    if (when === 'at-once') this.#immediate = setImmediate(() => this.#post());
    else this.#lingerTimer ??= setTimeout(() => this.#post(), LIMITS.storeLingerMs);
  }

  #post(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#lingerTimer);
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    [this.#immediate, this.#lingerTimer] = [undefined, undefined];
    this.#settleLingering();
    if (this.#pending.groups.length > 0) this.#postPending();
  }

  #postPending(): void {
    const post = this.#pending;
    this.#pending = { groups: [], origins: [] };
    this.#lastBatch += 1;
    this.#inFlight.set(this.#lastBatch, post);
    this.#sendPost(this.#lastBatch, post);
  }

  #sendPost(batch: number, { groups }: Post): void {
    this.#send({ kind: 'write', batch, groups: JSON.stringify(groups) });
  }

  #send(message: ToStoreThread): void {
    this.#thread.postMessage(message);
  }

  #ask(message: (read: number) => ToStoreThread): Promise<readonly unknown[]> {
    if (this.#state !== 'open') return Promise.reject(new Fault('STORE_FAILED', `the store is ${this.#state}`));
    if (this.#reads.size >= LIMITS.storeReadsMax) {
      return Promise.reject(
        new Fault('SERVICE_UNAVAILABLE', `${this.#reads.size} reads wait for the store`, {
          limit: LIMITS.storeReadsMax,
        }),
      );
    }
    this.#post();
    this.#lastRead += 1;
    this.#send(message(this.#lastRead));
    return new Promise((resolve, reject) => this.#reads.set(this.#lastRead, { resolve, reject }));
  }

  // ── The thread ────────────────────────────────────────────────────────────────────────────────────────────

  #start(): Worker {
    const thread = this.#options.startThread();
    let death = 'it ended';
    thread.on('message', (message: FromStoreThread) => this.#receive(message));
    thread.on('error', (error) => {
      death = error instanceof Error ? error.message : String(error);
    });
    thread.on('exit', () => this.#exited(death));
    return thread;
  }

  #receive(message: FromStoreThread): void {
    switch (message.kind) {
      case 'ready':
        this.#started.resolve();
        break;
      case 'written':
        this.#written(message);
        break;
      case 'rows':
        this.#settleRead(message.read, (read) => read.resolve(message.rows));
        break;
      case 'readFailed': {
        const fault = new Fault('STORE_FAILED', `reading failed: ${message.detail}`);
        this.#settleRead(message.read, (read) => read.reject(fault));
        break;
      }
      case 'purgeFailed':
        this.#lastFailure = message.detail;
        break;
      case 'closed':
        this.#state = 'closed';
    }
  }

  #written({ batches, failed, commitMs }: Extract<FromStoreThread, { kind: 'written' }>): void {
    this.#deathsInARow = 0;
    this.#lastCommitMs = commitMs;
    const details = failed.length === 0 ? undefined : new Map(failed.map(({ index, detail }) => [index, detail]));
    const newest = details === undefined ? undefined : newestOrigins([...this.#inFlight.values(), this.#pending]);
    let index = 0;
    for (const batch of batches) {
      const { groups, origins } = this.#inFlight.get(batch) ?? NO_POST;
      this.#inFlight.delete(batch);
      for (let i = 0; i < groups.length; i++) {
        const [failure, origin] = [details?.get(index++), origins[i]];
        this.#settle(groups[i]!, failure);
        if (failure !== undefined && origin !== undefined && newest?.has(origin) === true) this.#again(origin);
      }
    }
    this.#tell();
  }

  /** `failure` is undefined when the group is durable. */
  #settle(group: WriteGroup, failure: string | undefined): void {
    const { receipt, writes } = group;
    this.#queueLength -= writes.length;
    if (failure === undefined) {
      this.#committedCount += writes.length;
      if (receipt !== 0) this.#events.push({ kind: 'stored', receipt });
    } else {
      this.#failedCount += writes.length;
      this.#lastFailure = failure;
      if (receipt !== 0) this.#events.push({ kind: 'storeFailed', receipt, detail: failure });
    }
  }

  #tell(): void {
    while (this.#flushes.length > 0 && !this.#isWaiting(this.#flushes[0]!.batch)) this.#flushes.shift()!.resolve();
    if (this.#events.length > 0) this.#listener();
  }

  /** Batches settle in their order: the first in flight tells about all before it. */
  #isWaiting(batch: number): boolean {
    for (const oldest of this.#inFlight.keys()) return oldest <= batch;
    return false;
  }

  #settleRead(number: number, settle: (read: Read) => void): void {
    const read = this.#reads.get(number);
    this.#reads.delete(number);
    if (read !== undefined) settle(read);
  }

  #exited(death: string): void {
    if (this.#state === 'closed') {
      this.#end();
      return;
    }
    this.#deathCount += 1;
    this.#deathsInARow += 1;
    this.#lastFailure = `the store thread died: ${death}`;
    for (const read of [...this.#reads.keys()]) {
      this.#settleRead(read, ({ reject }) => reject(new Fault('STORE_FAILED', this.#lastFailure)));
    }
    if (this.#deathsInARow >= LIMITS.storeThreadDeathsMax) {
      this.#break();
      return;
    }
    this.#thread = this.#start();
    for (const [batch, post] of this.#inFlight) this.#sendPost(batch, post);
    if (this.#state === 'closing') this.#send({ kind: 'close' });
  }

  /** The thread does not stay alive: everything that waits has failed. */
  #break(): void {
    this.#state = 'broken';
    this.#post();
    for (const { groups } of this.#inFlight.values())
      for (const group of groups) this.#settle(group, this.#lastFailure);
    this.#inFlight.clear();
    this.#started.reject(new Fault('STORE_FAILED', this.#lastFailure));
    this.#end();
    this.#tell();
  }

  #end(): void {
    this.#options.release();
    this.#ended.resolve();
  }
}
