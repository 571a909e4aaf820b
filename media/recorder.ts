import { dirname } from 'node:path';
import type { RecordingFile } from '../core/calls/recording-record.ts';
import type { RecordingNumber } from '../core/kernel/ids.ts';
import type { Instant } from '../core/kernel/time.ts';
import type { FileSystem } from './file-system.ts';
import type { FromFiles, RecordedTrack } from './protocol.ts';
import { RING_REASON, type RingReason } from './recording.ts';
import { PcmRing } from './ring.ts';
import { WavWriter } from './wav-writer.ts';

/** How often the headers on disk are brought up to date: a crash loses no more than this and what the rings hold. */
const HEADER_EVERY_MS = 500;

/** A disk with less room than this is left to the recordings that run, the journal and the calls. */
const FREE_SHARE_MIN = 0.05;

const REASONS = Object.keys(RING_REASON) as readonly RingReason[];

/** Memory that all recorders of a thread share: samples on their way out, and bytes read back. */
export interface RecorderBuffers {
  readonly samples: Int16Array;
  readonly bytes: Uint8Array;
}

interface Track {
  readonly writer: WavWriter;
  readonly ring: PcmRing | undefined;
}

/**
 * The files of one recording: written from rings until those are closed and drained, then read once for their hashes.
 * Whatever the disk refuses ends it: the files keep what they have, with headers that say so.
 */
export class Recorder {
  readonly #number: RecordingNumber;
  readonly #buffers: RecorderBuffers;
  readonly #tracks: Track[] = [];
  readonly #files: RecordingFile[] = [];
  #state: 'writing' | 'measuring' = 'writing';
  #reason: RingReason = 'stopped';
  #detail = '';
  #headerAt: Instant;

  private constructor(number: RecordingNumber, buffers: RecorderBuffers, now: Instant) {
    this.#number = number;
    this.#buffers = buffers;
    this.#headerAt = now;
  }

  /** Creates the files. When one cannot be, or the disk is nearly full, it is over before it began: none is left. */
  static record(
    fileSystem: FileSystem,
    { recording, tracks }: { readonly recording: RecordingNumber; readonly tracks: readonly RecordedTrack[] },
    buffers: RecorderBuffers,
    now: Instant,
  ): Recorder {
    const recorder = new Recorder(recording, buffers, now);
    try {
      requireRoom(fileSystem, tracks[0]!.path);
      for (const { path, ring } of tracks) {
        recorder.#tracks.push({ writer: WavWriter.create(fileSystem, path), ring: new PcmRing(ring) });
      }
    } catch (error) {
      recorder.#abandon(fileSystem, error);
    }
    return recorder;
  }

  /** Takes up files that a crash left behind, and puts their headers right. */
  static salvage(
    fileSystem: FileSystem,
    { recording, paths }: { readonly recording: RecordingNumber; readonly paths: readonly string[] },
    buffers: RecorderBuffers,
    now: Instant,
  ): Recorder {
    const recorder = new Recorder(recording, buffers, now);
    for (const path of paths) {
      try {
        recorder.#tracks.push({ writer: WavWriter.reopen(fileSystem, path), ring: undefined });
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
    const isClosed = this.#tracks.every(({ ring }) => ring!.closed);
    try {
      for (const track of this.#tracks) this.#drainTrack(track);
      if (isClosed) this.finish();
      else if (now - this.#headerAt >= HEADER_EVERY_MS) {
        this.#headerAt = now;
        for (const { writer } of this.#tracks) writer.writeHeader();
      }
    } catch (error) {
      this.#fail(error);
      this.finish();
    }
  }

  /** No more is written. The reason is what the rings were closed for. */
  finish(): void {
    this.#state = 'measuring';
    const reason = this.#tracks[0]?.ring?.reason ?? 0;
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
        const file = track.writer.measure(this.#buffers.bytes);
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
      lostSamples: this.#tracks.reduce((sum, { ring }) => sum + (ring?.lostSamples ?? 0), 0),
      detail: this.#detail,
    };
  }

  #drainTrack({ writer, ring }: Track): void {
    const { samples } = this.#buffers;
    for (let count = ring!.read(samples); count > 0; count = ring!.read(samples)) writer.append(samples, count);
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

/** Throws when the disk has less room than new recordings may use, or what the disk throws. */
function requireRoom(fileSystem: FileSystem, path: string): void {
  const free = fileSystem.freeShare(dirname(path));
  if (free >= FREE_SHARE_MIN) return;
  const percent = (100 * free).toFixed(1);
  throw new Error(
    `expected at least ${100 * FREE_SHARE_MIN} % of the disk free, got ${percent} %: make room for recordings`,
  );
}
