import type { Address } from '../calls/address.ts';
import type { CallRecord } from '../calls/call-record.ts';
import type { Cause } from '../calls/cause.ts';
import type { ExternalMediaRecord, ExternalMediaWish } from '../calls/external-media-record.ts';
import type { MemberTerms } from '../calls/member-terms.ts';
import type { RecordingForm } from '../calls/recording-form.ts';
import type { RecordingRecord } from '../calls/recording-record.ts';
import type { SupervisorMode } from '../calls/who-hears-whom.ts';
import type { CallId, ConferencecallId, ConferenceId, FlowId } from '../kernel/ids.ts';
import type { MachineReason, MachineVerdict, PlayOrder } from '../media-port.ts';

/** How a recording ends by itself, and what becomes of it. Zeros, '' and `none` never end it. */
export interface RecordingLimits {
  readonly durationMs: number;
  /** Ends after the far end was silent for so long. */
  readonly silenceMs: number;
  readonly endKey: 'none' | 'any' | '*' | '#';
  /** Run when it has ended. */
  readonly onEndFlowId: FlowId | null;
  /** WAV, each side of a call in a file, without it. */
  readonly form?: RecordingForm | undefined;
}

/**
 * What a flow asks of the call that it runs on. What takes time carries a token, chosen by the flow, that comes back in
 * the news of it; a new demand of the same kind replaces the one before.
 */
export type CallDemand =
  | { readonly kind: 'answer' }
  /** Ends the call; with `like`, for the cause for which that call ended. News: ended, or refused when it still lives. */
  | { readonly kind: 'hangup'; readonly cause: Cause; readonly like: CallId | null }
  /** Plays in order: http(s) URLs of WAV, MP3, Ogg/Opus or bare samples, `prompt:NAME`, `recording:ID`, `tone:NAME`. Early media when not answered. News: played. */
  | { readonly kind: 'play'; readonly token: number; readonly urls: readonly string[]; readonly times?: number }
  | { readonly kind: 'beep'; readonly token: number }
  | { readonly kind: 'stopPlaying' }
  /** Without effect when nothing is played. */
  | { readonly kind: 'steerPlaying'; readonly order: PlayOrder }
  /** The caller hears itself until `stopEcho`. */
  | { readonly kind: 'echo' }
  | { readonly kind: 'stopEcho' }
  | { readonly kind: 'sendDigits'; readonly digits: string; readonly durationMs: number; readonly intervalMs: number }
  /** Listens for talk and for beeps and fax machines until it is asked otherwise. News: talkChanged, toneHeard. */
  | { readonly kind: 'listen'; readonly talk: boolean; readonly tones: boolean }
  /** Judges by its greeting whether a machine has answered; the call of one ends if wished. News: judged, or refused. */
  | { readonly kind: 'judgeMachine'; readonly token: number; readonly endsMachine: boolean }
  /** Answers if needed. News: joined, then left; or refused. */
  | {
      readonly kind: 'joinConference';
      readonly token: number;
      readonly conferenceId: ConferenceId;
      /** As an ordinary member unless said. */
      readonly terms?: MemberTerms;
    }
  | { readonly kind: 'leaveConference' }
  /** Answers if needed, and hears another call, in one of the ways of a supervisor. News: supervising, then supervisionEnded; or refused. */
  | { readonly kind: 'supervise'; readonly token: number; readonly callId: CallId; readonly mode: SupervisorMode }
  | { readonly kind: 'stopSupervising' }
  /** Calls others and joins the first who answers with this call. News: connected, then disconnected; or disconnected alone. */
  | {
      readonly kind: 'connect';
      readonly token: number;
      /** Who the callees see; null for this call's own source. */
      readonly source: Address | null;
      readonly destinations: readonly Address[];
      /** Their early media is heard by this call before they answer. */
      readonly isEarlyMediaHeard: boolean;
      readonly anonymous: '' | 'yes' | 'no' | 'auto';
    }
  | { readonly kind: 'disconnect' }
  /** News: recordingStarted, then recordingEnded; or refused. */
  | { readonly kind: 'startRecording'; readonly limits: RecordingLimits }
  | { readonly kind: 'stopRecording' }
  /** Leaves out what is said while it is `paused`. */
  | { readonly kind: 'pauseRecording'; readonly mode: 'paused' | 'running' }
  /**
   * A program outside hears and speaks in the call, or is a member of a conference by itself. News: externalMediaStarted,
   * then externalMediaEnded; or that alone; or refused.
   */
  | {
      readonly kind: 'startExternalMedia';
      readonly token: number;
      readonly wish: ExternalMediaWish;
      readonly conference?: { readonly id: ConferenceId; readonly terms: Partial<MemberTerms> } | undefined;
    }
  /** All of them, or of those that this call has brought into conferences, are let go. */
  | { readonly kind: 'stopExternalMedia' }
  /** Of a conference of the same customer. News: refused, when there is no such member. */
  | { readonly kind: 'changeMember'; readonly id: ConferencecallId; readonly changes: Partial<MemberTerms> }
  | { readonly kind: 'kickMember'; readonly id: ConferencecallId };

/** What a flow is told about the call that it runs on. */
export type CallNews =
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'played';
      readonly token: number;
      readonly outcome: 'finished' | 'failed';
      readonly detail: string;
    }
  | { readonly kind: 'digit'; readonly digit: string; readonly durationMs: number }
  /** `levelDbov`: of its loudest moment so far. */
  | { readonly kind: 'talkChanged'; readonly change: 'begun' | 'ended'; readonly levelDbov: number }
  | {
      readonly kind: 'toneHeard';
      readonly tone: 'beep' | 'fax-calling' | 'fax-answer';
      readonly frequencyHz: number;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'judged';
      readonly token: number;
      readonly verdict: MachineVerdict;
      readonly reason: MachineReason;
      readonly afterMs: number;
    }
  | { readonly kind: 'joined'; readonly token: number }
  | { readonly kind: 'left'; readonly token: number }
  | { readonly kind: 'supervising'; readonly token: number }
  | { readonly kind: 'supervisionEnded'; readonly token: number }
  | { readonly kind: 'connected'; readonly token: number; readonly peer: CallRecord }
  /** The connection ended, or never came to be: why, as the last callee had it. */
  | { readonly kind: 'disconnected'; readonly token: number; readonly cause: Cause }
  | { readonly kind: 'recordingStarted'; readonly recording: RecordingRecord }
  | { readonly kind: 'recordingEnded'; readonly recording: RecordingRecord }
  | {
      readonly kind: 'externalMediaStarted';
      readonly token: number;
      readonly external: ExternalMediaRecord;
      /** Of one that is a member of a conference. */
      readonly stay: ConferencecallId | undefined;
    }
  /** `stopped` by us, `closed` by the program, or `failed`. The token is 0 for one that no flow has asked for. */
  | {
      readonly kind: 'externalMediaEnded';
      readonly token: number;
      readonly external: ExternalMediaRecord;
      readonly reason: 'stopped' | 'closed' | 'failed';
      readonly detail: string;
    }
  /** A demand could not be met; nothing was changed. */
  | { readonly kind: 'refused'; readonly demand: CallDemand; readonly detail: string }
  /** The call is over. Always the last news. */
  | { readonly kind: 'ended'; readonly call: CallRecord };
