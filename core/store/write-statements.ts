import { assert } from '../kernel/assert.ts';
import type { Write } from '../write.ts';
import { accesskeyToRow, saveAccesskey } from './repositories/accesskeys.ts';
import { activeflowToRow, saveActiveflow } from './repositories/activeflows.ts';
import { agentToRow, saveAgent } from './repositories/agents.ts';
import { bindingToRow, dropBinding, replaceInstance, saveBinding } from './repositories/bindings.ts';
import { callToRow, saveCall } from './repositories/calls.ts';
import { conferencecallToRow, saveConferencecall } from './repositories/conferencecalls.ts';
import { conferenceToRow, saveConference } from './repositories/conferences.ts';
import { customerToRow, saveCustomer } from './repositories/customers.ts';
import { dialRouteToRow, saveDialRoute } from './repositories/dial-routes.ts';
import { dropDialog, saveDialog } from './repositories/dialogs.ts';
import { extensionToRow, saveExtension } from './repositories/extensions.ts';
import { saveFact } from './repositories/facts.ts';
import { flowToRow, saveFlow } from './repositories/flows.ts';
import { numberToRow, saveNumber } from './repositories/numbers.ts';
import { outboundConfigToRow, saveOutboundConfig } from './repositories/outbound-configs.ts';
import { providerToRow, saveProvider } from './repositories/providers.ts';
import { recordingToRow, saveRecording } from './repositories/recordings.ts';
import { saveTrunk, trunkToRow } from './repositories/trunks.ts';
import type { Seal } from './seal.ts';
import type { SqlValue, Statement } from './statement.ts';

/** A write as the store thread executes it: index into `WRITE_SQL`, and what takes the place of its parameters. */
export type BoundWrite = readonly [statement: number, parameters: readonly SqlValue[]];

const STATEMENTS: readonly Pick<Statement<never>, 'sql'>[] = [
  saveCustomer,
  saveAgent,
  saveAccesskey,
  saveExtension,
  saveTrunk,
  saveProvider,
  saveDialRoute,
  saveOutboundConfig,
  saveNumber,
  saveFlow,
  saveConference,
  saveCall,
  saveConferencecall,
  saveRecording,
  saveActiveflow,
  saveDialog,
  dropDialog,
  saveBinding,
  replaceInstance,
  dropBinding,
  saveFact,
];

/** Everything that writes execute; compiled once. */
export const WRITE_SQL: readonly string[] = STATEMENTS.map((statement) => statement.sql);

const INDEX = new Map<Pick<Statement<never>, 'sql'>, number>(STATEMENTS.map((statement, index) => [statement, index]));

function bound<Row>(statement: Statement<Row>, row: Row): BoundWrite {
  const index = INDEX.get(statement);
  assert(index !== undefined, 'every statement of a write is listed');
  return [index, statement.bind(row)];
}

/** The statements of a write, in the order in which they are executed. */
export function bindWrite(write: Write, seal: Seal): BoundWrite[] {
  switch (write.kind) {
    case 'saveCustomer':
      return [bound(saveCustomer, customerToRow(write.row))];
    case 'saveAgent':
      return [bound(saveAgent, agentToRow(write.row))];
    case 'saveAccesskey':
      return [bound(saveAccesskey, accesskeyToRow(write.row))];
    case 'saveExtension':
      return [bound(saveExtension, extensionToRow(write.row, seal))];
    case 'saveTrunk':
      return [bound(saveTrunk, trunkToRow(write.row, seal))];
    case 'saveProvider':
      return [bound(saveProvider, providerToRow(write.row, seal))];
    case 'saveDialRoute':
      return [bound(saveDialRoute, dialRouteToRow(write.row))];
    case 'saveOutboundConfig':
      return [bound(saveOutboundConfig, outboundConfigToRow(write.row))];
    case 'saveNumber':
      return [bound(saveNumber, numberToRow(write.row))];
    case 'saveFlow':
      return [bound(saveFlow, flowToRow(write.row))];
    case 'saveConference':
      return [bound(saveConference, conferenceToRow(write.row))];
    case 'saveCall':
      return [bound(saveCall, callToRow(write.row))];
    case 'saveConferencecall':
      return [bound(saveConferencecall, conferencecallToRow(write.row))];
    case 'saveRecording':
      return [bound(saveRecording, recordingToRow(write.row))];
    case 'saveActiveflow':
      return [bound(saveActiveflow, activeflowToRow(write.row))];
    case 'saveDialog':
      return [bound(saveDialog, { call_id: write.callId, customer_id: write.customerId, dialog: write.dialog })];
    case 'dropDialog':
      return [bound(dropDialog, { call_id: write.callId })];
    case 'saveBinding': {
      const row = bindingToRow(write.row);
      return row.instance === '' ? [bound(saveBinding, row)] : [bound(replaceInstance, row), bound(saveBinding, row)];
    }
    case 'dropBinding':
      return [bound(dropBinding, { extension_id: write.extensionId, contact: write.contact })];
    case 'saveFact':
      return [bound(saveFact, { name: write.name, sealed_value: seal.seal(write.value) })];
  }
}
