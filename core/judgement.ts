import { mayUse } from './authorization.ts';
import type { CallRecord } from './calls/call-record.ts';
import type { ConferencecallRecord } from './calls/conferencecall-record.ts';
import type { RecordingReference } from './calls/recording-record.ts';
import type { Command, Principal, Refusal } from './command.ts';
import type { Directory } from './directory/directory.ts';
import { EVERYBODY, PERMISSION } from './directory/records.ts';
import type { ActiveflowRecord } from './flows/activeflow-record.ts';
import type {
  ActiveflowId,
  CallId,
  ConferencecallId,
  CustomerId,
  FlowId,
  GatewayId,
  ProviderId,
  TrunkId,
} from './kernel/ids.ts';
import { denied, notFound, stateInvalid } from './refusal.ts';

/** What a judgement is made from: rows in memory, and what lives at this moment. */
export interface Known {
  readonly directory: Directory;
  readonly liveCall: (id: CallId) => CallRecord | undefined;
  readonly liveConferencecall: (id: ConferencecallId) => ConferencecallRecord | undefined;
  readonly liveActiveflow: (id: ActiveflowId) => ActiveflowRecord | undefined;
}

const ADMINS = PERMISSION.customerAdmin | PERMISSION.customerManager;
/** Carriers and ways to them serve every customer. */
const PROJECT = PERMISSION.projectSuperAdmin;

/**
 * Why the principal may not do this, or the thing does not exist for them; undefined when they may. What the command
 * says of the thing itself is checked by whoever executes it.
 */
export function judge(command: Command, by: Principal, known: Known): Refusal | undefined {
  switch (command.kind) {
    case 'createExtension':
    case 'createAccesskey':
    case 'createNumber':
    case 'createTrunk':
    case 'createProvider':
    case 'createDialRoute':
    case 'createOutboundConfig':
    case 'createFlow':
    case 'createConference':
    case 'createCalls':
    case 'createActiveflow':
      return judgeCreation(command, by, known);
    case 'deleteCall':
    case 'deleteRecording':
    case 'deleteActiveflow':
      return judgeRecord(command, by, known);
    case 'startRecording':
      return judgeRecording(command, by, known);
    case 'startExternalMedia':
    case 'stopRecording':
    case 'pauseRecording':
      return judgeReference(command.reference, by, known);
    case 'hangupCall':
    case 'holdCall':
    case 'muteCall':
    case 'amplifyCall':
    case 'endSupervision':
    case 'entertainCall':
    case 'transferCall':
    case 'parkCall':
      return judgeThing(by, known.liveCall(command.id)?.customerId, 'live call', command.id);
    case 'superviseCall':
      return judgeSupervision(command, by, known);
    case 'attachScript':
      return judgeThing(by, known.liveCall(command.callId)?.customerId, 'live call', command.callId);
    case 'kickConferencecall':
    case 'updateConferencecall':
    case 'playConferencecall':
    case 'steerConferencecall':
      return judgeThing(by, known.liveConferencecall(command.id)?.customerId, 'live conferencecall', command.id);
    case 'lockConference':
    case 'playConference':
    case 'steerConference':
      return judgeThing(by, known.directory.conferences.get(command.id)?.customerId, 'conference', command.id);
    case 'stopActiveflow':
      return judgeThing(by, known.liveActiveflow(command.id)?.customerId, 'running activeflow', command.id);
    case 'probeProvider': {
      const trunk = known.directory.trunks.get(command.id as TrunkId);
      if (trunk !== undefined) return judgeThing(by, trunk.customerId, 'trunk', command.id);
      const owner = known.directory.providers.get(command.id as ProviderId)?.customerId;
      return judgeThing(by, owner, 'provider', command.id, PROJECT);
    }
    case 'setAgentPassword':
      return by.kind === 'operator' ? undefined : denied(command.kind);
    default:
      return judgeRow(command, by, known);
  }
}

/** Both calls have to be there for whoever asks. */
function judgeSupervision(
  { id, supervised }: Extract<Command, { kind: 'superviseCall' }>,
  by: Principal,
  { liveCall }: Known,
): Refusal | undefined {
  const [owner, supervisedOwner] = [liveCall(id)?.customerId, liveCall(supervised)?.customerId];
  return judgeThing(by, owner, 'live call', id) ?? judgeThing(by, supervisedOwner, 'live call', supervised);
}

/** Rows of the directory that are changed or deleted. */
function judgeRow(
  command: Extract<
    Command,
    {
      kind: `${'update' | 'delete'}${'Extension' | 'Accesskey' | 'Number' | 'Trunk' | 'Provider' | 'DialRoute' | 'OutboundConfig' | 'Flow' | 'Conference'}`;
    }
  >,
  by: Principal,
  { directory }: Known,
): Refusal | undefined {
  switch (command.kind) {
    case 'updateExtension':
    case 'deleteExtension':
      return judgeThing(by, directory.extensions.get(command.id)?.customerId, 'extension', command.id);
    case 'updateAccesskey':
    case 'deleteAccesskey': {
      const owner = directory.accesskeys.get(command.id)?.customerId;
      return judgeThing(by, owner, 'accesskey', command.id, PERMISSION.customerAdmin);
    }
    case 'updateNumber':
    case 'deleteNumber':
      return judgeThing(by, directory.numbers.get(command.id)?.customerId, 'number', command.id);
    case 'updateTrunk':
    case 'deleteTrunk':
      return judgeThing(by, directory.trunks.get(command.id)?.customerId, 'trunk', command.id);
    case 'updateProvider':
    case 'deleteProvider':
      return judgeThing(by, directory.providers.get(command.id)?.customerId, 'provider', command.id, PROJECT);
    case 'updateDialRoute':
    case 'deleteDialRoute': {
      const route = directory.dialRoutes.get(command.id);
      const next = (command.kind === 'updateDialRoute' ? command.changes.providerId : undefined) ?? route?.providerId;
      const isOwn = [route?.providerId, next].every((id) => isTrunkOf(route?.customerId, id, directory));
      return judgeThing(by, route?.customerId, 'route', command.id, isOwn ? ADMINS : PROJECT);
    }
    case 'updateOutboundConfig':
    case 'deleteOutboundConfig': {
      const owner = directory.outboundConfigs.get(command.id)?.customerId;
      return judgeThing(by, owner, 'outbound config', command.id, PERMISSION.customerAdmin);
    }
    case 'updateFlow':
    case 'deleteFlow':
      return judgeThing(by, directory.flows.get(command.id)?.customerId, 'flow', command.id);
    case 'updateConference':
    case 'deleteConference':
      return judgeThing(by, directory.conferences.get(command.id)?.customerId, 'conference', command.id);
  }
}

