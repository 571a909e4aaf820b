import type { SrtpPolicy } from '../../core/kernel/srtp-policy.ts';
import { reachOf } from './address.ts';
import { type CryptoLine, cryptoLinesOf, hasCrypto } from './crypto-attribute.ts';
import { type Direction, directionOf, STREAM_DIRECTION, WITHOUT_ADDRESS } from './direction.ts';
import {
  type AudioFormat,
  codecNameOf,
  formatsOf,
  G729,
  isComfortNoise,
  isNamed,
  isSameEncoding,
  isTelephoneEvent,
  packetTimeOf,
} from './formats.ts';
import {
  attributeValue,
  type Connection,
  type MediaDescription,
  type SessionDescription,
} from './session-description.ts';

/** What offer and answer have settled for the one audio stream of a leg. */
export interface NegotiatedAudio {
  /** Its m-line. */
  readonly index: number;
  /** The encoding, with our own parameters. */
  readonly format: AudioFormat;
  /** What the peer's `a=fmtp` asks for; '' for nothing. */
  readonly sendParameters: string;
  /** Payload type in what we send, and in what comes. They differ only where the peer answered with a number of its own. */
  readonly sendPayloadType: number;
  readonly receivePayloadType: number;
  /** Of telephone-events, undefined when the peer has none; at the clock rate of the audio, unless it knows no such. */
  readonly sendEventPayloadType: number | undefined;
  readonly receiveEventPayloadType: number | undefined;
  readonly eventClockRateHz: number | undefined;
  /** Of comfort noise (RFC 3389), undefined where one of both has none for this codec. */
  readonly sendNoisePayloadType: number | undefined;
  readonly receiveNoisePayloadType: number | undefined;
  /** Ours. `sends(direction)` is false while the peer holds us. */
  readonly direction: Direction;
  /** Where the peer says it receives. Port 0: the stream is off, and answered as such. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteRtcpAddress: string;
  readonly remoteRtcpPort: number;
  /** RTP and RTCP share the port (RFC 5761), in both directions. */
  readonly rtcpMux: boolean;
  /** Milliseconds of audio that the peer wants in a packet. */
  readonly packetTimeMs: number;
  /** The peer's line `a=crypto` that was agreed on; undefined for streams in the clear. */
  readonly crypto: CryptoLine | undefined;
}

/** Profiles that we speak: without and with early feedback (RFC 3551, RFC 4585), and their secure ones (RFC 3711, RFC 5124). */
const CLEAR_PROFILES: readonly string[] = ['RTP/AVP', 'RTP/AVPF'];
const SECURE_PROFILES: readonly string[] = ['RTP/SAVP', 'RTP/SAVPF'];

/**
 * Chooses stream and codec for the answer to an offer (RFC 3264 §6): the first audio line that is on and has a codec
 * in common, else the first that is off but would have. Encodings named in `preferred` win in that order, then the
 * offer's order counts. `willing` is what we would do ourselves. Undefined when nothing is in common (488). Where `srtp` is
 * preferred, a line with keys goes before those without.
 */
export function negotiateAnswer(
  offer: SessionDescription,
  supported: readonly AudioFormat[],
  preferred: readonly string[] = [],
  willing: Direction = 'sendrecv',
  srtp: SrtpPolicy = 'off',
): NegotiatedAudio | undefined {
  const protect = (media: MediaDescription) => protectionOfOffer(media, srtp);
  const candidates = offer.media
    .map((media, index) => choose(offer, media, index, { supported, preferred, willing, numbering: 'theirs', protect }))
    .filter((candidate) => candidate !== undefined);
  const live = candidates.filter((candidate) => candidate.remotePort !== 0);
  return live.find(({ crypto }) => crypto !== undefined) ?? live[0] ?? candidates[0];
}

/** Whether an offer has audio with keys of use here. */
export function offersKeys(offer: SessionDescription): boolean {
  return offer.media.some(({ kind, attributes }) => kind === 'audio' && cryptoLinesOf(attributes).length > 0);
}

/**
 * What the answer made of our offer (RFC 3264 §7). Undefined when it is not an answer to it: other m-lines, the audio
 * refused, no codec that we offered, keys that answer none of ours, or none where we insisted.
 */
