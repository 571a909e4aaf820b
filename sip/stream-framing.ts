import { headEnd, MAX_HEAD_BYTES, MAX_HEADERS } from './grammar/head.ts';

/** A body on a stream may have this many bytes. */
export const MAX_BODY_BYTES = 65_536;

/** Why nothing more can be read from the stream: where the next message begins is unknown, or it asks for too much. */
export type FramingDefect =
  | 'missing-content-length'
  | 'malformed-content-length'
  | 'head-too-large'
  | 'body-too-large'
  | 'too-many-headers';

const CR = 0x0d;
const LF = 0x0a;
const INITIAL_BYTES = 2048;

/** Content-Length in any spelling; the value may be on the next line (RFC 3261 §7.3.1). */
const CONTENT_LENGTH = /\n(?:content-length|l)[ \t]*:(?:[ \t]|\r?\n[ \t])*([^\r\n]*)/gi;

/**
 * Cuts a stream into whole messages (RFC 3261 §18.3). A head whose Content-Length cannot be read comes without its body,
 * to be refused, and is the last (RFC 4475 §3.1.2.3). However the bytes are chunked, the same messages come out. Line
 * ends between messages are keep-alives (RFC 5626 §3.5.1): on a connection that was accepted, two in a row are a ping
 * to be answered with one; on one that we opened, each is a pong. Poll until undefined after each push.
 */
export class StreamFraming {
  readonly #side: 'accepted' | 'opened';
  #buffer = new Uint8Array(INITIAL_BYTES);
  #start = 0;
  #end = 0;
  /** No head ends before this. */
  #searched = 0;
  /** Bytes of the message at `#start`; 0 while its head is not complete. */
  #sizeBytes = 0;
  /** Line ends that follow one another between messages. */
  #lineEnds = 0;
  #pings = 0;
  #pongs = 0;
  #defect: FramingDefect | undefined;
  /** What shows when the head at `#start` was polled, of which nobody knows where its body ends. */
  #comingDefect: FramingDefect | undefined;

  constructor(side: 'accepted' | 'opened' = 'accepted') {
    this.#side = side;
  }

  /** Takes the bytes over; ignored after a defect. */
  push(bytes: Uint8Array): void {
    if (this.#defect !== undefined) return;
    this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The next whole message, in bytes of its own; undefined when more must arrive, or after a defect. */
  poll(): Uint8Array | undefined {
    if (this.#defect !== undefined) return undefined;
    if (this.#sizeBytes === 0) this.#findSize();
    if (this.#sizeBytes === 0 || this.#end - this.#start < this.#sizeBytes) return undefined;
    const message = this.#buffer.slice(this.#start, this.#start + this.#sizeBytes);
    this.#start += this.#sizeBytes;
    this.#searched = this.#start;
    this.#sizeBytes = 0;
    this.#defect = this.#comingDefect;
    if (this.#start === this.#end) this.#startOver();
    return message;
  }

  /** A reason to close the connection. Messages before the defect were polled before it shows. */
  get defect(): FramingDefect | undefined {
    return this.#defect;
  }

  /** Pings since the last call, each to be answered with CRLF. */
  takePings(): number {
    const pings = this.#pings;
    this.#pings = 0;
    return pings;
  }

  /** Pongs since the last call. */
  takePongs(): number {
    const pongs = this.#pongs;
    this.#pongs = 0;
    return pongs;
  }

  /** Bytes that wait for the rest of their message. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  #findSize(): void {
    this.#skipLineEnds();
    const headLimit = Math.min(this.#end, this.#start + MAX_HEAD_BYTES);
    const bodyStart = headEnd(this.#buffer, Math.max(this.#searched, this.#start), headLimit);
    if (bodyStart < 0) {
      if (this.#end - this.#start >= MAX_HEAD_BYTES) this.#defect = 'head-too-large';
      this.#searched = Math.max(this.#start, this.#end - 2); // The empty line may have come in part.
      return;
    }
    const head = Buffer.from(this.#buffer.buffer, this.#start, bodyStart - this.#start).toString('latin1');
    const bodyBytes = contentLength(head);
    if (typeof bodyBytes === 'number') this.#sizeBytes = bodyStart - this.#start + bodyBytes;
    else if (bodyBytes === 'malformed-content-length') {
      this.#comingDefect = bodyBytes;
      this.#sizeBytes = bodyStart - this.#start;
    } else this.#defect = bodyBytes;
  }

  #skipLineEnds(): void {
    for (; this.#start < this.#end; this.#start++) {
      const byte = this.#buffer[this.#start];
      if (byte === LF) this.#countLineEnd();
      else if (byte !== CR) {
        this.#lineEnds = 0;
        return;
      }
    }
    this.#searched = this.#start;
  }

  #countLineEnd(): void {
    if (this.#side === 'opened') this.#pongs++;
    else if (++this.#lineEnds === 2) {
      this.#lineEnds = 0;
      this.#pings++;
    }
  }

  /** An idle connection keeps no large buffer. */
  #startOver(): void {
    if (this.#buffer.length > MAX_HEAD_BYTES) this.#buffer = new Uint8Array(INITIAL_BYTES);
    this.#start = 0;
    this.#end = 0;
    this.#searched = 0;
  }

  /** Moves what is left to the front, into a larger buffer if it must be, so that each byte moves a few times only. */
  #makeRoom(count: number): void {
    if (this.#end + count <= this.#buffer.length) return;
    const used = this.#end - this.#start;
    let size = this.#buffer.length;
    while (size < 2 * used + count) size *= 2;
    const buffer = size === this.#buffer.length ? this.#buffer : new Uint8Array(size);
    buffer.set(this.#buffer.subarray(this.#start, this.#end));
    this.#searched = Math.max(0, this.#searched - this.#start);
    this.#buffer = buffer;
    this.#start = 0;
    this.#end = used;
  }
}

/** Bytes of the body that the head announces. */
function contentLength(head: string): number | FramingDefect {
  let lines = 0;
  for (let at = head.indexOf('\n'); at >= 0; at = head.indexOf('\n', at + 1)) {
    const next = head.charCodeAt(at + 1);
    if (next !== 0x20 && next !== 0x09) lines++;
  }
  if (lines - 2 > MAX_HEADERS) return 'too-many-headers'; // The start line and the empty line are no headers.
  const values = new Set(Array.from(head.matchAll(CONTENT_LENGTH), (match) => match[1]!.trim()));
  if (values.size === 0) return 'missing-content-length';
  const [value = ''] = values;
  if (values.size > 1 || !/^\d+$/.test(value)) return 'malformed-content-length';
  return Number(value) > MAX_BODY_BYTES ? 'body-too-large' : Number(value);
}
