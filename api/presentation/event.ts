import type { EventBody } from '../../core/event.ts';
import { userOfSlot } from '../../core/routing/park-slot.ts';
import { presentAccesskey, presentBinding, presentExtension, presentNumber, presentTrunk } from './accounts.ts';
import { presentCall, presentConference, presentConferencecall, presentRecording } from './calls.ts';
import { presentExternalMedia } from './external-media.ts';
import { presentActiveflow, presentFlow } from './flows.ts';
import { presentMessage } from './messages.ts';
import { presentDialRoute, presentOutboundConfig, presentProvider } from './providers.ts';
import { idOf, type Presented } from './values.ts';

/** An event as clients get it. */
export interface PresentedEvent {
  readonly type: EventBody['type'];
  readonly data: Presented;
  /**
   * `reference`: the reference sends it to customers too (platform §4.1), so everybody gets it. `own`: it keeps it to
   * itself; ours goes to clients of `tandem.events.v1` alone.
   */
  readonly audience: 'reference' | 'own';
}

/** What clients are told of an event, without secrets; undefined for one that is nobody's business. */
export function presentEvent(body: EventBody): PresentedEvent | undefined {
  const data = dataOf(body);
  return data === undefined ? undefined : { type: body.type, data, audience: audienceOf(body.type) };
}

const REFERENCE_RESOURCES = new Set(['call', 'number', 'conference', 'recording', 'activeflow']);
/** Of resources that the reference tells of, events that it does not have. */
const OWN_EVENTS = new Set<string>([
  'call_parked',
  'call_unparked',
  'call_sound_failed',
  'recording_paused',
  'recording_resumed',
  'recording_failed',
  'recording_deleted',
  'conference_played',
  'conference_sound_failed',
  'conference_talker_changed',
]);

function audienceOf(type: EventBody['type']): PresentedEvent['audience'] {
  const isReference = REFERENCE_RESOURCES.has(type.slice(0, type.indexOf('_'))) && !OWN_EVENTS.has(type);
  return isReference ? 'reference' : 'own';
}

function dataOf(body: EventBody): Presented | undefined {
  if ('call' in body) return presentCall(body.call);
  if ('conference' in body) {
    const { conference, conferencecalls, isLocked = false } = body;
    return presentConference(conference, { conferencecalls, isLocked, recordingId: null, recordingIds: [] });
  }
  if ('conferencecall' in body) return presentConferencecall(body.conferencecall);
  if ('recording' in body) return presentRecording(body.recording);
  if ('activeflow' in body) return presentActiveflow(body.activeflow);
  if ('flow' in body) return presentFlow(body.flow);
  if ('number' in body) return presentNumber(body.number);
  if ('provider' in body) return presentProvider(body.provider, 'events', undefined);
  if ('route' in body) return presentDialRoute(body.route);
  if ('outboundConfig' in body) return presentOutboundConfig(body.outboundConfig);
  if ('trunk' in body) return presentTrunk(body.trunk, 'events');
  if ('accesskey' in body) return presentAccesskey(body.accesskey);
  if ('extension' in body) return presentExtension(body.extension, 'events');
  if ('binding' in body) return presentBinding(body.binding);
  if ('external' in body) return presentExternalMedia(body);
  if ('message' in body) return presentMessage(body.message);
  if ('digit' in body) return { call_id: body.callId, digit: body.digit, duration: body.durationMs };
  if ('supervisorCallId' in body) {
    return { call_id: body.supervisorCallId, supervised_call_id: body.supervisedCallId, mode: body.mode };
  }
  if (body.type === 'call_sound_failed') return { call_id: body.callId, sound: body.sound, detail: body.detail };
  if (body.type === 'conference_sound_failed') {
    return { conference_id: body.conferenceId, sound: body.sound, detail: body.detail };
  }
  if (body.type === 'call_parked') return { call_id: body.callId, slot: userOfSlot(body.slot) };
  if (body.type === 'call_unparked') {
    return { call_id: body.callId, slot: userOfSlot(body.slot), reason: body.reason };
  }
  if (body.type === 'conference_played') {
    return { conference_id: body.conferenceId, outcome: body.outcome, detail: body.detail };
  }
  if (body.type === 'conference_talker_changed') {
    const { conferenceId, conferencecallId, callId } = body;
    return { conference_id: conferenceId, conferencecall_id: idOf(conferencecallId), call_id: idOf(callId) };
  }
  // agent_updated is a new password so far, which the reference keeps to itself as well.
  return undefined;
}
