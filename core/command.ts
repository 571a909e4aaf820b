import type { Address } from './calls/address.ts';
import type { CallRecord, MuteDirection } from './calls/call-record.ts';
import type { ExternalMediaWish } from './calls/external-media-record.ts';
import type { MemberTerms } from './calls/member-terms.ts';
import type { RecordingRecord, RecordingReference } from './calls/recording-record.ts';
import type { SupervisorMode } from './calls/who-hears-whom.ts';
import type {
  Accesskey,
  Conference,
  ConferenceSettings,
  DialRoute,
  Extension,
  Flow,
  OutboundConfig,
  PhoneNumber,
  Provider,
  Trunk,
} from './directory/records.ts';
import type { Action } from './flows/action.ts';
import type { ActiveflowRecord } from './flows/activeflow-record.ts';
import type { RecordingLimits } from './flows/call-control.ts';
import type { FaultCode } from './kernel/fault.ts';
import type {
  AccesskeyId,
  ActiveflowId,
  AgentId,
  CallId,
  ConferencecallId,
  ConferenceId,
  CustomerId,
  DialRouteId,
  ExtensionId,
  ExternalMediaId,
  FlowId,
  GatewayId,
  NumberId,
  OutboundConfigId,
  ProviderId,
  ScriptSessionId,
  TrunkId,
} from './kernel/ids.ts';
import type { SrtpPolicy } from './kernel/srtp-policy.ts';
import type { WallTime } from './kernel/time.ts';
import type { PlayOrder } from './media-port.ts';
import type { ProviderProbe } from './provider-ports.ts';
import type { ParkPlace } from './routing/park-slot.ts';

/** Who asks. Rights are judged in one place, `core/authorization.ts`. */
export type Principal =
  | { readonly kind: 'agent'; readonly agentId: AgentId; readonly customerId: CustomerId; readonly permission: number }
  | { readonly kind: 'accesskey'; readonly accesskeyId: AccesskeyId; readonly customerId: CustomerId }
  /** The command line of the machine itself, proved by a token in the data folder. */
  | { readonly kind: 'operator' };

/** What whoever makes or changes a thing may say of it; the rest is ours. */
export type AccesskeyFields = Pick<Accesskey, 'name' | 'detail' | 'tokenHash' | 'tokenPrefix' | 'expiresAt'>;
export type NumberFields = Pick<PhoneNumber, 'number' | 'type' | 'callFlowId' | 'messageFlowId' | 'name' | 'detail'>;
export type NumberChanges = Partial<
  Pick<PhoneNumber, 'callFlowId' | 'messageFlowId' | 'name' | 'detail' | 'isRtpDebugged'>
>;
export type TrunkFields = Pick<
  Trunk,
  | 'name'
  | 'detail'
  | 'domainName'
  | 'authTypes'
  | 'username'
  | 'password'
  | 'allowedIps'
  | 'hostname'
  | 'codecs'
  | 'terms'
>;
export type ProviderFields = Pick<
  Provider,
  'name' | 'detail' | 'hostname' | 'techPrefix' | 'techPostfix' | 'techHeaders' | 'codecs' | 'terms'
>;
export type DialRouteFields = Pick<DialRoute, 'name' | 'detail' | 'providerId' | 'priority' | 'target'>;
export type OutboundConfigFields = Pick<
  OutboundConfig,
  'name' | 'detail' | 'destinationWhitelist' | 'codecs' | 'defaultNumberId' | 'callsMax'
>;
export type FlowFields = Pick<Flow, 'type' | 'name' | 'detail' | 'actions' | 'onCompleteFlowId'>;
export type ConferenceFields = Pick<
  Conference,
  'type' | 'name' | 'detail' | 'data' | 'timeoutS' | 'settings' | 'preFlowId' | 'postFlowId'
>;

