import type { Attribute, Connection, MediaDescription, Origin, SessionDescription } from './session-description.ts';

export const SDP_LIMITS = { sizeBytes: 65_536, lines: 2_000, media: 32, formats: 128, defects: 32 } as const;

/** What is wrong with a description. `line` counts from 1. */
export interface SdpDefect {
  readonly line: number;
  readonly kind:
    | 'too-large'
    | 'not-sdp'
    | 'line-malformed'
    | 'origin-malformed'
    | 'connection-malformed'
    | 'media-malformed'
    | 'connection-missing';
}

export interface ParsedSdp {
  /** Undefined when the description cannot be answered m-line by m-line; `defects` then tells why. */
  readonly session: SessionDescription | undefined;
  readonly defects: readonly SdpDefect[];
}

interface Section {
  connection: Connection | undefined;
  readonly attributes: Attribute[];
}

interface MediaSection extends Section {
  readonly kind: string;
  readonly port: number;
  readonly profile: string;
  readonly formats: readonly string[];
}

const UNKNOWN_ORIGIN: Origin = { username: '-', sessionId: '0', version: '0', address: '0.0.0.0' };

/**
 * Reads a session description (RFC 8866 §9). Never throws. Forgives what phones get wrong: bare LF or CR, missing
 * `s=` and `t=`, lines in another order, blank lines at the end. Lines it has no use for are skipped.
 */
export function parseSdp(bytes: Uint8Array): ParsedSdp {
  const defects: SdpDefect[] = [];
  if (bytes.length > SDP_LIMITS.sizeBytes) return { session: undefined, defects: [{ line: 0, kind: 'too-large' }] };
  const text = textOf(bytes);
  const end = contentEnd(text);
  let lineEnd = lineEndFrom(text, 0, end);
  if (text.slice(0, lineEnd).trimEnd() !== 'v=0')
    return { session: undefined, defects: [{ line: 1, kind: 'not-sdp' }] };
  const parser = new Parser(defects);
  let line = 1;
  while (lineEnd < end) {
    const start = nextLine(text, lineEnd);
    if (++line > SDP_LIMITS.lines) return { session: undefined, defects: [{ line: 0, kind: 'too-large' }] };
    lineEnd = lineEndFrom(text, start, end);
    parser.take(text.slice(start, lineEnd), line);
  }
  return { session: parser.finish(line), defects };
}

/** As UTF-8, without a byte order mark. */
function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** Where the last line that is not blank ends. */
function contentEnd(text: string): number {
  return lineEndFrom(text, text.trimEnd().length, text.length);
}

const CR = 0x0d;
const LF = 0x0a;

function lineEndFrom(text: string, at: number, end: number): number {
  for (let index = at; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === CR || code === LF) return index;
  }
  return end;
}

/** Behind CRLF, LF or CR. */
function nextLine(text: string, lineEnd: number): number {
  return text.charCodeAt(lineEnd) === CR && text.charCodeAt(lineEnd + 1) === LF ? lineEnd + 2 : lineEnd + 1;
}

/** What stands between spaces, one or several. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  const trimmed = text.trim();
  for (let start = 0; start < trimmed.length; ) {
    const space = trimmed.indexOf(' ', start);
    const end = space < 0 ? trimmed.length : space;
    if (end > start) words.push(trimmed.slice(start, end));
    start = end + 1;
  }
  return words;
}

class Parser {
  readonly #defects: SdpDefect[];
  readonly #session: Section = { connection: undefined, attributes: [] };
  readonly #media: MediaSection[] = [];
  #origin: Origin | undefined;
  #name = '-';
  #isAnswerable = true;

  constructor(defects: SdpDefect[]) {
    this.#defects = defects;
  }

  take(text: string, line: number): void {
    if (text[1] !== '=') {
      this.#report(line, 'line-malformed');
      return;
    }
    const value = text.slice(2);
    const section = this.#media.at(-1) ?? this.#session;
    switch (text[0]) {
      case 'o':
        this.#origin = parseOrigin(value);
        if (this.#origin === undefined) this.#report(line, 'origin-malformed');
        break;
      case 's':
        this.#name = value;
        break;
      case 'c': {
        const connection = parseConnection(value);
        if (connection === undefined) this.#report(line, 'connection-malformed');
        section.connection ??= connection;
        break;
      }
      case 'm':
        this.#takeMedia(value, line);
        break;
      case 'a':
        section.attributes.push(parseAttribute(value));
        break;
    }
  }

  finish(line: number): SessionDescription | undefined {
    if (this.#origin === undefined) this.#report(line, 'origin-malformed');
    if (!this.#isAnswerable) return undefined;
    for (const media of this.#media) {
      if (media.port !== 0 && media.connection === undefined && this.#session.connection === undefined) {
        this.#report(line, 'connection-missing');
      }
    }
    return {
      origin: this.#origin ?? UNKNOWN_ORIGIN,
      name: this.#name,
      connection: this.#session.connection,
      attributes: this.#session.attributes,
      media: this.#media satisfies readonly MediaDescription[],
    };
  }

  #takeMedia(value: string, line: number): void {
    const media = parseMedia(value);
    if (media === undefined || this.#media.length === SDP_LIMITS.media) {
      this.#isAnswerable = false;
      this.#report(line, media === undefined ? 'media-malformed' : 'too-large');
    } else this.#media.push(media);
  }

  #report(line: number, kind: SdpDefect['kind']): void {
    if (this.#defects.length < SDP_LIMITS.defects) this.#defects.push({ line, kind });
  }
}

/** `o=<username> <sess-id> <sess-version> IN IP4|IP6 <address>`. */
function parseOrigin(value: string): Origin | undefined {
  const [username, sessionId, version, , , address] = wordsOf(value);
  if (address === undefined || !isDecimal(sessionId!) || !isDecimal(version!)) return undefined;
  return { username: username!, sessionId: sessionId!, version: version!, address };
}

function isDecimal(text: string): boolean {
  return /^\d{1,32}$/.test(text);
}

/** `c=IN IP4 <address>[/<ttl>[/<count>]]`. */
function parseConnection(value: string): Connection | undefined {
  const [network, family, address] = wordsOf(value);
  if (network !== 'IN' || (family !== 'IP4' && family !== 'IP6') || address === undefined) return undefined;
  const slash = address.indexOf('/');
  const literal = slash < 0 ? address : address.slice(0, slash);
  return literal === '' || literal.length > 255 ? undefined : { family, address: literal };
}

/** `m=<media> <port>[/<count>] <proto> <fmt> …`. */
function parseMedia(value: string): MediaSection | undefined {
  const [kind, portText, profile, ...formats] = wordsOf(value);
  const port = /^(\d{1,5})(?:\/\d{1,5})?$/.exec(portText ?? '')?.[1];
  if (port === undefined || Number(port) > 65_535 || profile === undefined) return undefined;
  if (formats.length === 0 || formats.length > SDP_LIMITS.formats) return undefined;
  return { kind: kind!, port: Number(port), profile, formats, connection: undefined, attributes: [] };
}

function parseAttribute(value: string): Attribute {
  const colon = value.indexOf(':');
  if (colon < 0) return { name: value.trim(), value: undefined };
  return { name: value.slice(0, colon).trim(), value: value.slice(colon + 1).trim() };
}
