import type { RecordingFile } from '../core/calls/recording-record.ts';
import { AUDIO_RATE_HZ } from './audio-file.ts';
import type { OpusLibrary } from './codec/opus.ts';
import type { FileSystem } from './file-system.ts';
import { GrowingFile } from './growing-file.ts';
import { flaggedPage, OGG_PAGE_BYTES_MAX, oggPage, oggPageBytes, oggPageGranule, PAGE_FLAG } from './ogg-page.ts';
import { begun, type RecordingWriter } from './recording-writer.ts';

const FRAME_SAMPLES = AUDIO_RATE_HZ / 50;
/** Opus counts at 48 kHz (RFC 7845 §4). */
const GRANULES_PER_SAMPLE = 48_000 / AUDIO_RATE_HZ;
const GRANULES_PER_MS = 48;
/** By which libopus lags at 8 kHz, for speech: 6.5 ms. */
const SETTLING_SAMPLES = 52;
const PRE_SKIP = SETTLING_SAMPLES * GRANULES_PER_SAMPLE;
/** A second: at most two segments each, so that one page takes them all. */
const PACKETS_PER_PAGE = 50;
/** Speech of telephones sounds as good as it came. */
const BIT_RATE_PER_CHANNEL = 16_000;
/** Far more than a frame of speech takes at this rate. */
const PACKET_BYTES_MAX = 500;
const SET_BITRATE = 4002;
const SET_COMPLEXITY = 4010;
/** 19 µs a frame, where 5 takes 44: it is done live, and for many. */
const COMPLEXITY = 1;

/**
 * One Ogg file with Opus that grows, page by page (RFC 3533, RFC 7845). Pages are whole, so that it can be played at any
 * moment up to the last of them.
 */
export class OggWriter implements RecordingWriter {
  readonly #file: GrowingFile;
  readonly #encoding: Encoding | undefined;
  /** Of whole pages; where the last of them begins, and what is in it. */
  #sizeBytes = 0;
  #lastPageAt = 0;
  #lastPage = new Uint8Array(0);

  private constructor(file: GrowingFile, encoding: Encoding | undefined) {
    this.#file = file;
    this.#encoding = encoding;
  }

  /** Creates or empties the file. */
  static create(fileSystem: FileSystem, path: string, channelCount: 1 | 2, library: OpusLibrary): OggWriter {
    const file = new GrowingFile(fileSystem, path, 'new');
    const encoding = new Encoding(library, channelCount);
    const writer = new OggWriter(file, encoding);
    return begun(writer, () => {
      writer.#write(encoding.page(0, PAGE_FLAG.begin, [headOf(channelCount)]));
      writer.#write(encoding.page(0, 0, [TAGS]));
    });
  }

  /** Takes up a file that was left behind: all whole pages in it count. */
  static reopen(fileSystem: FileSystem, path: string): OggWriter {
    const writer = new OggWriter(new GrowingFile(fileSystem, path, 'old'), undefined);
    return begun(writer, () => {
      writer.#findPages();
      writer.finish();
    });
  }

  get path(): string {
    return this.#file.path;
  }

  append(samples: Int16Array, count: number): void {
    const encoding = this.#encoding!;
    for (let at = 0; at < count; ) {
      at += encoding.take(samples, at, count);
      if (encoding.packets.length === PACKETS_PER_PAGE) this.bringUpToDate();
    }
  }

  bringUpToDate(): void {
    const encoding = this.#encoding!;
    if (encoding.packets.length > 0) this.#write(encoding.nextPage(encoding.granule, 0));
  }

  finish(): void {
    const encoding = this.#encoding;
    this.#file.truncate(this.#sizeBytes);
    try {
      if (encoding !== undefined) {
        encoding.end();
        this.#write(encoding.nextPage(encoding.endGranule, PAGE_FLAG.end));
        return;
      }
    } catch (error) {
      this.#file.truncate(this.#sizeBytes);
      this.#markEnd();
      throw error;
    } finally {
      encoding?.close();
    }
    this.#markEnd();
  }

  measure(buffer: Uint8Array): RecordingFile | undefined {
    const granule = oggPageGranule(this.#lastPage);
    return this.#file.measure(buffer, Math.max(0, Math.round((granule - PRE_SKIP) / GRANULES_PER_MS)));
  }

  close(): void {
    this.#encoding?.close();
    this.#file.close();
  }

  #write(page: Uint8Array<ArrayBuffer>): void {
    this.#file.write(page, this.#sizeBytes);
    this.#lastPageAt = this.#sizeBytes;
    this.#lastPage = page;
    this.#sizeBytes += page.length;
  }

