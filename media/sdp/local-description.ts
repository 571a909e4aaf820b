import { assert } from '../../core/kernel/assert.ts';
import { connectionOf } from './address.ts';
import { type CryptoLine, cryptoAttribute } from './crypto-attribute.ts';
import type { Direction } from './direction.ts';
import { type AudioFormat, COMFORT_NOISE, isSameEncoding, isTelephoneEvent } from './formats.ts';
import { type ProtectionOffer, UNPROTECTED } from './local-keys.ts';
import type { NegotiatedAudio } from './negotiate.ts';
import type { Attribute, MediaDescription, SessionDescription } from './session-description.ts';
import { writeSdp } from './write.ts';

/** Where we receive, as the peer shall see it: a literal address, and RTP port (RTCP on the next). */
export interface LocalMedia {
  readonly address: string;
  readonly port: number;
}

const PACKET_TIME_MS = 20;
const DYNAMIC_FIRST = 96;
const DYNAMIC_LAST = 127;

/**
 * Our side of the descriptions of one dialog: `o=` keeps its id and address and counts a version for each change (RFC 3264 §8),
 * m-lines keep their places, payload types their meaning (§8.3.2).
 */
export class LocalDescription {
  readonly #sessionId: string;
  /** Every encoding described so far, with the payload type that means it. */
  readonly #numbered: AudioFormat[] = [];
  #version = 0;
  #current: SessionDescription | undefined;
  #formats: readonly AudioFormat[] = [];
  #audioIndex = 0;

  /** `sessionId` is a whole number, distinct for each dialog. */
  constructor(sessionId: number) {
    assert(Number.isSafeInteger(sessionId) && sessionId >= 0, 'a session id is a whole number');
    this.#sessionId = String(sessionId);
  }

  /** The description last made, if any. */
  get current(): SessionDescription | undefined {
    return this.#current;
  }

  /** Formats of our audio line in the description last made, with its payload types. */
  get formats(): readonly AudioFormat[] {
    return this.#formats;
  }

  /** Our audio line in the description last made. */
  get audio(): MediaDescription | undefined {
    return this.#current?.media[this.#audioIndex];
  }

  /**
   * The answer to `offer`: every m-line in its place, port 0 for all but the chosen one (RFC 3264 §6); `crypto` is our line
   * beside the peer's.
   */
  answer(offer: SessionDescription, chosen: NegotiatedAudio, local: LocalMedia, crypto?: CryptoLine): Uint8Array {
    this.#formats = [];
    const media = offer.media.map((theirs, index) =>
      index === chosen.index && theirs.port !== 0 ? this.#answerAudio(theirs, chosen, local, crypto) : rejected(theirs),
    );
    this.#audioIndex = chosen.index;
    return this.#describe(local.address, media);
  }

  /** The answer to an offer that has nothing for us: port 0 for every m-line. It counts as no description of ours. */
  reject(offer: SessionDescription, { address }: LocalMedia): Uint8Array {
    const origin = this.#originOf(this.#version + 1, address);
    const connection = connectionOf(address);
    return writeSdp({ origin, name: '-', connection, attributes: [], media: offer.media.map(rejected) });
  }

