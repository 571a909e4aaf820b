import type { Query, SqlValue } from './statement.ts';
import type { BoundWrite } from './write-statements.ts';

/** Between the main thread and the store thread: two closed unions of plain objects. */

/** Writes that are committed all or none. A receipt of 0 means that nobody waits. */
export interface WriteGroup {
  readonly receipt: number;
  readonly writes: readonly BoundWrite[];
}

/** A row as SQLite gives it, by column name. */
export type Row = Readonly<Record<string, SqlValue>>;

export type ToStoreThread =
  /** `groups` are `WriteGroup[]` as JSON: one text crosses to the thread for a third of what the objects cost. */
  | { readonly kind: 'write'; readonly batch: number; readonly groups: string }
  | { readonly kind: 'read'; readonly read: number; readonly query: Query }
  | { readonly kind: 'backup'; readonly read: number; readonly path: string }
  | { readonly kind: 'close' };

/** A group that was not committed; `index` counts the groups of one transaction from 0. */
export interface FailedGroup {
  readonly index: number;
  readonly detail: string;
}

export type FromStoreThread =
  | { readonly kind: 'ready' }
  /** These batches are durable, except the groups that failed, counted over all of them; `commitMs` is what it took. */
  | {
      readonly kind: 'written';
      readonly batches: readonly number[];
      readonly failed: readonly FailedGroup[];
      readonly commitMs: number;
    }
  | { readonly kind: 'rows'; readonly read: number; readonly rows: readonly Row[] }
  | { readonly kind: 'readFailed'; readonly read: number; readonly detail: string }
  /** Calls past their time could not be removed; it is tried again later. */
  | { readonly kind: 'purgeFailed'; readonly detail: string }
  | { readonly kind: 'closed' };

export interface StoreThreadStart {
  readonly path: string;
  readonly durability: 'process' | 'full';
  /** Texts of the statements that writes name by their index. */
  readonly writeSql: readonly string[];
  /** Calls that ended longer ago are removed by `purgeSql`, whose parameters are a wall time and a number of rows. */
  readonly keepCallsMs: number;
  readonly purgeSql: string;
}
