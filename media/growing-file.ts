import { createHash, type Hash } from 'node:crypto';
import { basename } from 'node:path';
import type { RecordingFile } from '../core/calls/recording-record.ts';
import type { FileSystem } from './file-system.ts';

/** The file of a recording: written anywhere, at its end read once for its hash. Methods throw what the disk throws. */
export class GrowingFile {
  readonly path: string;
  readonly #fileSystem: FileSystem;
  readonly #descriptor: number;
  readonly #hash: Hash = createHash('sha256');
  #hashedBytes = 0;
  #isOpen = true;

  /** Creates or empties a `new` one. */
  constructor(fileSystem: FileSystem, path: string, kind: 'new' | 'old') {
    this.path = path;
    this.#fileSystem = fileSystem;
    this.#descriptor = fileSystem.open(path, kind);
  }

  get sizeBytes(): number {
    return this.#fileSystem.sizeBytes(this.#descriptor);
  }

  /** Fills `buffer` from that place on, and returns how many bytes there were. */
  read(buffer: Uint8Array, at: number): number {
    return this.#fileSystem.read(this.#descriptor, buffer, at);
  }

  /** Writes all of it at that place; `wrote` is told of each part, so that what came before a failure counts. */
  write(bytes: Uint8Array, at: number, wrote: (count: number) => void = () => {}): void {
    for (let done = 0; done < bytes.length; ) {
      const count = this.#fileSystem.write(this.#descriptor, bytes, done, bytes.length - done, at + done);
      done += count;
      wrote(count);
    }
  }

  truncate(sizeBytes: number): void {
    this.#fileSystem.truncate(this.#descriptor, sizeBytes);
  }

  /** Reads on, one buffer a call, and closes the file at its end. Undefined before that. */
  measure(buffer: Uint8Array, durationMs: number): RecordingFile | undefined {
    const count = this.read(buffer, this.#hashedBytes);
    this.#hashedBytes += count;
    if (count > 0) {
      this.#hash.update(buffer.subarray(0, count));
      return undefined;
    }
    this.close();
    const sha256 = this.#hash.digest('hex');
    return { name: basename(this.path), durationMs, sizeBytes: this.#hashedBytes, sha256 };
  }

  /** As it is. Again: no effect. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#fileSystem.close(this.#descriptor);
  }
}
