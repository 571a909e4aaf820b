import { assert } from '../kernel/assert.ts';
import type { RecordingNumber } from '../kernel/ids.ts';
import { rfc3339, type WallTime } from '../kernel/time.ts';
import type { MediaEvent, RecordingRequest } from '../ports.ts';
import type { RecordingForm } from './recording-form.ts';
import type { RecordingRecord, RecordingReference } from './recording-record.ts';

export type RecordingStatus = RecordingRecord['status'];

/** What can happen to a recording: media takes it up, is told to stop, tells that it has ended. */
export type RecordingStep = 'begin' | 'stop' | 'end';

/** May happen, changes nothing. */
const ignore = 'ignore';
/** Cannot happen; a bug if it does. */
const never = 'never';

/** Status of a recording (platform §5.4): forward only, `ended` is final. */
export const RECORDING_TRANSITIONS: Readonly<
  Record<RecordingStatus, Readonly<Record<RecordingStep, RecordingStatus | 'ignore' | 'never'>>>
> = {
  initiating: { begin: 'recording', stop: 'stopping', end: never },
  recording: { begin: never, stop: 'stopping', end: 'ended' },
  // A limit may end it while our order to stop is on its way.
  stopping: { begin: never, stop: ignore, end: 'ended' },
  ended: { begin: never, stop: never, end: never },
};

export type Recorded = MediaEvent & { readonly kind: 'recorded' };

/** A recording that runs, or that an earlier process left behind and whose files are being repaired. */
export class Recording {
  readonly number: RecordingNumber;
  readonly endKey: 'none' | 'any' | '*' | '#';
  readonly origin: 'started' | 'left behind';
  #record: RecordingRecord;
  #failure = '';
  #mode: 'paused' | 'running' = 'running';

  constructor(
    record: RecordingRecord,
    number: RecordingNumber,
    endKey: Recording['endKey'],
    origin: Recording['origin'],
  ) {
    this.#record = record;
    this.number = number;
    this.endKey = endKey;
    this.origin = origin;
  }

  get record(): RecordingRecord {
    return this.#record;
  }

  begin(at: WallTime): void {
    this.#step('begin', { startedAt: at });
  }

  /** True when it was running; false when it is stopping already. */
  stop(at: WallTime): boolean {
    return this.#step('stop', { updatedAt: at });
  }

  /** True when this changed anything. */
  pause(mode: 'paused' | 'running'): boolean {
    const isChanged = this.#record.status === 'recording' && mode !== this.#mode;
    if (isChanged) this.#mode = mode;
    return isChanged;
  }

  end(recorded: Recorded, at: WallTime): RecordingRecord {
    const { files } = recorded;
    this.#step('end', { files, failure: this.#failureOf(recorded), endedAt: at, updatedAt: at });
    return this.#record;
  }

  markDeleted(at: WallTime): void {
    this.#record = { ...this.#record, deletedAt: at, updatedAt: at };
  }

  /** It will not be what was asked for; why, to be told at its end. */
  fail(failure: string): void {
    this.#failure = failure;
  }

  #failureOf({ reason, detail, lostSamples }: Recorded): string {
    if (this.#failure !== '') return this.#failure;
    if (this.origin === 'left behind') return detail === '' ? 'crashed' : `crashed: ${detail}`;
    if (reason === 'failed') return detail === '' ? 'failed' : detail;
    return lostSamples === 0 ? '' : `${lostSamples} samples are silence, because the disk was slow`;
  }

  #step(step: RecordingStep, changes: Partial<RecordingRecord>): boolean {
    const status = RECORDING_TRANSITIONS[this.#record.status][step];
    assert(status !== never, `${step} cannot happen to a recording that is ${this.#record.status}`);
    if (status === ignore) return false;
    this.#record = { ...this.#record, ...changes, status };
    return true;
  }
}

/**
 * `call_<id>_<RFC 3339 time>`, with `-` for the colons, which not every file system takes; that of a call whose sides are
 * in one file ends with how they are.
 */
export function recordingName(reference: RecordingReference, at: WallTime, { channels }: RecordingForm): string {
  const name = `${reference.type}_${reference.id}_${rfc3339(at).replaceAll(':', '-')}`;
  return reference.type === 'call' && channels !== 'separate' ? `${name}_${channels}` : name;
}

/** Where the files of a recording lie, and what goes into them: of a call both directions, of a conference the mix. */
export function recordingPaths(
  folder: string,
  { name, format, reference }: Pick<RecordingRecord, 'name' | 'format' | 'reference'>,
): Pick<RecordingRequest, 'inPath' | 'outPath' | 'together'> {
  const path = `${folder}/${name}`;
  const together = (['stereo', 'mixed'] as const).find((channels) => name.endsWith(`_${channels}`));
  if (together !== undefined) return { inPath: `${path}.${format}`, outPath: undefined, together };
  const outPath = reference.type === 'call' ? `${path}_out.${format}` : undefined;
  return { inPath: `${path}_in.${format}`, outPath, together };
}

/** Reserved variables of the flow that runs when it has ended (platform §3.3). */
export function recordingVariables(record: RecordingRecord): Record<string, string> {
  return {
    'voipbin.recording.id': record.id,
    'voipbin.recording.reference_type': record.reference.type,
    'voipbin.recording.reference_id': record.reference.id,
    'voipbin.recording.format': record.format,
    'voipbin.recording.recording_name': record.name,
    'voipbin.recording.filenames': record.files.map(({ name }) => name).join(','),
  };
}