/** Changes of the directory: checked and reserved, committed, applied and published, then answered. */
export type AccountCommand =
  | {
      readonly kind: 'createExtension';
      readonly customerId: CustomerId;
      readonly extension: string;
      readonly password: string;
      readonly name: string;
      readonly detail: string;
      readonly codecs: string;
      readonly srtp: SrtpPolicy;
    }
  | {
      readonly kind: 'updateExtension';
      readonly id: ExtensionId;
      readonly changes: Partial<Pick<Extension, 'name' | 'detail' | 'password' | 'codecs' | 'srtp'>>;
    }
  | { readonly kind: 'deleteExtension'; readonly id: ExtensionId }
  | { readonly kind: 'createAccesskey'; readonly customerId: CustomerId; readonly fields: AccesskeyFields }
  | {
      readonly kind: 'updateAccesskey';
      readonly id: AccesskeyId;
      readonly changes: Partial<Pick<Accesskey, 'name' | 'detail'>>;
    }
  | { readonly kind: 'deleteAccesskey'; readonly id: AccesskeyId }
  | { readonly kind: 'createNumber'; readonly customerId: CustomerId; readonly fields: NumberFields }
  | { readonly kind: 'updateNumber'; readonly id: NumberId; readonly changes: NumberChanges }
  | { readonly kind: 'deleteNumber'; readonly id: NumberId }
  | { readonly kind: 'createTrunk'; readonly customerId: CustomerId; readonly fields: TrunkFields }
  | { readonly kind: 'updateTrunk'; readonly id: TrunkId; readonly changes: Partial<Omit<TrunkFields, 'domainName'>> }
  | { readonly kind: 'deleteTrunk'; readonly id: TrunkId }
  | { readonly kind: 'createProvider'; readonly customerId: CustomerId; readonly fields: ProviderFields }
  | { readonly kind: 'updateProvider'; readonly id: ProviderId; readonly changes: Partial<ProviderFields> }
  | { readonly kind: 'deleteProvider'; readonly id: ProviderId }
  | { readonly kind: 'createDialRoute'; readonly customerId: CustomerId; readonly fields: DialRouteFields }
  | { readonly kind: 'updateDialRoute'; readonly id: DialRouteId; readonly changes: Partial<DialRouteFields> }
  | { readonly kind: 'deleteDialRoute'; readonly id: DialRouteId }
  | { readonly kind: 'createOutboundConfig'; readonly customerId: CustomerId; readonly fields: OutboundConfigFields }
  | {
      readonly kind: 'updateOutboundConfig';
      readonly id: OutboundConfigId;
      readonly changes: Partial<OutboundConfigFields>;
    }
  | { readonly kind: 'deleteOutboundConfig'; readonly id: OutboundConfigId }
  | { readonly kind: 'createFlow'; readonly customerId: CustomerId; readonly fields: FlowFields }
  | { readonly kind: 'updateFlow'; readonly id: FlowId; readonly changes: Partial<Omit<FlowFields, 'type'>> }
  | { readonly kind: 'deleteFlow'; readonly id: FlowId }
  /** `id` null for one of ours. */
  | {
      readonly kind: 'createConference';
      readonly customerId: CustomerId;
      readonly id: ConferenceId | null;
      readonly fields: ConferenceFields;
    }
  | {
      readonly kind: 'updateConference';
      readonly id: ConferenceId;
      readonly changes: Partial<Omit<ConferenceFields, 'type' | 'settings'>> & {
        readonly settings?: Partial<ConferenceSettings>;
      };
    }
  | { readonly kind: 'deleteRecording'; readonly record: RecordingRecord }
  /** Hangs up if live, then marks the record as deleted. `record` is the call as whoever asks has read it. */
  | { readonly kind: 'deleteCall'; readonly record: CallRecord }
  | { readonly kind: 'setAgentPassword'; readonly username: string; readonly passwordHash: string };

