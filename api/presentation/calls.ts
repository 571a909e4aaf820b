import type { CallRecord } from '../../core/calls/call-record.ts';
import type { ConferencecallRecord } from '../../core/calls/conferencecall-record.ts';
import type { MediaFigures } from '../../core/calls/media-figures.ts';
import type { RecordingRecord } from '../../core/calls/recording-record.ts';
import type { Conference } from '../../core/directory/records.ts';
import type { Action } from '../../core/flows/action.ts';
import { NIL_UUID } from '../../core/kernel/ids.ts';
import type { ConferenceNow } from '../backend.ts';
import { presentAction } from './flows.ts';
import { presentMedia } from './media.ts';
import { idOf, type Presented, presentAddress, timeOf, timesOf } from './values.ts';

/** What is known of a call beside its record; events do not know it. */
export interface CallNow {
  /** The one that its flow is at. */
  readonly action: Action | null;
  /** As it is now, or was. */
  readonly media: MediaFigures | null;
  /** What is dialled for the slot in which it is parked; '' when it is not. */
  readonly parkSlot: string;
}

/** CallManagerCall. */
export function presentCall(call: CallRecord, now?: CallNow): Presented {
  const { action, media, parkSlot } = now ?? { action: null, media: call.media, parkSlot: '' };
  return {
    id: call.id,
    customer_id: call.customerId,
    owner_type: '',
    owner_id: NIL_UUID,
    flow_id: idOf(call.flowId),
    activeflow_id: idOf(call.activeflowId),
    type: 'flow',
    master_call_id: idOf(call.masterCallId),
    chained_call_ids: call.chainedCallIds,
    recording_id: idOf(call.recordingId),
    recording_ids: call.recordingIds,
    groupcall_id: idOf(call.groupcallId),
    source: presentAddress(call.source),
    destination: presentAddress(call.destination),
    status: call.status,
    action: presentAction(action),
    direction: call.direction,
    mute_direction: call.muteDirection,
    hangup_by: call.hangupBy,
    hangup_reason: call.hangupReason,
    metadata: {},
    park_slot: parkSlot,
    media: presentMedia(media),
    tm_progressing: timeOf(call.progressingAt),
    tm_ringing: timeOf(call.ringingAt),
    tm_hangup: timeOf(call.hangupAt),
    ...timesOf(call),
  };
}

/** ConferenceManagerConference. */
export function presentConference(conference: Conference, now: ConferenceNow): Presented {
  return {
    id: conference.id,
    customer_id: conference.customerId,
    type: conference.type,
    status: conference.status,
    name: conference.name,
    detail: conference.detail,
    data: conference.data,
    timeout: conference.timeoutS,
    entry_tone: conference.settings.entryTone,
    exit_tone: conference.settings.exitTone,
    talker_events: conference.settings.talkerEvents,
    locked: now.isLocked,
    pre_flow_id: idOf(conference.preFlowId),
    post_flow_id: idOf(conference.postFlowId),
    conferencecall_ids: now.conferencecalls.ids,
    conferencecall_count: now.conferencecalls.count,
    recording_id: idOf(now.recordingId),
    recording_ids: now.recordingIds,
    transcribe_id: NIL_UUID,
    transcribe_ids: [],
    direct_hash: conference.directHash,
    tm_end: timeOf(conference.endedAt),
    ...timesOf(conference),
  };
}

/** ConferenceManagerConferencecall. */
export function presentConferencecall(conferencecall: ConferencecallRecord): Presented {
  return {
    id: conferencecall.id,
    customer_id: conferencecall.customerId,
    activeflow_id: idOf(conferencecall.activeflowId),
    conference_id: conferencecall.conferenceId,
    reference_type: conferencecall.reference.type,
    reference_id: conferencecall.reference.id,
    status: conferencecall.status,
    role: conferencecall.terms.role,
    muted: conferencecall.terms.isMuted,
    deaf: conferencecall.terms.isDeaf,
    gain_in: conferencecall.terms.gainInDb,
    gain_out: conferencecall.terms.gainOutDb,
    ...timesOf(conferencecall),
  };
}

/** CallManagerRecording, and what the reference does not tell: its files, and why they are short or missing. */
export function presentRecording(recording: RecordingRecord): Presented {
  return {
    id: recording.id,
    customer_id: recording.customerId,
    owner_type: '',
    owner_id: NIL_UUID,
    reference_type: recording.reference.type,
    reference_id: recording.reference.id,
    status: recording.status,
    format: recording.format,
    activeflow_id: idOf(recording.activeflowId),
    on_end_flow_id: idOf(recording.onEndFlowId),
    files: recording.files.map((file) => ({
      name: file.name,
      size_bytes: file.sizeBytes,
      duration_ms: file.durationMs,
      sha256: file.sha256,
    })),
    failure: recording.failure,
    tm_start: timeOf(recording.startedAt),
    tm_end: timeOf(recording.endedAt),
    ...timesOf(recording),
  };
}
