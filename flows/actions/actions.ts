import type { Begin } from '../verdict.ts';
import {
  branch,
  conditionCallDigits,
  conditionCallStatus,
  conditionDatetime,
  conditionVariable,
  goTo,
} from './branching.ts';
import { answer, hangup } from './call.ts';
import { block, empty, script, stop, variableSet } from './control.ts';
import { digitsReceive, digitsSend } from './digits.ts';
import { externalMediaStart, externalMediaStop } from './external-media.ts';
import { fetch, fetchFlow, webhookSend } from './fetching.ts';
import { conferenceJoin, connect } from './joining.ts';
import { amd } from './machine.ts';
import { beep, echo, play, sleep } from './playing.ts';
import { recordingPause, recordingResume, recordingStart, recordingStop } from './recording.ts';
import { supervise } from './supervising.ts';

/** What each type does: one for every type that the catalogue calls built. */
export const ACTIONS: ReadonlyMap<string, Begin> = new Map<string, Begin>([
  ['amd', amd],
  ['answer', answer],
  ['beep', beep],
  ['block', block],
  ['branch', branch],
  ['condition_call_digits', conditionCallDigits],
  ['condition_call_status', conditionCallStatus],
  ['condition_datetime', conditionDatetime],
  ['condition_variable', conditionVariable],
  ['conference_join', conferenceJoin],
  ['connect', connect],
  ['digits_receive', digitsReceive],
  ['digits_send', digitsSend],
  ['echo', echo],
  ['empty', empty],
  ['external_media_start', externalMediaStart],
  ['external_media_stop', externalMediaStop],
  ['fetch', fetch],
  ['fetch_flow', fetchFlow],
  ['goto', goTo],
  ['hangup', hangup],
  ['play', play],
  ['recording_pause', recordingPause],
  ['recording_resume', recordingResume],
  ['recording_start', recordingStart],
  ['recording_stop', recordingStop],
  ['script', script],
  ['sleep', sleep],
  ['stop', stop],
  ['supervise', supervise],
  ['variable_set', variableSet],
  ['webhook_send', webhookSend],
]);
