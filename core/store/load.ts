import type { CallRecord } from '../calls/call-record.ts';
import type { ConferencecallRecord } from '../calls/conferencecall-record.ts';
import type { RecordingRecord } from '../calls/recording-record.ts';
import type { Directory } from '../directory/directory.ts';
import { UnknownNames } from '../directory/unknown-names.ts';
import type { ActiveflowRecord } from '../flows/activeflow-record.ts';
import type { CallId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { Sqlite } from './native.ts';
import { accesskeyOfRow, liveAccesskeys } from './repositories/accesskeys.ts';
import { activeflowOfRow, activeflowsLeftBehind } from './repositories/activeflows.ts';
import { agentOfRow, liveAgents } from './repositories/agents.ts';
import { bindingOfRow, liveBindings, removeExpiredBindings } from './repositories/bindings.ts';
import { callOfRow, callsLeftBehind } from './repositories/calls.ts';
import { conferencecallOfRow, conferencecallsLeftBehind } from './repositories/conferencecalls.ts';
import { conferenceOfRow, liveConferences } from './repositories/conferences.ts';
import { customerOfRow, liveCustomers } from './repositories/customers.ts';
import { dialRouteOfRow, liveDialRoutes } from './repositories/dial-routes.ts';
import { allDialogs, dialogOfRow } from './repositories/dialogs.ts';
import { extensionOfRow, liveExtensions } from './repositories/extensions.ts';
import { allFacts, factOfRow } from './repositories/facts.ts';
import { flowOfRow, liveFlows } from './repositories/flows.ts';
import { liveNumbers, numberOfRow } from './repositories/numbers.ts';
import { liveOutboundConfigs, outboundConfigOfRow } from './repositories/outbound-configs.ts';
import { liveProviders, providerOfRow } from './repositories/providers.ts';
import { recordingOfRow, recordingsLeftBehind } from './repositories/recordings.ts';
import { liveTrunks, trunkOfRow } from './repositories/trunks.ts';
import type { Seal } from './seal.ts';
import type { Query } from './statement.ts';

/** What an earlier process left behind. */
export interface LeftBehind {
  /** Calls that were live, oldest first. */
  readonly calls: readonly CallRecord[];
  /** Stays in conferences, recordings and flows that were not over, oldest first. */
  readonly conferencecalls: readonly ConferencecallRecord[];
  readonly recordings: readonly RecordingRecord[];
  readonly activeflows: readonly ActiveflowRecord[];
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
  loadExtensions(database, directory, seal);
  for (const row of rows(database, liveTrunks)) directory.putTrunk(trunkOfRow(row, seal));
  for (const row of rows(database, liveProviders)) directory.putProvider(providerOfRow(row, seal));
  for (const row of rows(database, liveDialRoutes)) directory.putDialRoute(dialRouteOfRow(row));
  for (const row of rows(database, liveOutboundConfigs)) directory.putOutboundConfig(outboundConfigOfRow(row));
  for (const row of rows(database, liveNumbers)) directory.putNumber(numberOfRow(row));
  for (const row of rows(database, liveFlows)) directory.putFlow(flowOfRow(row));
  for (const row of rows(database, liveConferences)) directory.putConference(conferenceOfRow(row));
  loadBindings(database, directory, at);
  return {
    calls: [...rows(database, callsLeftBehind)].map(callOfRow),
    conferencecalls: [...rows(database, conferencecallsLeftBehind)].map(conferencecallOfRow),
    recordings: [...rows(database, recordingsLeftBehind)].map(recordingOfRow),
    activeflows: [...rows(database, activeflowsLeftBehind)].map(activeflowOfRow),
    dialogs: new Map([...rows(database, allDialogs)].map(dialogOfRow)),
    facts: new Map([...rows(database, allFacts)].map((row) => factOfRow(row, seal))),
  };
}

/** A million passwords take seconds to unseal: one tells whether the key is right, the others are opened by their use. */
function loadExtensions(database: Sqlite, directory: Directory, seal: Seal): void {
  for (const row of rows(database, liveExtensions)) {
    if (directory.unknownNames === undefined) {
      seal.open(row.sealed_password);
      directory.unknownNames = new UnknownNames(seal.keepSealed(row.sealed_password));
    }
    directory.putExtension(extensionOfRow(row, seal));
  }
}

function loadBindings(database: Sqlite, directory: Directory, at: WallTime): void {
  for (const row of rows(database, liveBindings(at))) {
    if (directory.extensions.has(row.extension_id)) directory.restoreBinding(bindingOfRow(row));
  }
}

/** One at a time, so that a large table is never in memory twice. */
function rows<Row>(database: Sqlite, { sql, parameters }: Query<Row>): IterableIterator<Row> {
  return database.prepare(sql).iterate(...parameters) as IterableIterator<Row>;
}
