import { dirname } from 'node:path';
import type { RecordingFile } from '../core/calls/recording-record.ts';
import type { RecordingNumber } from '../core/kernel/ids.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { OpusLibrary } from './codec/opus.ts';
import type { FileSystem } from './file-system.ts';
import { OggWriter } from './ogg-writer.ts';
import type { FromFiles, RecordedTrack } from './protocol.ts';
import { type TrackSource, trackSourceOf } from './recorded-track.ts';
import { RING_REASON, type RingReason } from './recording.ts';
import type { RecordingWriter } from './recording-writer.ts';
import { WavWriter } from './wav-writer.ts';

/** How often the headers on disk are brought up to date: a crash loses no more than this and what the rings hold. */
const HEADER_EVERY_MS = 500;

/** A disk with less room than this is left to the recordings that run, the journal and the calls. */
const FREE_SHARE_MIN = 0.05;

const REASONS = Object.keys(RING_REASON) as readonly RingReason[];

/** What all recorders of a thread share: memory for samples on their way out and bytes read back, and what makes Opus of samples. */
export interface RecorderMeans {
  readonly samples: Int16Array;
  readonly bytes: Uint8Array;
  readonly opus: () => OpusLibrary | undefined;
}

interface Track {
  readonly writer: RecordingWriter;
  readonly source: TrackSource | undefined;
}

/**
 * The files of one recording: written from rings until those are closed and drained, then read once for their hashes.
 * Whatever the disk refuses ends it: the files keep what they have, with headers that say so.
 */
export class Recorder {
  readonly #number: RecordingNumber;
  readonly #means: RecorderMeans;
  readonly #tracks: Track[] = [];
  readonly #files: RecordingFile[] = [];
  #state: 'writing' | 'measuring' = 'writing';
  #reason: RingReason = 'stopped';
  #detail = '';
  #headerAt: Instant;

  private constructor(number: RecordingNumber, means: RecorderMeans, now: Instant) {
    this.#number = number;
    this.#means = means;
    this.#headerAt = now;
  }

  /** Creates the files. When one cannot be, or the disk is nearly full, it is over before it began: none is left. */
  static record(
    fileSystem: FileSystem,
    { recording, tracks }: { readonly recording: RecordingNumber; readonly tracks: readonly RecordedTrack[] },
    means: RecorderMeans,
    now: Instant,
  ): Recorder {
    const recorder = new Recorder(recording, means, now);
    try {
      requireRoom(fileSystem, tracks[0]!.path);
      for (const track of tracks) {
        const source = trackSourceOf(track);
        const writer = createWriter(fileSystem, track.path, source.channelCount, means.opus);
        recorder.#tracks.push({ writer, source });
      }
    } catch (error) {
      recorder.#abandon(fileSystem, error);
    }
    return recorder;
  }

  /** Takes up files that a crash left behind, and puts them right. */
  static salvage(
    fileSystem: FileSystem,
    { recording, paths }: { readonly recording: RecordingNumber; readonly paths: readonly string[] },
    means: RecorderMeans,
    now: Instant,
  ): Recorder {
    const recorder = new Recorder(recording, means, now);
    for (const path of paths) {
      try {
        const writer = isOgg(path) ? OggWriter.reopen(fileSystem, path) : WavWriter.reopen(fileSystem, path);
        recorder.#tracks.push({ writer, source: undefined });
      } catch (error) {
        recorder.#fail(error);
      }
    }
    recorder.#state = 'measuring';
    return recorder;
  }

  get isMeasuring(): boolean {
    return this.#state === 'measuring';
  }

  uses(path: string): boolean {
    return this.#tracks.some(({ writer }) => writer.path === path);
  }

  /** Writes what the rings hold. When they are closed and empty, or the disk fails, it goes on to `measure`. */
  drain(now: Instant): void {
    // Read before draining: what was written before the rings closed is then certainly seen.
    const isClosed = this.#tracks.every(({ source }) => source!.isClosed);
    try {
      for (const track of this.#tracks) this.#drainTrack(track, isClosed);
      if (isClosed) this.finish();
      else if (now - this.#headerAt >= HEADER_EVERY_MS) {
        this.#headerAt = now;
        for (const { writer } of this.#tracks) writer.bringUpToDate();
      }
    } catch (error) {
      this.#fail(error);
      this.finish();
    }
  }

  /** No more is written. The reason is what the rings were closed for. */
  finish(): void {
    this.#state = 'measuring';
    const reason = this.#tracks[0]?.source?.reason ?? 0;
    if (this.#detail === '' && reason > 0) {
      this.#reason = REASONS[reason - 1]!;
      if (this.#reason === 'failed') this.#detail = 'the media thread was lost';
    }
    for (const { writer } of this.#tracks) {
      try {
        writer.finish();
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** A piece of the reading back; the outcome, once, at its end. */
  measure(): (FromFiles & { readonly kind: 'recorded' }) | undefined {
    const track = this.#tracks[this.#files.length];
    if (track !== undefined) {
      try {
        const file = track.writer.measure(this.#means.bytes);
        if (file !== undefined) this.#files.push(file);
      } catch (error) {
        this.#fail(error);
        track.writer.close();
        this.#tracks.splice(this.#files.length, 1);
      }
      return undefined;
    }
    return {
      kind: 'recorded',
      recording: this.#number,
      reason: this.#reason,
      files: this.#files,
      lostSamples: this.#tracks.reduce((sum, { source }) => sum + (source?.lostSamples ?? 0), 0),
      detail: this.#detail,
    };
  }

  #drainTrack({ writer, source }: Track, isClosed: boolean): void {
    const { samples } = this.#means;
    for (let count = -1; count !== 0; ) {
      count = source!.read(samples, isClosed);
      writer.append(samples, count);
    }
  }

  #fail(error: unknown): void {
    this.#reason = 'failed';
    this.#detail ||= (error as Error).message;
  }

  #abandon(fileSystem: FileSystem, error: unknown): void {
    this.#fail(error);
    this.#state = 'measuring';
    for (const { writer } of this.#tracks.splice(0)) {
      writer.close();
      fileSystem.remove(writer.path);
    }
  }
}

function isOgg(path: string): boolean {
  return path.endsWith('.ogg');
}

function createWriter(
  fileSystem: FileSystem,
  path: string,
  channelCount: 1 | 2,
  opus: RecorderMeans['opus'],
): RecordingWriter {
  if (!isOgg(path)) return WavWriter.create(fileSystem, path, channelCount);
  const library = opus();
  if (library === undefined) throw new Error('no libopus is on this machine: record WAV, or install it');
  return OggWriter.create(fileSystem, path, channelCount, library);
}

/** Throws when the disk has less room than new recordings may use, or what the disk throws. */
function requireRoom(fileSystem: FileSystem, path: string): void {
  const free = fileSystem.freeShare(dirname(path));
  if (free >= FREE_SHARE_MIN) return;
  const percent = (100 * free).toFixed(1);
  throw new Error(
    `expected at least ${100 * FREE_SHARE_MIN} % of the disk free, got ${percent} %: make room for recordings`,
  );
}
