import type { Directory } from '../directory/directory.ts';
import { Fault } from '../kernel/fault.ts';
import type { Random } from '../kernel/random.ts';
import type { WallTime } from '../kernel/time.ts';
import type { Store, StoreEvent } from '../ports.ts';
import type { Write } from '../write.ts';
import { GroupWriter } from './group-writer.ts';
import { type LeftBehind, loadAll } from './load.ts';
import { migrate } from './migrate.ts';
import { openSqlite, type Sqlite } from './native.ts';
import { Seal } from './seal.ts';
import type { Query } from './statement.ts';
import type { WriteGroup } from './store-protocol.ts';
import { bindWrite, WRITE_SQL } from './write-statements.ts';
import type { StoreReader } from './writer.ts';

/**
 * The store of the simulated world: the same queries on SQLite in memory, executed when `poll` is called. What was
 * written and not polled is what a crash loses; what was polled survives in the object, for the next process to load.
 */
export class InProcessStore implements Store, StoreReader {
  readonly #database: Sqlite;
  readonly #writer: GroupWriter;
  readonly #seal: Seal;
  readonly #events: StoreEvent[] = [];
  #queue: WriteGroup[] = [];
  #failing: ((write: Write) => boolean) | undefined;
  #isHeld = false;

  constructor(random: Random) {
    this.#database = openSqlite(':memory:', { timeoutMs: 0 });
    migrate(this.#database);
    this.#writer = new GroupWriter(this.#database, WRITE_SQL);
    this.#seal = new Seal(random.bytes(32), random);
  }

  /** Groups written and not committed yet. */
  get queueLength(): number {
    return this.#queue.length;
  }

  load(directory: Directory, at: WallTime): LeftBehind {
    return loadAll(this.#database, directory, this.#seal, at);
  }

  /** Groups with such a write fail from now on; undefined ends that. */
  failOn(predicate: ((write: Write) => boolean) | undefined): void {
    this.#failing = predicate;
  }

  /** A disk that hangs: nothing is committed until `resume`. */
  hold(): void {
    this.#isHeld = true;
  }

  resume(): void {
    this.#isHeld = false;
  }

  /** The process dies: what is not committed is lost, nobody hears of receipts. */
  crash(): void {
    this.#queue = [];
    this.#events.length = 0;
    this.#isHeld = false;
  }

  write(writes: readonly Write[], receipt: number): void {
    if (this.#failing !== undefined && writes.some(this.#failing)) {
      if (receipt !== 0) this.#events.push({ kind: 'storeFailed', receipt, detail: 'made to fail' });
      return;
    }
    this.#queue.push({ receipt, writes: writes.flatMap((write) => bindWrite(write, this.#seal)) });
  }

  poll(): StoreEvent | undefined {
    if (!this.#isHeld) this.#commit();
    return this.#events.shift();
  }

  async read<Row>({ sql, parameters }: Query<Row>): Promise<readonly Row[]> {
    if (this.#isHeld) throw new Fault('STORE_FAILED', 'the store is held');
    this.#commit();
    return this.#database.prepare(sql).all(...parameters) as Row[];
  }

  #commit(): void {
    if (this.#queue.length === 0) return;
    const groups = this.#queue;
    this.#queue = [];
    const failed = new Map(this.#writer.commit(groups).map(({ index, detail }) => [index, detail]));
    groups.forEach(({ receipt }, index) => {
      if (receipt === 0) return;
      const detail = failed.get(index);
      this.#events.push(detail === undefined ? { kind: 'stored', receipt } : { kind: 'storeFailed', receipt, detail });
    });
  }
}
