import { Fault, type FaultCode } from '../kernel/fault.ts';
import { openSqlite, type Sqlite } from './native.ts';

/** How long a connection waits for another one's transaction: a backup or a `tandem` command of the same machine. */
const LOCK_TIMEOUT_MS = 5_000;

/**
 * Ids of calls follow their time, all others are random and touch pages all over their index: these should be in memory,
 * and be written back together. 16 MB each; a commit that pays for a checkpoint takes 20 ms instead of 0.3, and is four
 * times as rare.
 */
const CACHE_PRAGMAS = ['cache_size = -16000', 'wal_autocheckpoint = 4000'];

/**
 * Opens the database file for writing. With 'process' a commit survives the end of the process, with 'full' also loss
 * of power: then each commit waits for the disk.
 */
export function openDatabase(path: string, durability: 'process' | 'full'): Sqlite {
  const database = openSqlite(path, { timeoutMs: LOCK_TIMEOUT_MS });
  try {
    database.pragma('journal_mode = WAL');
    database.pragma(`synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
    for (const pragma of CACHE_PRAGMAS) database.pragma(pragma);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite's result codes (sqlite.org/rescode.html) that say what the operator must do. */
const FAULT_OF_RESULT: readonly (readonly [prefix: string, code: FaultCode, text: string])[] = [
  ['SQLITE_CORRUPT', 'DATABASE_BROKEN', 'is damaged'],
  ['SQLITE_NOTADB', 'DATABASE_BROKEN', 'is not a database'],
  ['SQLITE_BUSY', 'FOLDER_IN_USE', 'is locked by another process'],
  ['SQLITE_CANTOPEN', 'FOLDER_UNWRITABLE', 'cannot be opened'],
  ['SQLITE_READONLY', 'FOLDER_UNWRITABLE', 'cannot be written'],
  ['SQLITE_PERM', 'FOLDER_UNWRITABLE', 'cannot be written'],
];

/** The `Fault` for what went wrong with a database file: a `Fault` stays what it is, anything unknown is STORE_FAILED. */
export function databaseFault(error: unknown, path: string): Fault {
  if (error instanceof Fault) return error;
  const result = String((error as { code?: unknown }).code ?? '');
  const detail = error instanceof Error ? error.message : String(error);
  const known = FAULT_OF_RESULT.find(([prefix]) => result.startsWith(prefix));
  if (known === undefined)
    return new Fault('STORE_FAILED', `the database ${path} failed: ${detail}`, { path, result }, error);
  return new Fault(known[1], `the database ${path} ${known[2]} (${detail})`, { path, result }, error);
}
