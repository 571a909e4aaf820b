import type { RecordingFile } from '../core/calls/recording-record.ts';

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

/** The writer, when that is done with it; closed where it cannot be. */
export function begun<T extends RecordingWriter>(writer: T, work: () => void): T {
  try {
    work();
    return writer;
  } catch (error) {
    writer.close();
    throw error;
  }
}
