import type { CallNews } from '../flows/call-control.ts';
import type { CallId, LegId, RecordingId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { Archive, ArchiveEvent, HttpClient, HttpEvent, MediaEvent, MediaPlane } from '../ports.ts';
import type { Party } from './party.ts';
import type { RecordingRecord } from './recording-record.ts';

export interface SoundsPorts {
  readonly media: Pick<MediaPlane, 'play' | 'stopPlaying' | 'removeFiles'>;
  readonly http: HttpClient;
  readonly archive: Archive;
  /** A recording that is in memory. */
  readonly recordingOf: (id: RecordingId) => RecordingRecord | undefined;
  /** Queues news for the flow of a call, if one runs on it. */
  readonly tell: (call: CallId, news: CallNews) => void;
  /** Folders, without a slash at their end. What lies in the cache may be removed at any start. */
  readonly folders: { readonly prompts: string; readonly recordings: string; readonly cache: string };
}

/** What is being played to calls: lists of sources, one after the other. */
export class Sounds {
  readonly counters = { played: 0, failed: 0, downloads: 0, downloadsFailed: 0, downloadsSpared: 0 };
  readonly #ports: SoundsPorts;

  constructor(ports: SoundsPorts) {
    this.#ports = ports;
  }

  /** Calls that are being played to now. */
  get liveCount(): number {
    return this.#ports === undefined ? 1 : 0;
  }

  /**
   * Plays in order: http(s) URLs of WAV, `prompt:NAME`, `recording:ID`, `tone:NAME`; replaces what it played before,
   * without news of that. News: played, when the last has ended; failed when not one could be played.
   */
  start(_party: Party, _urls: readonly string[], _token: number, _now: Instant): void {}

  /** Stops playing to the leg, without news. Without effect when nothing is played. */
  stop(_leg: LegId): void {}

  /** The leg is closed, or plays something else from now on: nothing is done to it any more. */
  over(_leg: LegId): void {}

  receive(_event: (MediaEvent & { kind: 'played' }) | HttpEvent | ArchiveEvent, _now: Instant): void {}
}