  /** The last page that is there becomes the last of the stream, in its place. */
  #markEnd(): void {
    this.#lastPage = flaggedPage(this.#lastPage, PAGE_FLAG.end);
    this.#file.write(this.#lastPage, this.#lastPageAt);
  }

  #findPages(): void {
    const buffer = new Uint8Array(OGG_PAGE_BYTES_MAX);
    for (;;) {
      const count = this.#file.read(buffer, this.#sizeBytes);
      const pageBytes = oggPageBytes(buffer.subarray(0, count), 0);
      if (pageBytes === 0) break;
      this.#lastPageAt = this.#sizeBytes;
      this.#lastPage = buffer.slice(0, pageBytes);
      this.#sizeBytes += pageBytes;
    }
    if (this.#sizeBytes === 0) throw new Error(`${this.path}: expected pages of Ogg, got none`);
  }
}

/** Samples on their way to packets, and packets to pages. */
class Encoding {
  packets: Uint8Array[] = [];
  readonly #library: OpusLibrary;
  readonly #channelCount: number;
  readonly #encoder: number;
  readonly #frame: Int16Array;
  #isOpen = true;
  #frameCount = 0;
  #encodedFrames = 0;
  /** Of each channel. */
  #samples = 0;
  #sequence = 0;

  constructor(library: OpusLibrary, channelCount: 1 | 2) {
    this.#library = library;
    this.#channelCount = channelCount;
    this.#frame = new Int16Array(FRAME_SAMPLES * channelCount);
    this.#encoder = library.createEncoder(AUDIO_RATE_HZ, channelCount);
    library.set(this.#encoder, SET_BITRATE, BIT_RATE_PER_CHANNEL * channelCount);
    library.set(this.#encoder, SET_COMPLEXITY, COMPLEXITY);
  }

  /** Where the last packet ends. */
  get granule(): number {
    return this.#encodedFrames * FRAME_SAMPLES * GRANULES_PER_SAMPLE;
  }

  /** Where the last sample lies: what is behind it is not played (RFC 7845 §4.4). */
  get endGranule(): number {
    return PRE_SKIP + this.#samples * GRANULES_PER_SAMPLE;
  }

  /** Takes samples up to the next packet, and returns how many those were. */
  take(samples: Int16Array, at: number, end: number): number {
    const frame = this.#frame;
    const count = Math.min(end - at, frame.length - this.#frameCount);
    for (let i = 0; i < count; i++) frame[this.#frameCount + i] = samples[at + i]!;
    this.#frameCount += count;
    this.#samples += count / this.#channelCount;
    if (this.#frameCount === frame.length) this.#encode();
    return count;
  }

  /** Silence until the last sample has come out of the encoder. */
  end(): void {
    while (this.#encodedFrames * FRAME_SAMPLES < this.#samples + SETTLING_SAMPLES) {
      this.#frame.fill(0, this.#frameCount);
      this.#encode();
    }
  }

  nextPage(granule: number, flags: number): Uint8Array<ArrayBuffer> {
    return this.page(granule, flags, this.packets.splice(0));
  }

  page(granule: number, flags: number, packets: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    // The only stream of its file.
    return oggPage({ serial: 1, sequence: this.#sequence++, granule, flags }, packets);
  }

  close(): void {
    if (this.#isOpen) this.#library.destroyEncoder(this.#encoder);
    this.#isOpen = false;
  }

  #encode(): void {
    this.#library.samples.set(this.#frame);
    const sizeBytes = this.#library.encode(this.#encoder, FRAME_SAMPLES, PACKET_BYTES_MAX);
    this.packets.push(this.#library.bytes.slice(0, Math.max(0, sizeBytes)));
    this.#encodedFrames++;
    this.#frameCount = 0;
  }
}

/** The identification header (RFC 7845 §5.1), mapping family 0. */
function headOf(channelCount: number): Uint8Array {
  const head = new Uint8Array(19);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode('OpusHead'));
  head[8] = 1;
  head[9] = channelCount;
  view.setUint16(10, PRE_SKIP, true);
  view.setUint32(12, AUDIO_RATE_HZ, true);
  return head;
}

/** The comment header (RFC 7845 §5.2): the vendor's name, no comments. */
const TAGS = new TextEncoder().encode('OpusTags\x06\0\0\0Tandem\0\0\0\0');
