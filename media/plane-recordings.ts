import { assert } from '../core/kernel/assert.ts';
import type { LegId, MixId, RecordingNumber } from '../core/kernel/ids.ts';
import { LiveMap } from '../core/kernel/live-map.ts';
import type { RecordersPlane, RecordingRequest } from '../core/ports.ts';
import type { PlaneOutput } from './plane-output.ts';
import type { FromFiles, RecordedTrack, ToWorker } from './protocol.ts';
import { type RecordingOrder, RING_REASON } from './recording.ts';
import { PcmRing } from './ring.ts';

/** Eight seconds of audio between a media thread and the file thread: a disk may stall for longer than six. */
const RING_SAMPLES = 65_536;
/** Rings kept for the next recordings: 8 MB. */
const RINGS_KEPT_MAX = 64;

export interface RecordingCounters {
  recordingsFinished: number;
  recordingsFailed: number;
  recordingSamplesLost: number;
}

/** Which thread feeds a recording, and of what. */
export type RecordedSource =
  | { readonly kind: 'leg'; readonly leg: LegId; readonly worker: number }
  | { readonly kind: 'mix'; readonly mix: MixId; readonly worker: number };

interface Entry {
  readonly source: RecordedSource | undefined;
  readonly rings: readonly SharedArrayBuffer[];
}

type Recorded = Extract<FromFiles, { kind: 'recorded' }>;

/** Recordings on their way out: rings between a media thread and the file thread, and how each ended, told once. */
export class PlaneRecordings implements RecordersPlane {
  readonly #counters: RecordingCounters;
  readonly #outputs: PlaneOutput[];
  readonly #entries = new LiveMap<RecordingNumber, Entry>();
  readonly #rings: SharedArrayBuffer[] = [];

  constructor(counters: RecordingCounters, outputs: PlaneOutput[]) {
    this.#counters = counters;
    this.#outputs = outputs;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** With no source there is nothing to record, and it fails. */
  start(recording: RecordingNumber, request: RecordingRequest, source: RecordedSource | undefined): void {
    assert(!this.#entries.has(recording), `recording ${recording} runs already`);
    if (source === undefined) {
      this.#entries.set(recording, { source, rings: [] });
      this.receive(failure(recording, 'there is no stream to record'));
      return;
    }
    const { durationMs, silenceMs, outPath, together } = request;
    const inRing = this.#takeRing();
    const outRing = outPath === undefined && together === undefined ? undefined : this.#takeRing();
    this.#entries.set(recording, { source, rings: outRing === undefined ? [inRing] : [inRing, outRing] });
    const tracks = tracksOf(request, inRing, outRing);
    this.#outputs.push({ kind: 'postFiles', message: { kind: 'record', recording, tracks } });
    const order: RecordingOrder = { recording, inRing, outRing, durationMs, silenceMs };
    const { worker } = source;
    const message =
      source.kind === 'leg'
        ? ({ kind: 'record', leg: source.leg, order } as const)
        : ({ kind: 'recordMix', mix: source.mix, order } as const);
    this.#outputs.push({ kind: 'post', worker, message });
  }

  pause(recording: RecordingNumber, mode: 'paused' | 'running'): void {
    this.#order({ kind: 'pauseRecording', recording, mode });
  }

  /** No effect on one that is over. */
  stop(recording: RecordingNumber): void {
    this.#order({ kind: 'stopRecording', recording });
  }

  salvage(recording: RecordingNumber, paths: readonly string[]): void {
    assert(!this.#entries.has(recording), `recording ${recording} runs already`);
    this.#entries.set(recording, { source: undefined, rings: [] });
    this.#outputs.push({ kind: 'postFiles', message: { kind: 'salvage', recording, paths } });
  }

  /** The files are complete: tells the core, and lets the media thread go if it still feeds them. Its source, if known. */
  receive(message: Recorded): RecordedSource | undefined {
    const { recording, reason, lostSamples } = message;
    const entry = this.#entries.get(recording);
    if (entry === undefined) return undefined;
    if (reason !== 'stopped') this.stop(recording);
    this.#entries.delete(recording);
    // After a failure the media thread may write on for a moment, so those rings are not used again.
    if (reason !== 'failed') this.#keep(entry.rings);
    this.#counters[reason === 'failed' ? 'recordingsFailed' : 'recordingsFinished']++;
    this.#counters.recordingSamplesLost += lostSamples;
    this.#outputs.push(message);
    return entry.source;
  }

  /** The thread that fed these died, or does not know them any more: what is in the rings is all there will be. */
  lose(isLost: (source: RecordedSource) => boolean): void {
    for (const { source, rings } of this.#entries.values()) {
      if (source === undefined || !isLost(source)) continue;
      for (const ring of rings) new PcmRing(ring).close(RING_REASON.failed);
    }
  }

  /** The messages with which a dead file thread would have given everything up. */
  failures(detail: string): readonly Recorded[] {
    return [...this.#entries.keys()].map((recording) => failure(recording, detail));
  }

  #order(message: Extract<ToWorker, { kind: 'stopRecording' | 'pauseRecording' }>): void {
    const worker = this.#entries.get(message.recording)?.source?.worker;
    if (worker !== undefined) this.#outputs.push({ kind: 'post', worker, message });
  }

  #takeRing(): SharedArrayBuffer {
    const ring = this.#rings.pop();
    if (ring === undefined) return PcmRing.allocate(RING_SAMPLES);
    PcmRing.clear(ring);
    return ring;
  }

  #keep(rings: readonly SharedArrayBuffer[]): void {
    for (const ring of rings) if (this.#rings.length < RINGS_KEPT_MAX) this.#rings.push(ring);
  }
}

function tracksOf(
  { inPath, outPath, together }: RecordingRequest,
  ring: SharedArrayBuffer,
  outRing: SharedArrayBuffer | undefined,
): readonly RecordedTrack[] {
  if (outRing === undefined) return [{ path: inPath, ring }];
  if (outPath !== undefined)
    return [
      { path: inPath, ring },
      { path: outPath, ring: outRing },
    ];
  return [{ path: inPath, ring, other: { ring: outRing, join: together! } }];
}

function failure(recording: RecordingNumber, detail: string): Recorded {
  return { kind: 'recorded', recording, reason: 'failed', files: [], lostSamples: 0, detail };
}