export function acceptAnswer(offer: SessionDescription, answer: SessionDescription): NegotiatedAudio | undefined {
  const index = offer.media.findIndex((media) => media.kind === 'audio' && media.port !== 0);
  const ours = offer.media[index];
  const theirs = answer.media[index];
  if (ours === undefined || theirs === undefined || answer.media.length !== offer.media.length) return undefined;
  if (theirs.port === 0) return undefined;
  const willing = directionOf(ours.attributes) ?? directionOf(offer.attributes) ?? 'sendrecv';
  const negotiated = choose(answer, theirs, index, {
    supported: formatsOf(ours),
    preferred: [],
    willing,
    numbering: 'ours',
    protect: (media) => protectionOfAnswer(ours, media),
  });
  if (negotiated === undefined) return undefined;
  return { ...negotiated, rtcpMux: negotiated.rtcpMux && attributeValue(ours.attributes, 'rtcp-mux') !== undefined };
}

/**
 * Encodings that a description offers for audio, in its order, without telephone-events: to prefer on another leg. Comfort
 * noise is among them.
 */
export function encodingsOf(session: SessionDescription): readonly string[] {
  const media = session.media.find((candidate) => candidate.kind === 'audio' && candidate.port !== 0);
  return media === undefined
    ? []
    : formatsOf(media)
        .filter((format) => !isTelephoneEvent(format))
        .map(codecNameOf);
}

interface Wishes {
  readonly supported: readonly AudioFormat[];
  readonly preferred: readonly string[];
  readonly willing: Direction;
  /** Whose payload types the peer will use towards us: those of the offer, theirs or ours. */
  readonly numbering: 'theirs' | 'ours';
  readonly protect: (media: MediaDescription) => StreamProtection;
}

/** The peer's line, `clear` for none, or what cannot be agreed to. */
type StreamProtection = CryptoLine | 'clear' | 'refused';

function protectionOfOffer({ profile, attributes }: MediaDescription, srtp: SrtpPolicy): StreamProtection {
  const isSecure = SECURE_PROFILES.includes(profile);
  if (!isSecure && !CLEAR_PROFILES.includes(profile)) return 'refused';
  if (srtp === 'off') return isSecure ? 'refused' : 'clear';
  return cryptoLinesOf(attributes)[0] ?? (isSecure || srtp === 'required' ? 'refused' : 'clear');
}

/** One line answers one of ours by its tag and suite (RFC 4568 §5.1.2, §5.1.3). */
function protectionOfAnswer(ours: MediaDescription, theirs: MediaDescription): StreamProtection {
  const { profile, attributes } = theirs;
  const isClear = CLEAR_PROFILES.includes(profile);
  if (!isClear && !SECURE_PROFILES.includes(profile)) return 'refused';
  const offered = cryptoLinesOf(ours.attributes);
  if (offered.length === 0 || !hasCrypto(attributes)) {
    return isClear && CLEAR_PROFILES.includes(ours.profile) ? 'clear' : 'refused';
  }
  const answers = ({ tag, suite }: CryptoLine) => offered.some((own) => own.tag === tag && own.suite === suite);
  return cryptoLinesOf(attributes).find(answers) ?? 'refused';
}

/** One format as each side wrote it. */
interface Match {
  readonly theirs: AudioFormat;
  readonly ours: AudioFormat;
}

function choose(
  session: SessionDescription,
  media: MediaDescription,
  index: number,
  { supported, preferred, willing, numbering, protect }: Wishes,
): NegotiatedAudio | undefined {
  const protection = media.kind === 'audio' ? protect(media) : 'refused';
  if (protection === 'refused') return undefined;
  const connection = media.connection ?? session.connection;
  if (connection === undefined) return undefined;
  const reach = reachOf(connection);
  if (reach === 'unusable') return undefined;
  const offered = formatsOf(media);
  const codec = chooseCodec(offered, supported, preferred);
  if (codec === undefined) return undefined;
  const event = chooseEvent(offered, supported, codec.ours.clockRateHz);
  const noise = chooseNoise(offered, supported, codec.ours);
  const stated = directionOf(media.attributes) ?? directionOf(session.attributes) ?? 'sendrecv';
  const effective = reach === 'unspecified' ? WITHOUT_ADDRESS[stated] : stated;
  return {
    index,
    format: codec.ours,
    sendParameters: codec.theirs.parameters ?? '',
    sendPayloadType: codec.theirs.payloadType,
    receivePayloadType: codec[numbering].payloadType,
    sendEventPayloadType: event?.theirs.payloadType,
    receiveEventPayloadType: event?.[numbering].payloadType,
    eventClockRateHz: event?.theirs.clockRateHz,
    sendNoisePayloadType: noise?.theirs.payloadType,
    receiveNoisePayloadType: noise?.[numbering].payloadType,
    direction: media.port === 0 ? 'inactive' : STREAM_DIRECTION[effective][willing],
    remoteAddress: connection.address,
    remotePort: media.port,
    ...rtcpOf(media, connection),
    packetTimeMs: packetTimeOf(media),
    crypto: protection === 'clear' ? undefined : protection,
  };
}

