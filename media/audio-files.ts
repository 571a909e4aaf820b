import { type Instant, NEVER } from '../core/kernel/time.ts';
import { type AudioLibraries, decodeAudio } from './decode-audio.ts';
import type { Decoding } from './decoding.ts';
import { disk, type FileSystem } from './file-system.ts';
import { PcmCache } from './pcm-cache.ts';
import type { FromFiles, ToFiles } from './protocol.ts';
import { Recorder, type RecorderMeans } from './recorder.ts';

/** Rings hold eight seconds; four writes a second and file keep a disk busy with few large ones. */
const DRAIN_EVERY_MS = 250;
const SAMPLES = 16_384;
const READ_BYTES = 256 * 1024;
/** Reading back for hashes between two looks at the rings: 4 MB, some ten milliseconds. */
const PIECES_PER_TURN = 16;

/** A library that is being made ready is asked again after so long. */
const LIBRARY_POLL_MS = 5;
const NO_LIBRARIES: AudioLibraries = { opus: () => undefined, mp3: undefined };

/** A file that is wanted in memory. */
interface Load {
  readonly request: number;
  readonly path: string;
  readonly key: string;
  /** Undefined before its turn. */
  decoding: Decoding | undefined;
}

export interface AudioFilesOptions {
  readonly cacheBytes: number;
  /** A larger file is refused. */
  readonly fileBytesMax: number;
  readonly fileSystem?: FileSystem;
  /** Without them nothing compressed is played or recorded. */
  readonly libraries?: AudioLibraries;
}

/**
 * The one place that opens audio files: decodes those that are played into shared memory, and writes those that are
 * recorded from rings. Runs on a thread of its own, so that no media thread ever waits for a disk.
 */
export class AudioFiles {
  readonly #options: AudioFilesOptions;
  readonly #fileSystem: FileSystem;
  readonly #cache: PcmCache;
  readonly #recorders = new Set<Recorder>();
  readonly #means: RecorderMeans;
  /** Files to remove once no recorder has them. */
  #unwanted: string[] = [];
  /** In the order of their coming; the first is being decoded. */
  readonly #loads: Load[] = [];
  readonly #outputs: FromFiles[] = [];
  #drainAt: Instant = NEVER;
  #decodeAt: Instant = NEVER;
  /** Files that could not be removed. */
  removalsFailed = 0;

  constructor(options: AudioFilesOptions) {
    this.#options = options;
    this.#fileSystem = options.fileSystem ?? disk;
    this.#cache = new PcmCache(options.cacheBytes);
    const { opus } = options.libraries ?? NO_LIBRARIES;
    this.#means = { samples: new Int16Array(SAMPLES), bytes: new Uint8Array(READ_BYTES), opus };
  }

  receive(message: ToFiles, now: Instant): void {
    switch (message.kind) {
      case 'load':
        this.#load(message.request, message.path, now);
        return;
      case 'record':
        this.#include(Recorder.record(this.#fileSystem, message, this.#means, now), now);
        return;
      case 'salvage':
        this.#include(Recorder.salvage(this.#fileSystem, message, this.#means, now), now);
        return;
      case 'remove':
        this.#unwanted.push(...message.paths);
        this.#removeUnwanted();
        return;
    }
  }