/** What is asked of calls, conferences and recordings that live. */
export type CallCommand =
  | { readonly kind: 'hangupCall'; readonly id: CallId }
  | { readonly kind: 'holdCall'; readonly id: CallId; readonly mode: 'held' | 'active' }
  /** Adds the direction to what is muted, or takes it away. */
  | {
      readonly kind: 'muteCall';
      readonly id: CallId;
      readonly direction: Exclude<MuteDirection, ''>;
      readonly mode: 'mute' | 'unmute';
    }
  /** How much louder others hear it, and it hears others. */
  | { readonly kind: 'amplifyCall'; readonly id: CallId; readonly inDb: number; readonly outDb: number }
  /** The party of `id` hears the call `supervised` in this way from now on, or in another than before. */
  | {
      readonly kind: 'superviseCall';
      readonly id: CallId;
      readonly supervised: CallId;
      readonly mode: SupervisorMode;
    }
  | { readonly kind: 'endSupervision'; readonly id: CallId }
  /**
   * The party of `id` waits in a slot, and whom it was connected to is let go; `returned`: the phones of who parked it
   * ring for it now.
   */
  | { readonly kind: 'parkCall'; readonly id: CallId; readonly place: ParkPlace | 'returned' }
  /** The party hears music, or not any more. */
  | { readonly kind: 'entertainCall'; readonly id: CallId; readonly mode: 'on' | 'off' }
  /**
   * The party that this call is connected to goes on with the first of these to answer: at once, or after the party of
   * this call has talked to them. `id` of the result is the transfer's, `ids` are the calls that ring.
   */
  | {
      readonly kind: 'transferCall';
      readonly id: CallId;
      readonly manner: 'blind' | 'attended';
      /** Who connects them: we do, or the far side where it can (RFC 5589). */
      readonly method: 'bridge' | 'refer';
      readonly destinations: readonly Address[];
    }
  /** Dials every destination; the flow runs on each that answers. `ids` of the result are the calls. */
  | {
      readonly kind: 'createCalls';
      readonly customerId: CustomerId;
      readonly source: Address | null;
      readonly destinations: readonly Address[];
      readonly flowId: FlowId | null;
      readonly actions: readonly Action[];
      readonly anonymous: '' | 'yes' | 'no' | 'auto';
      readonly variables: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'startRecording'; readonly reference: RecordingReference; readonly limits: RecordingLimits }
  | { readonly kind: 'stopRecording'; readonly reference: RecordingReference }
  /** Leaves out what is said while it is `paused`. */
  | {
      readonly kind: 'pauseRecording';
      readonly reference: RecordingReference;
      readonly mode: 'paused' | 'running';
    }
  /** Connects a program outside; `id` is that of one which connects to us. `terms`: how it takes part in a conference. */
  | {
      readonly kind: 'startExternalMedia';
      readonly reference: RecordingReference;
      readonly id: ExternalMediaId | null;
      readonly wish: ExternalMediaWish;
      readonly terms?: Partial<MemberTerms>;
    }
  /** Everybody leaves, then it is marked as deleted. */
  | { readonly kind: 'deleteConference'; readonly id: ConferenceId }
  | { readonly kind: 'kickConferencecall'; readonly id: ConferencecallId }
  | { readonly kind: 'updateConferencecall'; readonly id: ConferencecallId; readonly changes: Partial<MemberTerms> }
  /** Nobody comes in any more but moderators, or everybody again. */
  | { readonly kind: 'lockConference'; readonly id: ConferenceId; readonly mode: 'locked' | 'open' }
  /** Plays to all who are in it, or to one; without urls it stops what is played. */
  | { readonly kind: 'playConference'; readonly id: ConferenceId; readonly urls: readonly string[] }
  | { readonly kind: 'playConferencecall'; readonly id: ConferencecallId; readonly urls: readonly string[] }
  /** How what is played to all, or to one, goes on. */
  | { readonly kind: 'steerConference'; readonly id: ConferenceId; readonly order: PlayOrder }
  | { readonly kind: 'steerConferencecall'; readonly id: ConferencecallId; readonly order: PlayOrder };

/** What is asked of the ways to providers and to customers' own trunks. */
export type ProviderCommand =
  /** Asks it once, changing nothing there. The result has the `probe`. */
  { readonly kind: 'probeProvider'; readonly id: GatewayId };

/** What is asked of whoever runs flows. */
export type FlowCommand =
  | {
      readonly kind: 'createActiveflow';
      readonly customerId: CustomerId;
      /** Null for one of ours. */
      readonly id: ActiveflowId | null;
      readonly flowId: FlowId | null;
      readonly actions: readonly Action[];
      readonly variables: Readonly<Record<string, string>>;
      readonly webhookUri: string;
      readonly webhookMethod: ActiveflowRecord['webhookMethod'];
    }
  | { readonly kind: 'stopActiveflow'; readonly id: ActiveflowId }
  /** Stops it if it runs, then marks the record, as whoever asks has read it, as deleted. */
  | { readonly kind: 'deleteActiveflow'; readonly record: ActiveflowRecord }
  /** A program that has connected to us takes over the flow of a live call. */
  | { readonly kind: 'attachScript'; readonly callId: CallId; readonly session: ScriptSessionId };

/** Everything that can be asked of the core. */
export type Command = AccountCommand | CallCommand | ProviderCommand | FlowCommand;

/** How a command ended. `done` means committed, applied and published; `id` names the thing created or changed. */
export type CommandResult =
  | {
      readonly kind: 'done';
      readonly id: string;
      readonly ids?: readonly string[];
      readonly probe?: ProviderProbe;
      readonly at?: WallTime;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** An answer, not an exception: nothing was changed. */
export interface Refusal {
  readonly code: FaultCode;
  readonly message: string;
  readonly field?: string;
  readonly expected?: string;
  readonly got?: string;
  /** Seconds after which it may be tried again. */
  readonly retryAfterS?: number;
}
