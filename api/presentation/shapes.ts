import Type, { type TObject, type TSchema } from 'typebox';
import { RECORDING_FORMATS } from '../../core/calls/recording-form.ts';
import { MediaShape } from './media.ts';

/**
 * What answers look like, by the names of the reference (platform §2.1). They describe and do not judge: answers are
 * made by the functions beside this file, and a test compares the two.
 */

const Id = Type.String({ format: 'uuid', description: 'nil UUID for none' });
const Ids = Type.Array(Type.String({ format: 'uuid' }));
const Text = Type.String();
const Count = Type.Integer();
const Free = Type.Record(Type.String(), Type.Unknown());
const Time = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' });
const FlowType = Type.Enum(['', 'flow', 'conference', 'queue', 'campaign', 'transfer']);
const WebhookMethod = Type.Enum(['', 'POST', 'GET', 'PUT', 'DELETE']);

const owned = { id: Id, customer_id: Id };
const named = { name: Text, detail: Text };
const timed = { tm_create: Type.String({ format: 'date-time' }), tm_update: Time, tm_delete: Time };

/** Refers to a shape by its name. */
export function shapeOf(name: ShapeName): TSchema {
  return Type.Unsafe({ $ref: `${name}#` });
}

const Address = {
  type: Type.Enum(['', 'agent', 'conference', 'email', 'extension', 'line', 'sip', 'tel', 'web_session']),
  target: Text,
  target_name: Text,
  ...named,
};

const Action = {
  id: Id,
  next_id: Id,
  type: Text,
  option: Free,
  tm_execute: Time,
};

const Call = {
  ...owned,
  owner_type: Text,
  owner_id: Id,
  flow_id: Id,
  activeflow_id: Id,
  type: Type.Enum(['', 'flow', 'conference', 'sip-service']),
  master_call_id: Id,
  chained_call_ids: Ids,
  recording_id: Id,
  recording_ids: Ids,
  groupcall_id: Id,
  source: Type.Unsafe({ $ref: 'CommonAddress#' }),
  destination: Type.Unsafe({ $ref: 'CommonAddress#' }),
  status: Type.Enum(['dialing', 'ringing', 'progressing', 'terminating', 'canceling', 'hangup']),
  action: Type.Unsafe({ $ref: 'FlowManagerAction#' }),
  direction: Type.Enum(['incoming', 'outgoing']),
  mute_direction: Type.Enum(['', 'both', 'out', 'in']),
  hangup_by: Type.Enum(['', 'remote', 'local']),
  hangup_reason: Type.Enum(['', 'normal', 'failed', 'busy', 'cancel', 'timeout', 'noanswer', 'dialout', 'amd']),
  metadata: Free,
  park_slot: Type.String(),
  media: MediaShape,
  tm_progressing: Time,
  tm_ringing: Time,
  tm_hangup: Time,
  ...timed,
};

const Recording = {
  ...owned,
  owner_type: Text,
  owner_id: Id,
  reference_type: Type.Enum(['call', 'confbridge']),
  reference_id: Id,
  status: Type.Enum(['initiating', 'recording', 'stopping', 'ended']),
  format: Type.Enum([...RECORDING_FORMATS]),
  activeflow_id: Id,
  on_end_flow_id: Id,
  files: Type.Array(Type.Object({ name: Text, size_bytes: Count, duration_ms: Type.Number(), sha256: Text })),
  failure: Text,
  tm_start: Time,
  tm_end: Time,
  ...timed,
};

const Conference = {
  ...owned,
  type: Type.Enum(['', 'conference', 'connect', 'queue']),
  status: Type.Enum(['starting', 'progressing', 'terminating', 'terminated']),
  ...named,
  data: Free,
  timeout: Count,
  entry_tone: Type.Boolean(),
  exit_tone: Type.Boolean(),
  talker_events: Type.Boolean(),
  locked: Type.Boolean(),
  pre_flow_id: Id,
  post_flow_id: Id,
  conferencecall_ids: Ids,
  conferencecall_count: Type.Integer({ minimum: 0 }),
  recording_id: Id,
  recording_ids: Ids,
  transcribe_id: Id,
  transcribe_ids: Ids,
  direct_hash: Text,
  tm_end: Time,
  ...timed,
};

const Conferencecall = {
  ...owned,
  activeflow_id: Id,
  conference_id: Id,
  reference_type: Type.Enum(['call', 'external_media']),
  reference_id: Id,
  status: Type.Enum(['joining', 'joined', 'leaving', 'leaved']),
  role: Type.Enum(['moderator', 'member', 'listener']),
  muted: Type.Boolean(),
  deaf: Type.Boolean(),
  gain_in: Type.Number(),
  gain_out: Type.Number(),
  ...timed,
};

const Flow = {
  ...owned,
  type: FlowType,
  ...named,
  actions: Type.Array(Type.Unsafe({ $ref: 'FlowManagerAction#' })),
  direct_hash: Text,
  on_complete_flow_id: Id,
  ...timed,
};

