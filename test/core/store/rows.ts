import { address } from '../../../core/calls/address.ts';
import type { CallRecord } from '../../../core/calls/call-record.ts';
import type { ConferencecallRecord } from '../../../core/calls/conferencecall-record.ts';
import type { RecordingRecord } from '../../../core/calls/recording-record.ts';
import { TRUNK_TERMS } from '../../../core/directory/provider-terms.ts';
import type {
  Accesskey,
  Agent,
  Binding,
  Conference,
  Customer,
  Extension,
  Flow,
  PhoneNumber,
  Trunk,
} from '../../../core/directory/records.ts';
import type { Action } from '../../../core/flows/action.ts';
import type { ActiveflowRecord } from '../../../core/flows/activeflow-record.ts';
import type {
  AccesskeyId,
  ActionId,
  ActiveflowId,
  AgentId,
  CallId,
  ConferencecallId,
  ConferenceId,
  CustomerId,
  ExtensionId,
  FlowId,
  NumberId,
  RecordingId,
  TrunkId,
} from '../../../core/kernel/ids.ts';
import { revealed, type Secret } from '../../../core/kernel/secret.ts';

/** A row that was stored, with its password opened. */
export function inClear<Row extends { readonly password: Secret }>(row: Row | undefined): unknown {
  return row && { ...row, password: revealed(row.password) };
}

/** One row of each kind, to be varied by tests. */
export const CUSTOMER: Customer = {
  id: 'c0000000-0000-4000-8000-000000000001' as CustomerId,
  name: 'First',
  detail: 'of all',
  email: 'a@example.org',
  status: 'active',
  ordinal: 1,
  createdAt: 1000,
  updatedAt: null,
  deletedAt: null,
};

export const AGENT: Agent = {
  id: 'a0000000-0000-4000-8000-000000000001' as AgentId,
  customerId: CUSTOMER.id,
  username: 'admin@localhost',
  passwordHash: '$argon2id$…',
  name: 'Admin',
  detail: '',
  permission: 0x20,
  createdAt: 1000,
  updatedAt: 2000,
  deletedAt: null,
};

export const ACCESSKEY: Accesskey = {
  id: 'b0000000-0000-4000-8000-000000000001' as AccesskeyId,
  customerId: CUSTOMER.id,
  name: 'key',
  detail: '',
  tokenHash: 'ab'.repeat(32),
  tokenPrefix: 'vb_abc',
  expiresAt: 9000,
  createdAt: 1000,
  updatedAt: null,
  deletedAt: null,
};

export const EXTENSION: Extension = {
  id: 'e0000000-0000-4000-8000-000000000001' as ExtensionId,
  customerId: CUSTOMER.id,
  extension: '1001',
  name: 'Ünïcode ☎',
  detail: '',
  password: 'pässword',
  codecs: 'PCMA,PCMU',
  srtp: 'preferred',
  createdAt: 1000.25,
  updatedAt: null,
  deletedAt: null,
};

export const BINDING: Binding = {
  customerId: CUSTOMER.id,
  extensionId: EXTENSION.id,
  contact: 'sip:1001@192.0.2.1:5062',
  path: ['<sip:edge.example.org;lr>'],
  transport: 'udp',
  address: '192.0.2.1',
  port: 5062,
  localPort: 5060,
  sipCallId: 'abc@192.0.2.1',
  cseq: 4294967295,
  instance: '',
  regId: 0,
  q: 1000,
  userAgent: 'Phone/1',
  registeredAt: 1000,
  expiresAt: 5000,
};

export const CALL: CallRecord = {
  id: 'd0000000-0000-4000-8000-000000000001' as CallId,
  customerId: CUSTOMER.id,
  direction: 'incoming',
  status: 'dialing',
  source: address('extension', '1001', 'One'),
  destination: address('tel', '+15551234567'),
  extensionId: EXTENSION.id,
  trunkId: 'f0000000-0000-4000-8000-000000000001' as TrunkId,
  flowId: 'f1000000-0000-4000-8000-000000000001' as FlowId,
  activeflowId: 'f6000000-0000-4000-8000-000000000001' as ActiveflowId,
  recordingIds: ['f5000000-0000-4000-8000-000000000001' as RecordingId],
  recordingId: 'f5000000-0000-4000-8000-000000000001' as RecordingId,
  muteDirection: 'in',
  masterCallId: null,
  chainedCallIds: ['d0000000-0000-4000-8000-000000000002' as CallId],
  groupcallId: null,
  hangupBy: '',
  hangupReason: '',
  cause: null,
  media: {
    codec: 'PCMU',
    roundTripMs: 20.5,
    roundTripMsMax: 40,
    received: {
      packets: 950,
      octets: 152_000,
      lost: 50,
      lossShare: 0.05,
      duplicates: 1,
      reordered: 2,
      jitterMs: 1.5,
      mos: 3.9,
      bursts: { count: 2, lossShare: 0.5, durationMs: 240, gapLossShare: 0.01, gapDurationMs: 6000 },
    },
    sent: {
      packets: 1000,
      octets: 160_000,
      reported: { count: 4, lost: 10, lossShare: 0.01, jitterMs: 0.8, mos: 4.2 },
    },
    buffer: { delayMs: 40, taken: 900, late: 3, lost: 50, dropped: 0, concealed: 45, stretched: 2, shortened: 1 },
  },
  createdAt: 1000.5,
  ringingAt: null,
  progressingAt: null,
  hangupAt: null,
  updatedAt: null,
  deletedAt: null,
};

