import Type, { type Static } from 'typebox';
import { RECORDING_CHANNELS, RECORDING_FORMATS, recordingFormOf } from '../core/calls/recording-form.ts';
import type { RecordingLimits } from '../core/flows/call-control.ts';
import type { FlowId } from '../core/kernel/ids.ts';
import { idFrom, OptionalId } from './schema.ts';

const SECONDS_MAX = 86_400;

/** What a recording is started with, for calls and conferences alike. */
export const Recorded = Type.Object({
  format: Type.Optional(Type.Enum(['', ...RECORDING_FORMATS], { description: 'wav, or ogg for Ogg with Opus' })),
  channels: Type.Optional(
    Type.Enum(['', ...RECORDING_CHANNELS], {
      description: 'of a call: each side in a file (usual for wav), both beside each other (usual for ogg), or mixed',
    }),
  ),
  end_of_silence: Type.Optional(
    Type.Integer({ minimum: 0, maximum: SECONDS_MAX, description: `0 to ${SECONDS_MAX} seconds, 0 for never` }),
  ),
  end_of_key: Type.Optional(Type.Enum(['', 'none', 'any', '*', '#'], { description: 'none, any, * or #' })),
  duration: Type.Optional(
    Type.Integer({ minimum: 0, maximum: SECONDS_MAX, description: `0 to ${SECONDS_MAX} seconds, 0 for no limit` }),
  ),
  on_end_flow_id: OptionalId,
});

/** What may be asked of a recording that runs. */
export const RECORDING_PAUSES = [
  ['/recording_pause', 'paused', 'Leave out what is said from now on from the recording'],
  ['/recording_resume', 'running', 'Go on with the recording'],
] as const;

export function recordingLimits(given: Static<typeof Recorded>): RecordingLimits {
  return {
    durationMs: (given.duration ?? 0) * 1000,
    silenceMs: (given.end_of_silence ?? 0) * 1000,
    endKey: given.end_of_key || 'none',
    onEndFlowId: idFrom<FlowId>(given.on_end_flow_id),
    form: recordingFormOf(given.format ?? '', given.channels ?? ''),
  };
}
