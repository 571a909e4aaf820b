import { createHash, type Hash } from 'node:crypto';
import { basename } from 'node:path';
import type { RecordingFile } from '../core/calls/recording-record.ts';
import { AUDIO_RATE_HZ, WAV_HEADER_BYTES, wavHeader } from './audio-file.ts';
import type { FileSystem } from './file-system.ts';

const SAMPLE_BYTES = 2;

/**
 * One WAV file that grows. It is a valid file at any moment: what its header tells is there, even when the process is
 * killed. Methods throw what the disk throws.
 */
export class WavWriter {
  readonly path: string;
  readonly #fileSystem: FileSystem;
  readonly #descriptor: number;
  #dataBytes = 0;
  #headerBytes = -1;
  #isOpen = true;
  #hash: Hash | undefined;
  #hashedBytes = 0;

  private constructor(fileSystem: FileSystem, path: string, descriptor: number) {
    this.#fileSystem = fileSystem;
    this.path = path;
    this.#descriptor = descriptor;
  }

  /** Creates or empties the file. */
  static create(fileSystem: FileSystem, path: string): WavWriter {
    const writer = new WavWriter(fileSystem, path, fileSystem.open(path, 'new'));
    writer.#orClose(() => writer.writeHeader());
    return writer;
  }

  /** Takes up a file that was left behind: all whole samples in it count. */
  static reopen(fileSystem: FileSystem, path: string): WavWriter {
    const writer = new WavWriter(fileSystem, path, fileSystem.open(path, 'old'));
    writer.#orClose(() => {
      writer.#dataBytes = Math.max(0, fileSystem.sizeBytes(writer.#descriptor) - WAV_HEADER_BYTES);
      writer.finish();
    });
    return writer;
  }

  /** Appends the first `count` samples. What was written before a failure counts. */
  append(samples: Int16Array, count: number): void {
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, SAMPLE_BYTES * count);
    for (let done = 0; done < bytes.length; ) {
      const at = WAV_HEADER_BYTES + this.#dataBytes;
      const written = this.#fileSystem.write(this.#descriptor, bytes, done, bytes.length - done, at);
      done += written;
      this.#dataBytes += written;
    }
  }

  /** Brings the header up to date with what is behind it. */
  writeHeader(): void {
    if (this.#headerBytes === this.#dataBytes) return;
    const header = wavHeader(this.#dataBytes, AUDIO_RATE_HZ);
    this.#fileSystem.write(this.#descriptor, header, 0, WAV_HEADER_BYTES, 0);
    this.#headerBytes = this.#dataBytes;
  }

  /** No more will be appended: cuts half a sample off, and what a failed write may have left behind. */
  finish(): void {
    this.#dataBytes -= this.#dataBytes % SAMPLE_BYTES;
    this.writeHeader();
    this.#fileSystem.truncate(this.#descriptor, WAV_HEADER_BYTES + this.#dataBytes);
  }

  /**
   * After `finish`: reads on through the file, one buffer a call, for its hash. Undefined until the end is reached, where
   * the file is closed.
   */
  measure(buffer: Uint8Array): RecordingFile | undefined {
    this.#hash ??= createHash('sha256');
    const count = this.#fileSystem.read(this.#descriptor, buffer, this.#hashedBytes);
    this.#hashedBytes += count;
    if (count > 0) {
      this.#hash.update(buffer.subarray(0, count));
      return undefined;
    }
    this.close();
    return {
      name: basename(this.path),
      sizeBytes: WAV_HEADER_BYTES + this.#dataBytes,
      durationMs: Math.round((this.#dataBytes / SAMPLE_BYTES / AUDIO_RATE_HZ) * 1000),
      sha256: this.#hash.digest('hex'),
    };
  }

  /** Closes the file as it is. Again: no effect. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#fileSystem.close(this.#descriptor);
  }

  #orClose(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.close();
      throw error;
    }
  }
}