export const TRUNK: Trunk = {
  id: 'f0000000-0000-4000-8000-000000000001' as TrunkId,
  customerId: CUSTOMER.id,
  name: 'Carrier',
  detail: '',
  domainName: 'My.trunk-1',
  authTypes: ['basic', 'ip'],
  username: 'carrier',
  password: 'pässword of a trunk',
  allowedIps: ['192.0.2.10', '198.51.100.0/24', '2001:db8::/32'],
  hostname: 'pbx.example:5080',
  codecs: 'PCMA',
  terms: { ...TRUNK_TERMS, username: 'us', password: 'wörd', callsMax: 7 },
  createdAt: 1000,
  updatedAt: null,
  deletedAt: null,
};

export const ACTION: Action = {
  id: 'f2000000-0000-4000-8000-000000000001' as ActionId,
  nextId: '00000000-0000-0000-0000-000000000000' as ActionId,
  type: 'talk',
  option: { text: 'Grüezi', repeat: 2, nested: [{ deep: null }, true] },
  executedAt: null,
};

export const FLOW: Flow = {
  id: 'f1000000-0000-4000-8000-000000000001' as FlowId,
  customerId: CUSTOMER.id,
  type: 'flow',
  name: 'Menu',
  detail: '',
  actions: [ACTION],
  onCompleteFlowId: 'f1000000-0000-4000-8000-000000000009' as FlowId,
  directHash: '',
  createdAt: 1000,
  updatedAt: 1100,
  deletedAt: null,
};

export const NUMBER: PhoneNumber = {
  id: 'f3000000-0000-4000-8000-000000000001' as NumberId,
  customerId: CUSTOMER.id,
  number: '+899000000101',
  shortCode: '9101',
  type: 'virtual',
  callFlowId: FLOW.id,
  messageFlowId: null,
  name: 'Echo',
  detail: '',
  status: 'active',
  isRtpDebugged: true,
  purchasedAt: 1000,
  renewedAt: 1000,
  createdAt: 1000,
  updatedAt: null,
  deletedAt: null,
};

export const CONFERENCE: Conference = {
  id: 'f4000000-0000-4000-8000-000000000001' as ConferenceId,
  customerId: CUSTOMER.id,
  type: 'conference',
  status: 'progressing',
  name: 'Room',
  detail: '',
  data: { colour: 'blue', seats: [1, 2] },
  timeoutS: 86_400,
  settings: { entryTone: true, exitTone: false, talkerEvents: true },
  preFlowId: FLOW.id,
  postFlowId: null,
  directHash: '',
  endedAt: null,
  createdAt: 1000,
  updatedAt: null,
  deletedAt: null,
};

export const CONFERENCECALL: ConferencecallRecord = {
  id: 'f7000000-0000-4000-8000-000000000001' as ConferencecallId,
  customerId: CUSTOMER.id,
  activeflowId: null,
  conferenceId: CONFERENCE.id,
  terms: { role: 'moderator', isMuted: true, isDeaf: false, gainInDb: 3, gainOutDb: -6 },
  reference: { type: 'call', id: CALL.id },
  status: 'joined',
  createdAt: 1001,
  updatedAt: 1002,
  deletedAt: null,
};

export const RECORDING: RecordingRecord = {
  id: 'f5000000-0000-4000-8000-000000000001' as RecordingId,
  customerId: CUSTOMER.id,
  reference: { type: 'call', id: CALL.id },
  status: 'recording',
  format: 'wav',
  name: 'call_1',
  files: [{ name: 'call_1_in.wav', sizeBytes: 44, durationMs: 0, sha256: 'ab'.repeat(32) }],
  failure: '',
  activeflowId: 'f6000000-0000-4000-8000-000000000001' as ActiveflowId,
  onEndFlowId: null,
  startedAt: 1001,
  endedAt: null,
  createdAt: 1001,
  updatedAt: null,
  deletedAt: null,
};

export const ACTIVEFLOW: ActiveflowRecord = {
  id: 'f6000000-0000-4000-8000-000000000001' as ActiveflowId,
  customerId: CUSTOMER.id,
  flowId: FLOW.id,
  status: 'running',
  reference: { type: 'call', id: CALL.id },
  parentId: null,
  onCompleteFlowId: null,
  webhookUri: 'https://example.org/hook',
  webhookMethod: 'POST',
  currentAction: { ...ACTION, executedAt: 1002 },
  forwardActionId: ACTION.id,
  executedActions: [ACTION],
  createdAt: 1001,
  updatedAt: null,
  deletedAt: null,
};

/** A call with its own id, made from a number. */
export function callNumber(number: number, changes: Partial<CallRecord> = {}): CallRecord {
  const id = `d0000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}` as CallId;
  return { ...CALL, id, ...changes };
}
