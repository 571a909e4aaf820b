import type { LegId } from '../core/kernel/ids.ts';
import type { FromFiles, ToFiles } from './protocol.ts';
import { PcmRing } from './ring.ts';

/** Two seconds of audio between a media thread and the file thread. */
const RING_SAMPLES = 16_384;

/** A file that was asked for is in memory, or why not. */
export type Loaded =
  | { readonly leg: LegId; readonly play: number; readonly samples: SharedArrayBuffer }
  | { readonly leg: LegId; readonly play: number; readonly detail: string };

export interface FileCounters {
  recordingsFinished: number;
  recordingsFailed: number;
  recordingSamplesLost: number;
}

/** What the plane has with the file thread: files on their way in, recordings on their way out. */
export class PlaneFiles {
  readonly #counters: FileCounters;
  readonly #loading = new Map<number, LegId>();
  readonly #recordings = new Map<number, { readonly leg: LegId; readonly ring: PcmRing }>();
  #recording = 0;

  constructor(counters: FileCounters) {
    this.#counters = counters;
  }

  load(leg: LegId, play: number, path: string): ToFiles {
    this.#loading.set(play, leg);
    return { kind: 'load', request: play, path };
  }

  record(leg: LegId, path: string): ToFiles & { readonly kind: 'record' } {
    const ring = PcmRing.allocate(RING_SAMPLES);
    const recording = ++this.#recording;
    this.#recordings.set(recording, { leg, ring: new PcmRing(ring) });
    return { kind: 'record', recording, path, ring };
  }

  /** What a file asked for has become; undefined when nobody waits for it, or the message is about a recording. */
  receive(message: FromFiles): Loaded | undefined {
    switch (message.kind) {
      case 'loaded':
      case 'loadFailed': {
        const { request } = message;
        const leg = this.#loading.get(request);
        this.#loading.delete(request);
        if (leg === undefined) return undefined;
        const outcome = message.kind === 'loaded' ? { samples: message.samples } : { detail: message.detail };
        return { leg, play: request, ...outcome };
      }
      case 'recorded':
        this.#recordings.delete(message.recording);
        this.#counters.recordingsFinished++;
        this.#counters.recordingSamplesLost += message.lostSamples;
        return undefined;
      case 'recordFailed':
        this.#recordings.delete(message.recording);
        this.#counters.recordingsFailed++;
        return undefined;
    }
  }

  /** The thread that fed these legs' recordings died: what is in the rings is all there will be. */
  endRecordings(legs: ReadonlySet<LegId>): void {
    for (const { leg, ring } of this.#recordings.values()) if (legs.has(leg)) ring.close();
  }

  /** The messages with which a dead file thread would have given everything up. */
  failures(detail: string): readonly FromFiles[] {
    return [
      ...[...this.#loading.keys()].map((request) => ({ kind: 'loadFailed', request, detail }) as const),
      ...[...this.#recordings.keys()].map((recording) => ({ kind: 'recordFailed', recording, detail }) as const),
    ];
  }
}
