import { readFileSync, statSync } from 'node:fs';
import { type Instant, NEVER } from '../core/kernel/time.ts';
import { decodeWav } from './audio-file.ts';
import { PcmCache } from './pcm-cache.ts';
import type { FromFiles, ToFiles } from './protocol.ts';
import { Recorder } from './recorder.ts';

/** Rings hold two seconds; draining five times a second leaves room for a slow disk. */
const DRAIN_EVERY_MS = 200;

export interface AudioFilesOptions {
  readonly cacheBytes: number;
  /** A larger file is refused. */
  readonly fileBytesMax: number;
}

/**
 * The one place that opens audio files: decodes those that are played into shared memory, and writes those that are
 * recorded from rings. Runs on a thread of its own, so that no media thread ever waits for a disk.
 */
export class AudioFiles {
  readonly #options: AudioFilesOptions;
  readonly #cache: PcmCache;
  readonly #recordings = new Map<number, Recorder>();
  readonly #outputs: FromFiles[] = [];
  #drainAt: Instant = NEVER;

  constructor(options: AudioFilesOptions) {
    this.#options = options;
    this.#cache = new PcmCache(options.cacheBytes);
  }

  receive(message: ToFiles, now: Instant): void {
    if (message.kind === 'load') this.#load(message.request, message.path);
    else this.#record(message, now);
  }

  deadline(): Instant {
    return this.#drainAt;
  }

  expire(now: Instant): void {
    if (now < this.#drainAt) return;
    for (const [recording, recorder] of this.#recordings) {
      if (this.#drain(recording, recorder, now)) this.#finish(recording, recorder, now);
    }
    this.#drainAt = this.#recordings.size > 0 ? now + DRAIN_EVERY_MS : NEVER;
  }

  poll(): FromFiles | undefined {
    return this.#outputs.shift();
  }

  /** Writes what the rings hold and closes every file: before the thread ends. */
  close(now: Instant): void {
    for (const [recording, recorder] of this.#recordings) {
      this.#drain(recording, recorder, now);
      if (this.#recordings.has(recording)) this.#finish(recording, recorder, now);
    }
    this.#drainAt = NEVER;
  }

  #load(request: number, path: string): void {
    try {
      const { mtimeMs, size } = statSync(path);
      if (size > this.#options.fileBytesMax) {
        this.#failLoad(request, `${path}: expected at most ${this.#options.fileBytesMax} bytes, got ${size}`);
        return;
      }
      const key = `${path}\n${mtimeMs}\n${size}`;
      const samples = this.#cache.get(key) ?? this.#decode(request, path, key);
      if (samples !== undefined) this.#outputs.push({ kind: 'loaded', request, samples });
    } catch (error) {
      this.#failLoad(request, (error as Error).message);
    }
  }

  #decode(request: number, path: string, key: string): SharedArrayBuffer | undefined {
    const decoded = decodeWav(readFileSync(path));
    if (decoded.kind === 'decoded') return this.#cache.put(key, decoded.samples);
    this.#failLoad(request, `${path}: ${decoded.detail}`);
    return undefined;
  }

  #failLoad(request: number, detail: string): void {
    this.#outputs.push({ kind: 'loadFailed', request, detail });
  }

  #record({ recording, path, ring }: ToFiles & { kind: 'record' }, now: Instant): void {
    try {
      this.#recordings.set(recording, new Recorder(path, ring, now));
      this.#drainAt = Math.min(this.#drainAt, now + DRAIN_EVERY_MS);
    } catch (error) {
      this.#outputs.push({ kind: 'recordFailed', recording, detail: (error as Error).message });
    }
  }

  #drain(recording: number, recorder: Recorder, now: Instant): boolean {
    try {
      return recorder.drain(now);
    } catch (error) {
      this.#recordings.delete(recording);
      recorder.abandon();
      this.#outputs.push({ kind: 'recordFailed', recording, detail: (error as Error).message });
      return false;
    }
  }

  #finish(recording: number, recorder: Recorder, now: Instant): void {
    this.#recordings.delete(recording);
    const { durationMs, lostSamples } = recorder;
    try {
      recorder.finish(now);
      this.#outputs.push({ kind: 'recorded', recording, durationMs, lostSamples });
    } catch (error) {
      this.#outputs.push({ kind: 'recordFailed', recording, detail: (error as Error).message });
    }
  }
}
