import type { Sqlite } from './native.ts';
import type { SqlValue } from './statement.ts';
import type { FailedGroup, WriteGroup } from './store-protocol.ts';

interface Prepared {
  run(parameters: readonly SqlValue[]): unknown;
}

/**
 * Executes groups of writes in one transaction. When that fails, each group is tried again in a transaction of its
 * own, so that a bad one fails alone.
 */
export class GroupWriter {
  readonly #database: Sqlite;
  readonly #statements: readonly Prepared[];

  constructor(database: Sqlite, writeSql: readonly string[]) {
    this.#database = database;
    this.#statements = writeSql.map((sql) => database.prepare(sql));
  }

  /** Commits the groups, and returns those that could not be. */
  commit(groups: readonly WriteGroup[]): FailedGroup[] {
    if (this.#attempt(groups) === undefined) return [];
    const failed: FailedGroup[] = [];
    groups.forEach((group, index) => {
      const detail = this.#attempt([group]);
      if (detail !== undefined) failed.push({ index, detail });
    });
    return failed;
  }

  /** Undefined when committed, else why nothing was. */
  #attempt(groups: readonly WriteGroup[]): string | undefined {
    const database = this.#database;
    try {
      database.exec('begin immediate');
      for (const group of groups) {
        for (const [statement, parameters] of group.writes) this.#statements[statement]!.run(parameters);
      }
      database.exec('commit');
      return undefined;
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (database.inTransaction) database.exec('rollback');
      return error instanceof Error ? error.message : String(error);
    }
  }
}