  deadline(): Instant {
    return Math.min(this.#drainAt, this.#decodeAt);
  }

  expire(now: Instant): void {
    if (now >= this.#drainAt) this.#drain(now);
    if (now >= this.#decodeAt) this.#decode(now);
  }

  poll(): FromFiles | undefined {
    return this.#outputs.shift();
  }

  #drain(now: Instant): void {
    for (const recorder of this.#recorders) if (!recorder.isMeasuring) recorder.drain(now);
    const isMeasuring = this.#measure(PIECES_PER_TURN);
    this.#drainAt = isMeasuring ? now : this.#recorders.size > 0 ? now + DRAIN_EVERY_MS : NEVER;
  }

  /** Writes what the rings hold and finishes every file: before the thread ends. */
  close(now: Instant): void {
    for (const recorder of this.#recorders) {
      if (!recorder.isMeasuring) recorder.drain(now);
      if (!recorder.isMeasuring) recorder.finish();
    }
    this.#measure(Number.POSITIVE_INFINITY);
    this.#drainAt = NEVER;
  }

  #include(recorder: Recorder, now: Instant): void {
    this.#recorders.add(recorder);
    this.#drainAt = recorder.isMeasuring ? now : Math.min(this.#drainAt, now + DRAIN_EVERY_MS);
  }

  /** Reads back what has ended, one piece each in turns; true while something is left. */
  #measure(pieces: number): boolean {
    let left = pieces;
    for (let isLeft = true; isLeft && left > 0; ) {
      isLeft = false;
      for (const recorder of this.#recorders) {
        if (!recorder.isMeasuring) continue;
        isLeft = true;
        left--;
        const outcome = recorder.measure();
        if (outcome === undefined) continue;
        this.#recorders.delete(recorder);
        this.#outputs.push(outcome);
      }
    }
    this.#removeUnwanted();
    return [...this.#recorders].some(({ isMeasuring }) => isMeasuring);
  }

  #removeUnwanted(): void {
    if (this.#unwanted.length === 0) return;
    const isInUse = (path: string) =>
      [...this.#recorders].some((recorder) => recorder.uses(path)) || this.#loads.some((load) => load.path === path);
    const unwanted = this.#unwanted;
    this.#unwanted = unwanted.filter(isInUse);
    for (const path of unwanted) {
      if (this.#unwanted.includes(path)) continue;
      try {
        this.#fileSystem.remove(path);
      } catch {
        this.removalsFailed++;
      }
    }
  }

  #load(request: number, path: string, now: Instant): void {
    try {
      const { mtimeMs, size } = this.#fileSystem.stat(path);
      if (size > this.#options.fileBytesMax) {
        this.#failLoad(request, `${path}: expected at most ${this.#options.fileBytesMax} bytes, got ${size}`);
        return;
      }
      const load: Load = { request, path, key: `${path}\n${mtimeMs}\n${size}`, decoding: undefined };
      if (this.#isCached(load)) return;
      if (this.#loads.push(load) === 1) this.#decode(now);
    } catch (error) {
      this.#failLoad(request, (error as Error).message);
    }
  }

  /** A piece of the first file in the queue; a short file is done with that. */
  #decode(now: Instant): void {
    const load = this.#loads[0]!;
    // Another before it in the queue may have been the same file.
    const step = load.decoding === undefined && this.#isCached(load) ? 'over' : this.#step(load);
    if (step === 'over') {
      this.#loads.shift();
      this.#removeUnwanted();
    }
    const wait = step === 'waiting' ? LIBRARY_POLL_MS : 0;
    this.#decodeAt = this.#loads.length === 0 ? NEVER : now + wait;
  }

  #isCached({ request, key }: Load): boolean {
    const samples = this.#cache.get(key);
    if (samples !== undefined) this.#outputs.push({ kind: 'loaded', request, samples });
    return samples !== undefined;
  }

  #step(load: Load): 'going on' | 'waiting' | 'over' {
    const { request, path, key } = load;
    try {
      const libraries = this.#options.libraries ?? NO_LIBRARIES;
      load.decoding ??= decodeAudio(this.#fileSystem.readWhole(path), libraries, path);
      const step = load.decoding.next();
      if (step.done !== true) return step.value;
      if (step.value.kind === 'refused') this.#failLoad(request, `${path}: ${step.value.detail}`);
      else this.#outputs.push({ kind: 'loaded', request, samples: this.#cache.put(key, step.value.samples) });
    } catch (error) {
      this.#failLoad(request, (error as Error).message);
    }
    return 'over';
  }

  #failLoad(request: number, detail: string): void {
    this.#outputs.push({ kind: 'loadFailed', request, detail });
  }
}
