import type { CallRecord } from '../calls/call-record.ts';
import type { Directory } from '../directory/directory.ts';
import type { CallId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { Sqlite } from './native.ts';
import { accesskeyOfRow, liveAccesskeys } from './repositories/accesskeys.ts';
import { agentOfRow, liveAgents } from './repositories/agents.ts';
import { bindingOfRow, liveBindings, removeExpiredBindings } from './repositories/bindings.ts';
import { callOfRow, callsLeftBehind } from './repositories/calls.ts';
import { customerOfRow, liveCustomers } from './repositories/customers.ts';
import { allDialogs, dialogOfRow } from './repositories/dialogs.ts';
import { extensionOfRow, liveExtensions } from './repositories/extensions.ts';
import { allFacts, factOfRow } from './repositories/facts.ts';
import type { Seal } from './seal.ts';
import type { Query } from './statement.ts';

/** What an earlier process left behind. */
export interface LeftBehind {
  /** Calls that were live, oldest first. */
  readonly calls: readonly CallRecord[];
  /** Confirmed dialogs by call. */
  readonly dialogs: ReadonlyMap<CallId, string>;
  readonly facts: ReadonlyMap<string, string>;
}

/** Fills the directory with everything that lives at `at`. Throws `Fault` DATABASE_BROKEN when a secret does not open. */
export function loadAll(database: Sqlite, directory: Directory, seal: Seal, at: WallTime): LeftBehind {
  const expired = removeExpiredBindings(at);
  database.prepare(expired.sql).run(...expired.parameters);
  for (const row of rows(database, liveCustomers)) directory.putCustomer(customerOfRow(row));
  for (const row of rows(database, liveAgents)) directory.putAgent(agentOfRow(row));
  for (const row of rows(database, liveAccesskeys)) directory.putAccesskey(accesskeyOfRow(row));
  for (const row of rows(database, liveExtensions)) directory.putExtension(extensionOfRow(row, seal));
  for (const row of rows(database, liveBindings(at))) {
    if (directory.extensions.has(row.extension_id as never)) directory.putBinding(bindingOfRow(row));
  }
  return {
    calls: [...rows(database, callsLeftBehind)].map(callOfRow),
    dialogs: new Map([...rows(database, allDialogs)].map(dialogOfRow)),
    facts: new Map([...rows(database, allFacts)].map((row) => factOfRow(row, seal))),
  };
}

/** One at a time, so that a large table is never in memory twice. */
function rows<Row>(database: Sqlite, { sql, parameters }: Query<Row>): IterableIterator<Row> {
  return database.prepare(sql).iterate(...parameters) as IterableIterator<Row>;
}
