import type { Directory } from '../directory/directory.ts';
import type { CallId, LegId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { Archive, Flows, HttpClient, MediaPlane, Signaling } from '../ports.ts';
import type { CallRecord } from './call-record.ts';
import type { ConferencecallRecord } from './conferencecall-record.ts';
import type { LedgerPorts } from './ledger.ts';
import type { RecordingRecord } from './recording-record.ts';

/** Who judges the load of the whole switch; without it all calls are let in. */
export interface Admission {
  /** Whether one more call may begin, as of somebody who calls. Each that is let in counts. */
  judge(now: Instant): 'admitted' | 'overloaded' | 'draining';
}

export interface SwitchPorts extends LedgerPorts {
  readonly directory: Directory;
  readonly signaling: Signaling;
  readonly media: MediaPlane;
  readonly flows?: Flows;
  readonly http?: HttpClient;
  readonly archive?: Archive;
  /** Leg numbers are shared with signalling, which numbers the legs that it offers. */
  readonly nextLeg: () => LegId;
  readonly admission?: Admission;
  /** An unanswered callee is given up after this long. */
  readonly ringTimeoutMs: number;
  /** Longest duration of an answered call. */
  readonly durationMaxMs: number;
  /** ISO 3166-1 alpha-2, for national forms of numbers; none by default. */
  readonly country?: string;
  /** Without a slash at their end. */
  readonly folders?: { readonly prompts: string; readonly recordings: string; readonly cache: string };
}

/** What an earlier process left behind. */
export interface LeftBehind {
  readonly calls: readonly CallRecord[];
  readonly dialogs: ReadonlyMap<CallId, string>;
  readonly conferencecalls?: readonly ConferencecallRecord[];
  readonly recordings?: readonly RecordingRecord[];
}
