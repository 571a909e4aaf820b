import type { CallRecord } from '../core/calls/call-record.ts';
import type { RecordingRecord } from '../core/calls/recording-record.ts';
import type { Conference, Flow } from '../core/directory/records.ts';
import type { Json } from '../core/flows/action.ts';
import type { Journal } from '../core/journal.ts';
import type { Calendar } from '../core/kernel/clock.ts';
import type { CallId, ConferenceId, FlowId } from '../core/kernel/ids.ts';
import type { Random } from '../core/kernel/random.ts';
import type { HttpClient, ScriptLinks, Store } from '../core/ports.ts';

/** What whoever runs flows needs of the others. */
export interface FlowPorts {
  readonly directory: {
    readonly flows: ReadonlyMap<FlowId, Flow>;
    readonly conferences: ReadonlyMap<ConferenceId, Conference>;
  };
  readonly journal: Journal;
  readonly store: Store;
  readonly calendar: Calendar;
  readonly random: Random;
  readonly http: HttpClient;
  readonly scripts: ScriptLinks;
  /** The call as it is; undefined when it is over. */
  readonly callOf: (id: CallId) => CallRecord | undefined;
  /** In the shapes that users know: what programs and `voipbin.flow.reference_data` get. */
  readonly presentCall: (call: CallRecord) => Json;
  readonly presentRecording: (recording: RecordingRecord) => Json;
}
