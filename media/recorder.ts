import { closeSync, openSync, writeSync } from 'node:fs';
import type { Instant } from '../core/kernel/time.ts';
import { AUDIO_RATE_HZ, WAV_HEADER_BYTES, wavHeader } from './audio-file.ts';
import { PcmRing } from './ring.ts';

/** How often the header on disk is brought up to date with the samples behind it. */
const HEADER_EVERY_MS = 1000;
const CHUNK_SAMPLES = 8192;

/**
 * One WAV file being written from a ring. The file is a valid WAV file at any moment: its header is written first and
 * brought up to date at least once a second while samples arrive.
 */
export class Recorder {
  readonly path: string;
  readonly #ring: PcmRing;
  readonly #descriptor: number;
  readonly #chunk = new Int16Array(CHUNK_SAMPLES);
  #dataBytes = 0;
  #headerBytes = 0;
  #headerAt: Instant;

  /** Creates or empties the file. Throws what `fs.openSync` throws. */
  constructor(path: string, ring: SharedArrayBuffer, now: Instant) {
    this.path = path;
    this.#ring = new PcmRing(ring);
    this.#descriptor = openSync(path, 'w', 0o640);
    this.#headerAt = now;
    this.#writeHeader(now);
  }

  get durationMs(): number {
    return (this.#dataBytes / 2 / AUDIO_RATE_HZ) * 1000;
  }

  /** Samples that the ring could not take; they are in the file as silence. */
  get lostSamples(): number {
    return this.#ring.lostSamples;
  }

  /** Writes what has come; true when the ring is closed and every sample is in the file: then `finish` it. */
  drain(now: Instant): boolean {
    // Read before draining: what was written before the ring closed is then certainly seen.
    const closed = this.#ring.closed;
    for (let count = this.#ring.read(this.#chunk); count > 0; count = this.#ring.read(this.#chunk)) {
      this.#append(count);
    }
    if (now - this.#headerAt >= HEADER_EVERY_MS) this.#writeHeader(now);
    return closed;
  }

  /** Brings the header up to date and closes the file, which happens in any case. */
  finish(now: Instant): void {
    try {
      this.#writeHeader(now);
    } finally {
      closeSync(this.#descriptor);
    }
  }

  /** Closes the file as it is, after writing to it has failed. */
  abandon(): void {
    closeSync(this.#descriptor);
  }

  #append(count: number): void {
    const bytes = new Uint8Array(this.#chunk.buffer, 0, 2 * count);
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, WAV_HEADER_BYTES + this.#dataBytes + done);
    }
    this.#dataBytes += bytes.length;
  }

  #writeHeader(now: Instant): void {
    this.#headerAt = now;
    if (this.#headerBytes === this.#dataBytes && this.#dataBytes > 0) return;
    this.#headerBytes = this.#dataBytes;
    writeSync(this.#descriptor, wavHeader(this.#dataBytes, AUDIO_RATE_HZ), 0, WAV_HEADER_BYTES, 0);
  }
}