const Activeflow = {
  ...owned,
  flow_id: Id,
  status: Type.Enum(['', 'running', 'ended']),
  reference_type: Type.Enum(['', 'ai', 'api', 'call', 'campaign', 'conversation', 'transcribe', 'recording']),
  reference_id: Id,
  reference_activeflow_id: Id,
  on_complete_flow_id: Id,
  webhook_uri: Text,
  webhook_method: WebhookMethod,
  current_action: Type.Unsafe({ $ref: 'FlowManagerAction#' }),
  forward_action_id: Id,
  executed_actions: Type.Array(Type.Unsafe({ $ref: 'FlowManagerAction#' })),
  ...timed,
};

const Numbered = {
  ...owned,
  number: Text,
  type: Type.Enum(['normal', 'virtual']),
  call_flow_id: Id,
  message_flow_id: Id,
  ...named,
  status: Type.Enum(['active', 'deleted']),
  t38_enabled: Type.Boolean(),
  emergency_enabled: Type.Boolean(),
  metadata: Type.Object({ rtp_debug: Type.Boolean() }),
  tm_purchase: Time,
  tm_renew: Time,
  ...timed,
};

const Trunk = {
  ...owned,
  ...named,
  domain_name: Text,
  auth_types: Type.Array(Type.Enum(['basic', 'ip'])),
  username: Text,
  password: Text,
  allowed_ips: Type.Array(Text),
  hostname: Text,
  codecs: Text,
  metadata: Free,
  health_status: Type.Enum(['unknown', 'healthy', 'unhealthy']),
  health_checked_at: Time,
  registration: Free,
  ...timed,
};

const Extension = {
  ...owned,
  ...named,
  extension: Text,
  domain_name: Text,
  username: Text,
  password: Text,
  codecs: Text,
  srtp: Type.Enum(['off', 'preferred', 'required']),
  direct_hash: Text,
  ...timed,
};

const Accesskey = { ...owned, ...named, token: Text, token_prefix: Text, tm_expire: Time, ...timed };

const Agent = {
  ...owned,
  username: Text,
  ...named,
  ring_method: Type.Enum(['ringall', 'linear']),
  status: Type.Enum(['available', 'away', 'busy', 'offline', 'ringing']),
  permission: Count,
  tag_ids: Ids,
  addresses: Type.Array(Type.Unsafe({ $ref: 'CommonAddress#' })),
  direct_hash: Text,
  ...timed,
};

const Provider = {
  id: Id,
  type: Type.Enum(['sip']),
  hostname: Text,
  tech_prefix: Text,
  tech_postfix: Text,
  tech_headers: Type.Record(Type.String(), Text),
  metadata: Free,
  ...named,
  codecs: Text,
  health_status: Type.Enum(['unknown', 'healthy', 'unhealthy']),
  health_checked_at: Time,
  registration: Free,
  ...timed,
};

const Route = {
  ...owned,
  ...named,
  provider_id: Id,
  priority: Count,
  target: Text,
  ...timed,
};

const OutboundConfig = {
  ...owned,
  ...named,
  destination_whitelist: Type.Array(Text),
  codecs: Text,
  default_outgoing_source_number_id: Id,
  calls_max: Count,
  ...timed,
};

const Problem = {
  error: Type.Object({
    status: Text,
    reason: Text,
    message: Text,
    request_id: Type.String({ format: 'uuid' }),
    details: Type.Array(Type.Object({ field: Text, expected: Text, got: Text })),
  }),
};

const Transfer = {
  ...owned,
  type: Type.Enum(['attended', 'blind']),
  transferer_call_id: Id,
  transferee_addresses: Type.Array(Type.Unsafe({ $ref: 'CommonAddress#' })),
  transferee_call_id: Id,
  groupcall_id: Id,
  confbridge_id: Id,
  ...timed,
};

const FIELDS = {
  CommonAddress: Address,
  FlowManagerAction: Action,
  CallManagerCall: Call,
  CallManagerRecording: Recording,
  ConferenceManagerConference: Conference,
  ConferenceManagerConferencecall: Conferencecall,
  FlowManagerFlow: Flow,
  FlowManagerActiveflow: Activeflow,
  NumberManagerNumber: Numbered,
  RegistrarManagerTrunk: Trunk,
  RouteManagerProvider: Provider,
  RouteManagerRoute: Route,
  CallManagerOutboundConfig: OutboundConfig,
  RegistrarManagerExtension: Extension,
  TransferManagerTransfer: Transfer,
  CustomerManagerAccesskey: Accesskey,
  AgentManagerAgent: Agent,
  Error: Problem,
};

export type ShapeName = keyof typeof FIELDS;

/** Every shape under its name. */
export const SHAPES: readonly TObject[] = Object.entries(FIELDS).map(([name, fields]) =>
  Type.Object(fields, { $id: name }),
);
