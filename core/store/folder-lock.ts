import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../kernel/fault.ts';
import { openSqlite, type Sqlite } from './native.ts';

/**
 * The data folder belongs to one process. The lock is SQLite's own on the empty file `lock`: the system frees it when
 * the process ends, however it ends.
 */
export class FolderLock {
  readonly #database: Sqlite;

  /** Makes the folder when there is none. Throws `Fault` FOLDER_UNWRITABLE or FOLDER_IN_USE. */
  constructor(folder: string) {
    makeWritable(folder);
    const path = join(folder, 'lock');
    let database: Sqlite | undefined;
    try {
      // SQLite gives what it makes beside a file the file's mode.
      closeSync(openSync(path, 'a', 0o600));
      database = openSqlite(path, { timeoutMs: 0 });
      // Without a write no page is made: the file stays empty and cannot break.
      database.exec('begin exclusive');
      this.#database = database;
    } catch (error) {
      database?.close();
      if (String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')) {
        throw new Fault('FOLDER_IN_USE', `another process uses the data folder ${folder}`, { path: folder }, error);
      }
      throw new Fault('FOLDER_UNWRITABLE', `the data folder ${folder} cannot be locked`, { path: folder }, error);
    }
  }

  release(): void {
    this.#database.close();
  }
}

function makeWritable(folder: string): void {
  try {
    makeFolder(resolve(folder));
    if (!statSync(folder).isDirectory()) throw new Error('expected a folder, got a file');
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Fault(
      'FOLDER_UNWRITABLE',
      `the data folder ${folder} cannot be used (${detail})`,
      { path: folder },
      error,
    );
  }
}

/** Node's own recursive `mkdir` never returns where the system says ENOENT below a folder that exists, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}