function chooseCodec(
  offered: readonly AudioFormat[],
  supported: readonly AudioFormat[],
  preferred: readonly string[],
): Match | undefined {
  let first: Match | undefined;
  let best: Match | undefined;
  let bestRank = preferred.length;
  for (const theirs of offered) {
    const ours = isTelephoneEvent(theirs) || isComfortNoise(theirs) ? undefined : counterpart(theirs, supported);
    if (ours === undefined) continue;
    first ??= { theirs, ours };
    const rank = preferred.findIndex((name) => isNamed(ours, name));
    if (rank < 0 || rank >= bestRank) continue;
    best = { theirs, ours };
    bestRank = rank;
  }
  return best ?? first;
}

/**
 * Telephone-events run on the clock of the audio that they interrupt (RFC 4733 §2.1). Many who speak Opus know them at 8 kHz
 * alone and mean it: rather that than none.
 */
function chooseEvent(
  offered: readonly AudioFormat[],
  supported: readonly AudioFormat[],
  clockRateHz: number,
): Match | undefined {
  let other: Match | undefined;
  for (const theirs of offered) {
    if (!isTelephoneEvent(theirs)) continue;
    const ours = counterpart(theirs, supported);
    if (ours === undefined) continue;
    if (theirs.clockRateHz === clockRateHz) return { theirs, ours };
    if (theirs.clockRateHz === 8000) other = { theirs, ours };
  }
  return other;
}

/** With the clock of the codec, unless that has means of its own (RFC 3389 §4). */
function chooseNoise(
  offered: readonly AudioFormat[],
  supported: readonly AudioFormat[],
  codec: AudioFormat,
): Match | undefined {
  if (codec.name === G729.name) return undefined;
  for (const theirs of offered) {
    if (!isComfortNoise(theirs) || theirs.clockRateHz !== codec.clockRateHz) continue;
    const ours = counterpart(theirs, supported);
    if (ours !== undefined) return { theirs, ours };
  }
  return undefined;
}

function counterpart(theirs: AudioFormat, supported: readonly AudioFormat[]): AudioFormat | undefined {
  for (const ours of supported) if (isSameEncoding(ours, theirs)) return ours;
  return undefined;
}

/** RTCP goes to the next port, unless `a=rtcp` (RFC 3605) or `a=rtcp-mux` (RFC 5761) says otherwise. */
function rtcpOf(
  media: MediaDescription,
  connection: Connection,
): Pick<NegotiatedAudio, 'remoteRtcpAddress' | 'remoteRtcpPort' | 'rtcpMux'> {
  const next = {
    remoteRtcpAddress: connection.address,
    remoteRtcpPort: Math.min(media.port + 1, 65_535),
    rtcpMux: false,
  };
  if (media.port === 0) return { ...next, remoteRtcpPort: 0 };
  if (attributeValue(media.attributes, 'rtcp-mux') !== undefined) {
    return { ...next, remoteRtcpPort: media.port, rtcpMux: true };
  }
  const rtcp = attributeValue(media.attributes, 'rtcp');
  if (rtcp === undefined) return next;
  const stated = /^(\d{1,5})(?: +IN +(IP[46]) +(\S+))?$/.exec(rtcp);
  if (stated === null || Number(stated[1]) === 0 || Number(stated[1]) > 65_535) return next;
  const family = stated[2] === 'IP6' ? 'IP6' : 'IP4';
  if (stated[3] === undefined) return { ...next, remoteRtcpPort: Number(stated[1]) };
  if (reachOf({ family, address: stated[3] }) !== 'unicast') return next;
  return { remoteRtcpAddress: stated[3], remoteRtcpPort: Number(stated[1]), rtcpMux: false };
}
