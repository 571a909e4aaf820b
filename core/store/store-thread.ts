import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from '../kernel/assert.ts';
import { systemClock } from '../kernel/clock.ts';
import { LIMITS } from '../kernel/limits.ts';
import { GroupWriter } from './group-writer.ts';
import type { Sqlite } from './native.ts';
import { openDatabase } from './open-database.ts';
import type { Query } from './statement.ts';
import type { FromStoreThread, Row, StoreThreadStart, ToStoreThread, WriteGroup } from './store-protocol.ts';

/** The thread that owns the database: drains what has arrived into one transaction, commits, answers. */
class StoreThread {
  readonly #database: Sqlite;
  readonly #writer: GroupWriter;
  readonly #start: StoreThreadStart;
  readonly #port: MessagePort;
  readonly #purging: NodeJS.Timeout;

  constructor(start: StoreThreadStart, port: MessagePort) {
    this.#start = start;
    this.#port = port;
    this.#database = openDatabase(start.path, start.durability);
    this.#writer = new GroupWriter(this.#database, start.writeSql);
    this.#purging = setInterval(() => this.#purge(), LIMITS.purgeIntervalMs);
    setImmediate(() => this.#purge());
    this.#send({ kind: 'ready' });
  }

  /** Handles this message and all that wait behind it: writes as few transactions, the rest in between as it came. */
  receive(first: ToStoreThread, next: () => ToStoreThread | undefined): void {
    let batches: number[] = [];
    let groups: WriteGroup[] = [];
    let writeCount = 0;
    const commit = (): void => {
      if (batches.length === 0) return;
      const started = systemClock.now();
      const failed = this.#writer.commit(groups);
      this.#send({ kind: 'written', batches, failed, commitMs: systemClock.now() - started });
      [batches, groups, writeCount] = [[], [], 0];
    };
    for (let message: ToStoreThread | undefined = first; message !== undefined; message = next()) {
      if (message.kind !== 'write') {
        commit();
        this.#execute(message);
        continue;
      }
      batches.push(message.batch);
      for (const group of JSON.parse(message.groups) as WriteGroup[]) {
        groups.push(group);
        writeCount += group.writes.length;
      }
      if (writeCount >= LIMITS.storeTransactionWritesMax) commit();
    }
    commit();
  }

  #execute(message: Exclude<ToStoreThread, { kind: 'write' }>): void {
    switch (message.kind) {
      case 'read':
        this.#answer(message.read, () => this.#rows(message.query));
        break;
      case 'backup':
        this.#answer(message.read, () => this.#backUp(message.path));
        break;
      case 'close':
        clearInterval(this.#purging);
        this.#database.pragma('wal_checkpoint(TRUNCATE)');
        this.#database.close();
        this.#send({ kind: 'closed' });
        this.#port.close();
    }
  }

  #answer(read: number, rows: () => readonly Row[]): void {
    try {
      this.#send({ kind: 'rows', read, rows: rows() });
    } catch (error) {
      this.#send({ kind: 'readFailed', read, detail: error instanceof Error ? error.message : String(error) });
    }
  }

  #rows({ sql, parameters }: Query): readonly Row[] {
    const statement = this.#database.prepare(sql);
    if (statement.reader) return statement.all(...parameters) as Row[];
    statement.run(...parameters);
    return [];
  }

  #backUp(path: string): readonly Row[] {
    this.#database.prepare('vacuum into ?').run(path);
    return [];
  }

  #send(message: FromStoreThread): void {
    this.#port.postMessage(message);
  }

  /** A few rows at a time, so that commits are never held up for long. */
  #purge(): void {
    if (!this.#database.open) return;
    const before = systemClock.wallTime() - this.#start.keepCallsMs;
    try {
      const { changes } = this.#database.prepare(this.#start.purgeSql).run(before, LIMITS.purgeRowsMax);
      if (changes === LIMITS.purgeRowsMax) setImmediate(() => this.#purge());
    } catch (error) {
      this.#send({ kind: 'purgeFailed', detail: error instanceof Error ? error.message : String(error) });
    }
  }
}

const port = parentPort;
assert(port !== null, 'the store thread is started as a worker');
const thread = new StoreThread(workerData as StoreThreadStart, port);
const next = (): ToStoreThread | undefined =>
  (receiveMessageOnPort(port) as { message: ToStoreThread } | undefined)?.message;
port.on('message', (message: ToStoreThread) => thread.receive(message, next));