/** Whether a customer's own trunk carries the calls: then its admins say which. */
function isTrunkOf(customerId: CustomerId | undefined, id: GatewayId | undefined, { trunks }: Directory): boolean {
  return customerId !== undefined && trunks.get(id as TrunkId)?.customerId === customerId;
}

/** Nothing stands behind a new thing but its customer, and the flow that it runs. */
function judgeCreation(
  command: Extract<Command, { customerId: CustomerId }>,
  by: Principal,
  known: Known,
): Refusal | undefined {
  const { kind, customerId } = command;
  const isOwn = kind === 'createDialRoute' && isTrunkOf(customerId, command.fields.providerId, known.directory);
  if (!mayUse(by, customerId, isOwn ? ADMINS : rightsToCreate(kind))) return denied(kind);
  if (kind === 'createDialRoute' && customerId === EVERYBODY) return undefined;
  if (!known.directory.customers.has(customerId)) return notFound('customer', customerId, 'customer_id');
  if (kind !== 'createCalls' && kind !== 'createActiveflow') return undefined;
  return judgeFlow(customerId, command.flowId, 'flow_id', known);
}

/** Access keys are made by admins alone, flows by every agent (platform §1.3), providers by project super admins. */
function rightsToCreate(kind: Command['kind']): number {
  if (kind === 'createProvider' || kind === 'createDialRoute') return PROJECT;
  if (kind === 'createAccesskey' || kind === 'createOutboundConfig') return PERMISSION.customerAdmin;
  return kind === 'createFlow' ? PERMISSION.all : ADMINS;
}

/** Records that were read from the store by whoever asks. */
function judgeRecord(
  command: Extract<Command, { kind: 'deleteCall' | 'deleteRecording' | 'deleteActiveflow' }>,
  by: Principal,
  known: Known,
): Refusal | undefined {
  const { id, customerId, status } = command.record;
  const what = { deleteCall: 'call', deleteRecording: 'recording', deleteActiveflow: 'activeflow' }[command.kind];
  const refusal = judgeThing(by, customerId, what, id);
  if (refusal !== undefined) return refusal;
  switch (command.kind) {
    case 'deleteCall':
      return status === 'hangup' || known.liveCall(command.record.id) !== undefined ? undefined : changed(what, id);
    case 'deleteActiveflow':
      return status === 'ended' || known.liveActiveflow(command.record.id) !== undefined
        ? undefined
        : changed(what, id);
    // One that still runs is stopped by whoever runs it, and its row written once more.
    case 'deleteRecording':
      return undefined;
  }
}

/** A record that was read while the thing lived, and that lives no more, would overwrite how it ended. */
function changed(what: string, id: string): Refusal {
  return stateInvalid(`${what} ${id} ended a moment ago`, 'to be asked again', id);
}

function judgeRecording(
  { reference, limits }: Extract<Command, { kind: 'startRecording' }>,
  by: Principal,
  known: Known,
): Refusal | undefined {
  return (
    judgeReference(reference, by, known) ??
    judgeFlow(ownerOf(reference, known), limits.onEndFlowId, 'on_end_flow_id', known)
  );
}

function judgeReference(reference: RecordingReference, by: Principal, known: Known): Refusal | undefined {
  const what = reference.type === 'call' ? 'live call' : 'conference';
  return judgeThing(by, ownerOf(reference, known), what, reference.id);
}

function ownerOf(reference: RecordingReference, { directory, liveCall }: Known): CustomerId | undefined {
  if (reference.type === 'call') return liveCall(reference.id)?.customerId;
  return directory.conferences.get(reference.id)?.customerId;
}

/** A flow that the thing is to run must be of its own customer. */
function judgeFlow(
  customerId: CustomerId | undefined,
  id: FlowId | null,
  field: string,
  { directory }: Known,
): Refusal | undefined {
  if (id === null || directory.flows.get(id)?.customerId === customerId) return undefined;
  return notFound('flow', id, field);
}

/** Another customer's things are not found, rather than forbidden: their existence is nobody's business. */
function judgeThing(
  by: Principal,
  owner: CustomerId | undefined,
  what: string,
  id: string,
  rights: number = ADMINS,
): Refusal | undefined {
  const visible =
    owner !== undefined && (by.kind === 'operator' || by.customerId === owner || mayUse(by, owner, PERMISSION.all));
  if (!visible) return notFound(what, id);
  return mayUse(by, owner, rights) ? undefined : denied(what);
}
