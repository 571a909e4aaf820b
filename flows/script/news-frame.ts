import type { Json } from '../../core/flows/action.ts';
import type { CallNews } from '../../core/flows/call-control.ts';
import type { CallId } from '../../core/kernel/ids.ts';
import type { FlowPorts } from '../flow-ports.ts';

type Presentation = Pick<FlowPorts, 'presentCall' | 'presentRecording' | 'callOf'>;

/** What happened to the call, as a program is told: named as in the journal where that has a name. */
export function newsFrame(callId: CallId, news: CallNews, show: Presentation): { [key: string]: Json } | undefined {
  const event = (name: string, data: Json): { [key: string]: Json } => ({ type: 'event', event: name, data });
  switch (news.kind) {
    case 'answered': {
      const call = show.callOf(callId);
      return event('call_progressing', call === undefined ? { id: callId } : show.presentCall(call));
    }
    case 'played':
      return event('call_played', { call_id: callId, outcome: news.outcome, detail: news.detail });
    case 'digit':
      return event('dtmf_received', { call_id: callId, digit: news.digit, duration: news.durationMs });
    case 'talkChanged':
      return event(`call_talk_${news.change}`, { call_id: callId, level: Math.round(news.levelDbov) });
    case 'toneHeard': {
      const { tone, frequencyHz, durationMs } = news;
      return event('call_tone_heard', { call_id: callId, tone, frequency: frequencyHz, duration: durationMs });
    }
    case 'judged': {
      const { verdict, reason, afterMs } = news;
      return event('call_amd', { call_id: callId, verdict, reason, after: afterMs });
    }
    case 'joined':
      return event('conferencecall_joined', { call_id: callId });
    case 'left':
      return event('conferencecall_leaved', { call_id: callId });
    case 'supervising':
      return event('supervision_started', { call_id: callId });
    case 'supervisionEnded':
      return event('supervision_ended', { call_id: callId });
    case 'connected':
      return event('call_connected', { call_id: callId, peer: show.presentCall(news.peer) });
    case 'disconnected':
      return event('call_disconnected', { call_id: callId, cause: news.cause });
    case 'recordingStarted':
      return event('recording_started', show.presentRecording(news.recording));
    case 'recordingEnded': {
      const name = news.recording.failure === '' ? 'recording_finished' : 'recording_failed';
      return event(name, show.presentRecording(news.recording));
    }
    case 'externalMediaStarted':
      return event('external_media_started', {
        call_id: callId,
        id: news.external.id,
        ...(news.stay !== undefined && { conferencecall_id: news.stay }),
      });
    case 'externalMediaEnded': {
      const { external, reason, detail } = news;
      const name = reason === 'failed' ? 'external_media_failed' : 'external_media_finished';
      return event(name, { call_id: callId, id: external.id, reason, detail });
    }
    case 'ended':
      return event('call_hangup', show.presentCall(news.call));
    case 'refused':
      return undefined;
  }
}
