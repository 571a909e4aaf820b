import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import Database from 'better-sqlite3';

export type Sqlite = Database.Database;

export interface SqliteOptions {
  /** How long a statement waits for another connection's lock. */
  readonly timeoutMs: number;
}

/**
 * Opens an SQLite file, or `:memory:`. The one place that knows where the native addon comes from: inside the npm
 * package, or, in a single executable, from the asset `better_sqlite3.node`.
 */
export function openSqlite(path: string, options: SqliteOptions): Sqlite {
  return new Database(path, { timeout: options.timeoutMs, ...(isSea() ? { nativeBinding: embeddedAddon() } : {}) });
}

/** The type asks for a path, the library also takes the loaded addon. */
type NativeBinding = NonNullable<Database.Options['nativeBinding']>;

let addon: NativeBinding | undefined;

/** The loader maps the file and does not need it afterwards. */
function embeddedAddon(): NativeBinding {
  if (addon !== undefined) return addon;
  const folder = mkdtempSync(join(tmpdir(), 'tandem-sqlite-'));
  try {
    const file = join(folder, 'better_sqlite3.node');
    writeFileSync(file, new Uint8Array(getRawAsset('better_sqlite3.node')));
    const module = { exports: {} };
    process.dlopen(module, file);
    addon = module.exports as NativeBinding;
    return addon;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