  /** Our offer, `formats` in order of preference; in a session that has m-lines already, in the audio's place. */
  offer(
    local: LocalMedia,
    formats: readonly AudioFormat[],
    direction: Direction,
    { profile, lines }: ProtectionOffer = UNPROTECTED,
  ): Uint8Array {
    const numbered = formats.map((format) => this.#number(format));
    this.#formats = numbered;
    const audio = audioLine(profile, local.port, numbered, direction, true, lines);
    const media = this.#current === undefined ? [audio] : this.#current.media.map(rejected);
    media[this.#audioIndex] = audio;
    return this.#describe(local.address, media);
  }

  #answerAudio(
    theirs: MediaDescription,
    chosen: NegotiatedAudio,
    local: LocalMedia,
    crypto: CryptoLine | undefined,
  ): MediaDescription {
    const formats = [withPayloadType(chosen.format, chosen.receivePayloadType)];
    if (chosen.receiveEventPayloadType !== undefined) {
      formats.push({
        name: 'telephone-event',
        clockRateHz: chosen.eventClockRateHz ?? chosen.format.clockRateHz,
        channelCount: 1,
        payloadType: chosen.receiveEventPayloadType,
        parameters: '0-16',
      });
    }
    if (chosen.receiveNoisePayloadType !== undefined) {
      formats.push(withPayloadType(COMFORT_NOISE, chosen.receiveNoisePayloadType));
    }
    for (const format of formats) this.#remember(format);
    this.#formats = formats;
    const lines = crypto === undefined ? [] : [crypto];
    return audioLine(theirs.profile, local.port, formats, chosen.direction, chosen.rtcpMux, lines);
  }

  /** With the number this encoding has had in the dialog, else its own, else the first dynamic one that is free. */
  #number(format: AudioFormat): AudioFormat {
    const known = this.#numbered.find((other) => isSameEncoding(other, format));
    if (known !== undefined) return withPayloadType(format, known.payloadType);
    const isTaken = (payloadType: number) => this.#numbered.some((other) => other.payloadType === payloadType);
    let payloadType = format.payloadType;
    for (let next = DYNAMIC_FIRST; isTaken(payloadType) && next <= DYNAMIC_LAST; next++) payloadType = next;
    const numbered = withPayloadType(format, payloadType);
    this.#numbered.push(numbered);
    return numbered;
  }

  #remember(format: AudioFormat): void {
    const known = this.#numbered.findIndex((other) => isSameEncoding(other, format));
    if (known < 0) this.#numbered.push(format);
    else this.#numbered[known] = format;
  }

  #describe(address: string, media: readonly MediaDescription[]): Uint8Array {
    const before = this.#current;
    const isNew = before === undefined || before.connection?.address !== address || !isSameMedia(before.media, media);
    if (isNew) this.#version += 1;
    const origin = this.#originOf(this.#version, address);
    this.#current = { origin, name: '-', connection: connectionOf(address), attributes: [], media };
    return writeSdp(this.#current);
  }

  #originOf(version: number, address: string): SessionDescription['origin'] {
    const first = this.#current?.origin.address ?? address;
    return { username: '-', sessionId: this.#sessionId, version: String(version), address: first };
  }
}

function isSameMedia(a: readonly MediaDescription[], b: readonly MediaDescription[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function withPayloadType(format: AudioFormat, payloadType: number): AudioFormat {
  return format.payloadType === payloadType ? format : { ...format, payloadType };
}

function rejected(media: MediaDescription): MediaDescription {
  const { kind, profile, formats } = media;
  return { kind, port: 0, profile, formats, connection: undefined, attributes: [] };
}

function audioLine(
  profile: string,
  port: number,
  formats: readonly AudioFormat[],
  direction: Direction,
  rtcpMux: boolean,
  crypto: readonly CryptoLine[],
): MediaDescription {
  const attributes: Attribute[] = crypto.map(cryptoAttribute);
  for (const { name, clockRateHz, channelCount, payloadType } of formats) {
    const channels = channelCount === 1 ? '' : `/${channelCount}`;
    attributes.push({ name: 'rtpmap', value: `${payloadType} ${name}/${clockRateHz}${channels}` });
  }
  for (const format of formats) {
    const parameters = isTelephoneEvent(format) ? (format.parameters ?? '0-16') : format.parameters;
    if (parameters !== undefined) attributes.push({ name: 'fmtp', value: `${format.payloadType} ${parameters}` });
  }
  attributes.push({ name: 'ptime', value: String(PACKET_TIME_MS) }, { name: direction, value: undefined });
  if (rtcpMux) attributes.push({ name: 'rtcp-mux', value: undefined });
  return {
    kind: 'audio',
    port,
    profile,
    formats: formats.map(({ payloadType }) => String(payloadType)),
    connection: undefined,
    attributes,
  };
}
