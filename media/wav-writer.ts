import type { RecordingFile } from '../core/calls/recording-record.ts';
import { AUDIO_RATE_HZ, WAV_HEADER_BYTES, wavHeader } from './audio-file.ts';
import type { FileSystem } from './file-system.ts';
import { GrowingFile } from './growing-file.ts';
import { begun, type RecordingWriter } from './recording-writer.ts';

const SAMPLE_BYTES = 2;

/** Where a header tells how many channels there are. */
const CHANNELS_AT = 22;

/** One WAV file that grows. It is a valid file at any moment: what its header tells is there, even when the process is killed. */
export class WavWriter implements RecordingWriter {
  readonly #file: GrowingFile;
  #dataBytes = 0;
  #headerBytes = -1;
  #channelCount: number;

  private constructor(file: GrowingFile, channelCount: number) {
    this.#file = file;
    this.#channelCount = channelCount;
  }

  /** Creates or empties the file. */
  static create(fileSystem: FileSystem, path: string, channelCount: 1 | 2): WavWriter {
    const writer = new WavWriter(new GrowingFile(fileSystem, path, 'new'), channelCount);
    return begun(writer, () => writer.bringUpToDate());
  }

  /** Takes up a file that was left behind: all whole samples in it count. */
  static reopen(fileSystem: FileSystem, path: string): WavWriter {
    const file = new GrowingFile(fileSystem, path, 'old');
    const writer = new WavWriter(file, 1);
    return begun(writer, () => {
      const header = new Uint8Array(WAV_HEADER_BYTES);
      file.read(header, 0);
      if (header[CHANNELS_AT] === 2) writer.#channelCount = 2;
      writer.#dataBytes = Math.max(0, file.sizeBytes - WAV_HEADER_BYTES);
      writer.finish();
    });
  }

  get path(): string {
    return this.#file.path;
  }

  append(samples: Int16Array, count: number): void {
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, SAMPLE_BYTES * count);
    this.#file.write(bytes, WAV_HEADER_BYTES + this.#dataBytes, (written) => {
      this.#dataBytes += written;
    });
  }

  /** The header tells of all that is behind it. */
  bringUpToDate(): void {
    if (this.#headerBytes === this.#dataBytes) return;
    this.#file.write(wavHeader(this.#dataBytes, AUDIO_RATE_HZ, this.#channelCount), 0);
    this.#headerBytes = this.#dataBytes;
  }

  finish(): void {
    this.#dataBytes -= this.#dataBytes % (SAMPLE_BYTES * this.#channelCount);
    this.bringUpToDate();
    this.#file.truncate(WAV_HEADER_BYTES + this.#dataBytes);
  }

  measure(buffer: Uint8Array): RecordingFile | undefined {
    const samples = this.#dataBytes / SAMPLE_BYTES / this.#channelCount;
    return this.#file.measure(buffer, Math.round((samples / AUDIO_RATE_HZ) * 1000));
  }

  close(): void {
    this.#file.close();
  }
}
