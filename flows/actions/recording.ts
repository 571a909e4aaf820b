import { type RecordingForm, recordingFormOf } from '../../core/calls/recording-form.ts';
import type { RecordingLimits } from '../../core/flows/call-control.ts';
import type { FlowId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { flagOf, idOf, integerOf, type Option, textOf } from '../option.ts';
import { type Begin, NEXT, type Stage, type Verdict } from '../verdict.ts';
import { beepThen } from './playing.ts';

/** A recording that has not begun by then is not waited for. */
const START_MAX_MS = 5_000;

/** Goes on once it records; with `beep_start` the beep comes before and is not in it. */
export const recordingStart: Begin = (stage, option, now) =>
  flagOf(option, 'beep_start') ? beepThen(stage, (later) => start(stage, option, later)) : start(stage, option, now);

export function limitsOf(option: Option): RecordingLimits {
  const endKey = textOf(option, 'end_of_key');
  return {
    durationMs: Math.max(0, integerOf(option, 'duration', 0)) * 1000,
    silenceMs: Math.max(0, integerOf(option, 'end_of_silence', 0)) * 1000,
    endKey: endKey === 'any' || endKey === '*' || endKey === '#' ? endKey : 'none',
    onEndFlowId: idOf<FlowId>(option, 'on_end_flow_id'),
    form: recordingFormOf(
      textOf(option, 'format') as RecordingForm['format'] | '',
      textOf(option, 'channels') as RecordingForm['channels'] | '',
    ),
  };
}

function start(stage: Stage, option: Option, now: Instant): Verdict {
  stage.demand({ kind: 'startRecording', limits: limitsOf(option) });
  return {
    kind: 'wait',
    waiting: {
      until: now + START_MAX_MS,
      hear(news) {
        if (news.kind === 'recordingStarted') return { kind: 'next', result: { recording_id: news.recording.id } };
        if (news.kind !== 'refused' || news.demand.kind !== 'startRecording') return undefined;
        return { kind: 'failed', detail: news.detail };
      },
      expire: () => NEXT,
    },
  };
}

/** Of what never began, or has ended, nothing is left out. */
export const recordingPause: Begin = (stage) => {
  stage.demand({ kind: 'pauseRecording', mode: 'paused' });
  return NEXT;
};

export const recordingResume: Begin = (stage) => {
  stage.demand({ kind: 'pauseRecording', mode: 'running' });
  return NEXT;
};

/** What never began, or has ended, is stopped. */
export const recordingStop: Begin = (stage) => {
  stage.demand({ kind: 'stopRecording' });
  return NEXT;
};
