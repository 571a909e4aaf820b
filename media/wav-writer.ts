import { basename } from 'node:path';
import type { RecordingFile } from '../core/calls/recording-record.ts';
import { AUDIO_RATE_HZ, WAV_HEADER_BYTES, wavHeader } from './audio-file.ts';
import type { FileSystem } from './file-system.ts';
import { FileMeasure, type RecordingWriter } from './recording-writer.ts';

const SAMPLE_BYTES = 2;

/** Where a header tells how many channels there are. */
const CHANNELS_AT = 22;

/** One WAV file that grows. It is a valid file at any moment: what its header tells is there, even when the process is killed. */
export class WavWriter implements RecordingWriter {
  readonly path: string;
  readonly #fileSystem: FileSystem;
  readonly #descriptor: number;
  #dataBytes = 0;
  #headerBytes = -1;
  #isOpen = true;
  #measure: FileMeasure | undefined;
  #channelCount: number;

  private constructor(fileSystem: FileSystem, path: string, descriptor: number, channelCount: number) {
    this.#channelCount = channelCount;
    this.#fileSystem = fileSystem;
    this.path = path;
    this.#descriptor = descriptor;
  }

  /** Creates or empties the file. */
  static create(fileSystem: FileSystem, path: string, channelCount: 1 | 2): WavWriter {
    const writer = new WavWriter(fileSystem, path, fileSystem.open(path, 'new'), channelCount);
    writer.#orClose(() => writer.bringUpToDate());
    return writer;
  }

  /** Takes up a file that was left behind: all whole samples in it count. */
  static reopen(fileSystem: FileSystem, path: string): WavWriter {
    const writer = new WavWriter(fileSystem, path, fileSystem.open(path, 'old'), 1);
    writer.#orClose(() => {
      const header = new Uint8Array(WAV_HEADER_BYTES);
      fileSystem.read(writer.#descriptor, header, 0);
      if (header[CHANNELS_AT] === 2) writer.#channelCount = 2;
      writer.#dataBytes = Math.max(0, fileSystem.sizeBytes(writer.#descriptor) - WAV_HEADER_BYTES);
      writer.finish();
    });
    return writer;
  }

  append(samples: Int16Array, count: number): void {
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, SAMPLE_BYTES * count);
    for (let done = 0; done < bytes.length; ) {
      const at = WAV_HEADER_BYTES + this.#dataBytes;
      const written = this.#fileSystem.write(this.#descriptor, bytes, done, bytes.length - done, at);
      done += written;
      this.#dataBytes += written;
    }
  }

  /** The header tells of all that is behind it. */
  bringUpToDate(): void {
    if (this.#headerBytes === this.#dataBytes) return;
    const header = wavHeader(this.#dataBytes, AUDIO_RATE_HZ, this.#channelCount);
    this.#fileSystem.write(this.#descriptor, header, 0, WAV_HEADER_BYTES, 0);
    this.#headerBytes = this.#dataBytes;
  }

  finish(): void {
    this.#dataBytes -= this.#dataBytes % (SAMPLE_BYTES * this.#channelCount);
    this.bringUpToDate();
    this.#fileSystem.truncate(this.#descriptor, WAV_HEADER_BYTES + this.#dataBytes);
  }

  measure(buffer: Uint8Array): RecordingFile | undefined {
    this.#measure ??= new FileMeasure(this.#fileSystem, this.#descriptor);
    const measured = this.#measure.read(buffer);
    if (measured === undefined) return undefined;
    this.close();
    const samples = this.#dataBytes / SAMPLE_BYTES / this.#channelCount;
    return { name: basename(this.path), durationMs: Math.round((samples / AUDIO_RATE_HZ) * 1000), ...measured };
  }

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
