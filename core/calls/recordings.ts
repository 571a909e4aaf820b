import type { Settled } from '../accounts.ts';
import type { Refusal } from '../command.ts';
import type { CallNews, RecordingLimits } from '../flows/call-control.ts';
import type { Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { ActiveflowId, CallId, CustomerId, RecordingId } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import { type Instant, NEVER } from '../kernel/time.ts';
import type { Flows, MediaEvent, MediaPlane, RecordingSource, Store, StoreEvent } from '../ports.ts';
import type { RecordingRecord, RecordingReference } from './recording-record.ts';

export interface RecordingsPorts {
  readonly media: Pick<MediaPlane, 'record' | 'stopRecording' | 'salvage' | 'removeFiles'>;
  readonly flows: Pick<Flows, 'start'>;
  readonly store: Store;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
  /** Receipts of the calls' own range: nobody else's writes carry them. */
  readonly nextReceipt: () => number;
  /** Queues news for the flow of a call, if one runs on it. */
  readonly tell: (call: CallId, news: CallNews) => void;
  /** Where the files lie; without a slash at its end. */
  readonly folder: string;
}

export interface RecordingStart {
  readonly reference: RecordingReference;
  readonly customerId: CustomerId;
  readonly source: RecordingSource;
  readonly limits: RecordingLimits;
  readonly activeflowId: ActiveflowId | null;
  /** Of the command that asked for it, told by `poll` once the row is committed; undefined for a flow. */
  readonly ticket: number | undefined;
}

/** What is being recorded, until its final row is committed. */
export class Recordings {
  readonly counters = { started: 0, finished: 0, failed: 0, samplesLost: 0, commitsFailed: 0, forgotten: 0 };
  readonly #ports: RecordingsPorts;

  constructor(ports: RecordingsPorts) {
    this.#ports = ports;
  }

  /** Recordings that run now. */
  get liveCount(): number {
    return 0;
  }

  /** The recording of this call or conference that runs now. */
  liveOf(_reference: RecordingReference): RecordingRecord | undefined {
    return undefined;
  }

  /** A recording that runs, or has ended lately in this process. */
  recordOf(_id: RecordingId): RecordingRecord | undefined {
    return undefined;
  }

  /** Begins at once; one at a time for each reference. News to a call: recordingStarted, later recordingEnded. */
  start(_start: RecordingStart, _now: Instant): RecordingRecord | Refusal {
    return { code: 'NOT_IMPLEMENTED', message: 'not built yet' };
  }

  /** Asks the recording to end; `receive` tells when it has. */
  stop(_reference: RecordingReference, _now: Instant): Refusal | undefined {
    return undefined;
  }

  /** A key that the far end pressed may be the one that ends its recording. */
  digit(_call: CallId, _digit: string, _now: Instant): void {}

  /** The call or conference ends. To be said before its leg is closed. */
  over(_reference: RecordingReference, _now: Instant): void {}

  /** The record, when this ended a recording: of a call, it is not being recorded any more. */
  receive(_event: MediaEvent & { kind: 'recorded' }, _now: Instant): RecordingRecord | undefined {
    return undefined;
  }

  /** To be told of every store event, after the accounts have been: deletions by command are seen here. */
  receiveStore(_event: StoreEvent, _now: Instant): void {}

  /** Takes up recordings that an earlier process left behind: their files are repaired and their rows ended. */
  restore(_left: readonly RecordingRecord[], _now: Instant): void {}

  /** Acts on one due timer: final rows that could not be stored are tried again. */
  expire(_now: Instant): void {}

  deadline(): Instant {
    return this.#ports === undefined ? 0 : NEVER;
  }

  /** The next command that has ended. */
  poll(): Settled | undefined {
    return undefined;
  }
}
