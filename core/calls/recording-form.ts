export const RECORDING_FORMATS = ['wav', 'ogg'] as const;
export const RECORDING_CHANNELS = ['separate', 'stereo', 'mixed'] as const;

/** What the files of a recording are. A conference is one channel in one file, whatever was wished. */
export interface RecordingForm {
  /** WAV, or Ogg with Opus. */
  readonly format: (typeof RECORDING_FORMATS)[number];
  /** Of a call: each side has a file, both are beside each other in one, or mixed. */
  readonly channels: (typeof RECORDING_CHANNELS)[number];
}

/** As users name it; '' for what is usual: WAV, each side in a file, and Ogg with both sides beside each other. */
export function recordingFormOf(
  format: RecordingForm['format'] | '',
  channels: RecordingForm['channels'] | '',
): RecordingForm {
  return { format: format || 'wav', channels: channels || (format === 'ogg' ? 'stereo' : 'separate') };
}
