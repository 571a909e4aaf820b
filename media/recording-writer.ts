import { createHash, type Hash } from 'node:crypto';
import type { RecordingFile } from '../core/calls/recording-record.ts';
import type { FileSystem } from './file-system.ts';

/** One file of a recording that grows, and can be played at any moment, also after a crash. Methods throw what the disk throws. */
export interface RecordingWriter {
  readonly path: string;
  /** Appends the first `count` samples, of two channels in turns. What was written before a failure counts. */
  append(samples: Int16Array, count: number): void;
  /** Makes what was appended so far part of what can be played after a crash. */
  bringUpToDate(): void;
  /** No more will be appended: the file becomes whole, without what a failed write may have left behind. */
  finish(): void;
  /**
   * After `finish`: reads on through the file, one buffer a call, for its hash. Undefined until the end is reached, where
   * the file is closed.
   */
  measure(buffer: Uint8Array): RecordingFile | undefined;
  /** Closes the file as it is. Again: no effect. */
  close(): void;
}

/** Reads a file from its begin to its end, for its hash. */
export class FileMeasure {
  readonly #fileSystem: FileSystem;
  readonly #descriptor: number;
  readonly #hash: Hash = createHash('sha256');
  #sizeBytes = 0;

  constructor(fileSystem: FileSystem, descriptor: number) {
    this.#fileSystem = fileSystem;
    this.#descriptor = descriptor;
  }

  /** One buffer more; undefined before the end. */
  read(buffer: Uint8Array): Pick<RecordingFile, 'sizeBytes' | 'sha256'> | undefined {
    const count = this.#fileSystem.read(this.#descriptor, buffer, this.#sizeBytes);
    this.#sizeBytes += count;
    if (count === 0) return { sizeBytes: this.#sizeBytes, sha256: this.#hash.digest('hex') };
    this.#hash.update(buffer.subarray(0, count));
    return undefined;
  }
}

/** Writes all of it at that place; throws what the disk throws. */
export function writeWhole(fileSystem: FileSystem, descriptor: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += fileSystem.write(descriptor, bytes, done, bytes.length - done, at + done);
  }
}
