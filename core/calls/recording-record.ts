import type { ActiveflowId, CallId, ConferenceId, CustomerId, FlowId, RecordingId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { RecordingForm } from './recording-form.ts';

/** One file of a recording; complete once the recording has ended. */
export interface RecordingFile {
  /** File name in the folder of recordings. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly durationMs: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export type RecordingReference =
  | { readonly type: 'call'; readonly id: CallId }
  | { readonly type: 'confbridge'; readonly id: ConferenceId };

/** A recording as users see it and the store keeps it (platform §5.4). */
export interface RecordingRecord {
  readonly id: RecordingId;
  readonly customerId: CustomerId;
  readonly reference: RecordingReference;
  readonly status: 'initiating' | 'recording' | 'stopping' | 'ended';
  readonly format: RecordingForm['format'];
  readonly name: string;
  /** Empty until it has ended. A call has `_in` and `_out`, or both in one; a conference `_in` alone. */
  readonly files: readonly RecordingFile[];
  /** '' when all went well, else why the file is short or missing. */
  readonly failure: string;
  readonly activeflowId: ActiveflowId | null;
  readonly onEndFlowId: FlowId | null;
  readonly startedAt: WallTime | null;
  readonly endedAt: WallTime | null;
  readonly createdAt: WallTime;
  readonly updatedAt: WallTime | null;
  readonly deletedAt: WallTime | null;
}
