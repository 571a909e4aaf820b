import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Directory } from '../directory/directory.ts';
import { Fault } from '../kernel/fault.ts';
import { LIMITS } from '../kernel/limits.ts';
import { withoutPassword } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import { startWorker } from '../kernel/start-worker.ts';
import type { WallTime } from '../kernel/time.ts';
import { FolderLock } from './folder-lock.ts';
import { type LeftBehind, loadAll } from './load.ts';
import { migrate } from './migrate.ts';
import type { Sqlite } from './native.ts';
import { databaseFault, openDatabase } from './open-database.ts';
import { purgeSql } from './repositories/calls.ts';
import { openSeal, type Seal } from './seal.ts';
import type { StoreThreadStart } from './store-protocol.ts';
import { WRITE_SQL } from './write-statements.ts';
import { StoreWriter } from './writer.ts';

const SQLITE_START = 'SQLite format 3\0';

export interface StoreOptions {
  /** '' or 'sqlite' for `tandem.db` in the data folder. */
  readonly databaseUrl: string;
  readonly dataFolder: string;
  /** What a commit survives: the end of the process, or also loss of power. */
  readonly durability: 'process' | 'full';
  /** Calls that ended longer ago are removed. */
  readonly keepCallsMs: number;
  readonly random: Random;
}

export interface OpenedStore {
  readonly store: StoreWriter;
  /** What an earlier process left: calls that were live, their dialogs, facts. */
  readonly left: LeftBehind;
}

/**
 * Opens the store of a data folder, brings it to the present schema, and fills the directory with what lives at `at`.
 * Throws `Fault` FOLDER_IN_USE, FOLDER_UNWRITABLE, DATABASE_BROKEN, DATABASE_NEWER, SECRET_EXPOSED, SECRET_WRONG,
 * STORE_FAILED, or NOT_IMPLEMENTED for a database that is not SQLite.
 */
export async function openStore(options: StoreOptions, directory: Directory, at: WallTime): Promise<OpenedStore> {
  const { databaseUrl, dataFolder, durability, keepCallsMs, random } = options;
  if (databaseUrl !== '' && databaseUrl !== 'sqlite') {
    throw new Fault(
      'NOT_IMPLEMENTED',
      `the database ${withoutPassword(databaseUrl)} cannot be used yet, expected sqlite`,
      { expected: 'sqlite' },
    );
  }
  const lock = new FolderLock(dataFolder);
  try {
    const path = join(dataFolder, 'tandem.db');
    requireKey(dataFolder, path);
    const seal = openSeal(dataFolder, random);
    const left = readDatabase(path, durability, directory, seal, at);
    const workerData: StoreThreadStart = { path, durability, writeSql: WRITE_SQL, keepCallsMs, purgeSql };
    const store = new StoreWriter({
      seal,
      startThread: () =>
        startWorker(new URL('./store-thread.ts', import.meta.url), { name: 'store-thread', workerData }),
      release: () => lock.release(),
    });
    await store.ready();
    return { store, left };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A new key would open nothing in a database that is there: so none is made. */
function requireKey(folder: string, databasePath: string): void {
  const path = join(folder, 'secret.key');
  if (existsSync(path) || !isDatabase(databasePath)) return;
  throw new Fault('SECRET_WRONG', `${path} is missing: expected the key of the database beside it, got none`, { path });
}

/** By its first bytes (sqlite.org/fileformat.html §1.3). What is wrong with any other file is told when it is opened. */
function isDatabase(path: string): boolean {
  try {
    const start = Buffer.alloc(SQLITE_START.length);
    const file = openSync(path, 'r');
    try {
      readSync(file, start);
    } finally {
      closeSync(file);
    }
    return start.toString('latin1') === SQLITE_START;
  } catch {
    return false;
  }
}

function readDatabase(
  path: string,
  durability: 'process' | 'full',
  directory: Directory,
  seal: Seal,
  at: WallTime,
): LeftBehind {
  let database: Sqlite | undefined;
  try {
    const isChecked = existsSync(path) && statSync(path).size <= LIMITS.databaseCheckBytesMax;
    // Password hashes are in it: SQLite would make it readable for all, and its other files after its own mode.
    closeSync(openSync(path, 'a', 0o600));
    database = openDatabase(path, durability);
    if (isChecked) check(database, path);
    migrate(database);
    return loadAll(database, directory, seal, at);
  } catch (error) {
    throw databaseFault(error, path);
  } finally {
    database?.close();
  }
}

/** Damage is found at the start, where an operator looks, and not by the first call that touches the page. */
function check(database: Sqlite, path: string): void {
  const finding = database.pragma('quick_check(1)', { simple: true });
  // A line on the part of the database, then the finding.
  const [detail] = String(finding).trim().split('\n').slice(-1);
  if (finding !== 'ok') throw new Fault('DATABASE_BROKEN', `the database ${path} is damaged (${detail})`, { path });
}
