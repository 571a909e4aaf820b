import type { CallRecord } from './calls/call-record.ts';
import type { ConferencecallRecord } from './calls/conferencecall-record.ts';
import type { ExternalMediaRecord } from './calls/external-media-record.ts';
import type { RecordingRecord } from './calls/recording-record.ts';
import type { Roster } from './calls/roster.ts';
import type { SupervisorMode } from './calls/who-hears-whom.ts';
import type {
  Accesskey,
  Binding,
  Conference,
  DialRoute,
  Extension,
  Flow,
  OutboundConfig,
  PhoneNumber,
  Provider,
  Trunk,
} from './directory/records.ts';
import type { ExternalMediaFigures } from './external-media-port.ts';
import type { ActiveflowRecord } from './flows/activeflow-record.ts';
import type { AgentId, CallId, ConferencecallId, ConferenceId } from './kernel/ids.ts';
import type { MessageRecord } from './messages/message-record.ts';

/** Everything that has happened, versioned by adding, never by changing. Secrets are taken out by `api/presentation`. */
export type EventBody =
  | {
      readonly type:
        | 'call_created'
        | 'call_updated'
        | 'call_deleted'
        | 'call_dialing'
        | 'call_ringing'
        | 'call_progressing'
        | 'call_terminating'
        | 'call_canceling'
        | 'call_hangup';
      readonly call: CallRecord;
    }
  | { readonly type: 'extension_created' | 'extension_updated' | 'extension_deleted'; readonly extension: Extension }
  | { readonly type: 'extension_registered' | 'extension_unregistered'; readonly binding: Binding }
  | { readonly type: 'agent_updated'; readonly agentId: AgentId }
  | { readonly type: 'accesskey_created' | 'accesskey_updated' | 'accesskey_deleted'; readonly accesskey: Accesskey }
  | { readonly type: 'number_created' | 'number_updated' | 'number_deleted'; readonly number: PhoneNumber }
  | {
      readonly type:
        | 'trunk_created'
        | 'trunk_updated'
        | 'trunk_deleted'
        | 'trunk_registered'
        | 'trunk_unregistered'
        | 'trunk_healthy'
        | 'trunk_unhealthy';
      readonly trunk: Trunk;
    }
  | {
      readonly type:
        | 'provider_created'
        | 'provider_updated'
        | 'provider_deleted'
        | 'provider_registered'
        | 'provider_unregistered'
        | 'provider_healthy'
        | 'provider_unhealthy';
      readonly provider: Provider;
    }
  | { readonly type: 'route_created' | 'route_updated' | 'route_deleted'; readonly route: DialRoute }
  | {
      readonly type: 'outbound_config_created' | 'outbound_config_updated' | 'outbound_config_deleted';
      readonly outboundConfig: OutboundConfig;
    }
  | { readonly type: 'flow_created' | 'flow_updated' | 'flow_deleted'; readonly flow: Flow }
  | {
      readonly type: 'conference_created' | 'conference_updated' | 'conference_deleted';
      readonly conference: Conference;
      /** Who is in it, in the order in which they came. */
      readonly conferencecalls: Roster;
      /** Nobody comes in any more but moderators; not unless it says so. */
      readonly isLocked?: boolean;
    }
  /** What was played to all in it is over. */
  | {
      readonly type: 'conference_played';
      readonly conferenceId: ConferenceId;
      readonly outcome: 'finished' | 'failed';
      readonly detail: string;
    }
  /** A supervisor hears the call of somebody else, in this way, or not any more. */
  | {
      readonly type: 'supervision_started' | 'supervision_updated' | 'supervision_ended';
      readonly supervisorCallId: CallId;
      readonly supervisedCallId: CallId;
      readonly mode: SupervisorMode;
    }
  /** Something could not be played to a call. `sound` is named as whoever wanted it did. */
  | {
      readonly type: 'call_sound_failed';
      readonly callId: CallId;
      readonly sound: string;
      readonly detail: string;
    }
  /** Something could not be played to all in a conference; the rest of what was announced is played. */
  | {
      readonly type: 'conference_sound_failed';
      readonly conferenceId: ConferenceId;
      readonly sound: string;
      readonly detail: string;
    }
  /** A call waits in a slot. */
  | { readonly type: 'call_parked'; readonly callId: CallId; readonly slot: number }
  /** It does not any more: somebody took it, who parked it has it back, or it went elsewhere. */
  | {
      readonly type: 'call_unparked';
      readonly callId: CallId;
      readonly slot: number;
      readonly reason: 'retrieved' | 'returned' | 'left';
    }
  /** Somebody else talks now; nulls when nobody does. */
  | {
      readonly type: 'conference_talker_changed';
      readonly conferenceId: ConferenceId;
      readonly conferencecallId: ConferencecallId | null;
      readonly callId: CallId | null;
    }
  | {
      readonly type:
        | 'conferencecall_joining'
        | 'conferencecall_joined'
        | 'conferencecall_updated'
        | 'conferencecall_leaving'
        | 'conferencecall_leaved';
      readonly conferencecall: ConferencecallRecord;
    }
  | {
      readonly type:
        | 'recording_started'
        | 'recording_paused'
        | 'recording_resumed'
        | 'recording_finished'
        | 'recording_failed'
        | 'recording_deleted';
      readonly recording: RecordingRecord;
    }
  | {
      readonly type: 'activeflow_created' | 'activeflow_updated' | 'activeflow_deleted';
      readonly activeflow: ActiveflowRecord;
    }
  | { readonly type: 'external_media_started'; readonly external: ExternalMediaRecord }
  | {
      readonly type: 'external_media_finished' | 'external_media_failed';
      readonly external: ExternalMediaRecord;
      /** Why; '' when it was ended by us. */
      readonly detail: string;
      readonly figures: ExternalMediaFigures;
    }
  | { readonly type: 'message_created' | 'message_updated'; readonly message: MessageRecord }
  | { readonly type: 'dtmf_received'; readonly callId: CallId; readonly digit: string; readonly durationMs: number };
