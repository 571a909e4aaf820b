import type { AddressBook } from './io/address-book.ts';
import { pack } from './io/addresses.ts';
import type { MediaPeer } from './io/media-peer.ts';
import type { StreamSettings } from './protocol.ts';
import { receives, sends } from './sdp/direction.ts';
import { type AudioFormat, codecNameOf, isComfortNoise, isTelephoneEvent } from './sdp/formats.ts';
import type { NegotiatedAudio } from './sdp/negotiate.ts';
import type { ProtectionState } from './srtp/protection.ts';
import type { AudioCodec } from './stream-formats.ts';

/** Where keys are listened for in sound: where no telephone-events were agreed on, everywhere, nowhere. */
export type InbandDigits = 'auto' | 'always' | 'off';

/** Where a stream is received, and from whom. */
export interface Placement {
  readonly port: number;
  /** `exact`: the peer's description tells its true address. `unlatched`: its first packets will. */
  readonly mode: 'exact' | 'unlatched';
  /** Literal address that the leg's signalling comes from. */
  readonly signallingAddress: string;
  readonly inbandDigits: InbandDigits;
  /** The numbers of addresses where the stream is. */
  readonly addresses: AddressBook;
}

function hearsKeys(inbandDigits: InbandDigits, { sendEventPayloadType }: NegotiatedAudio): boolean {
  return inbandDigits === 'always' || (inbandDigits === 'auto' && sendEventPayloadType === undefined);
}

/** Settings of a stream whose peer has not answered yet: it may be heard (early media), and nothing is sent. */
export function settingsBeforeAnswer(
  placement: Placement,
  offered: readonly AudioFormat[],
  protection?: ProtectionState,
): StreamSettings {
  return {
    port: placement.port,
    remote: 0,
    remoteRtcp: 0,
    rtcpMux: false,
    allowed: numbersOf(placement.addresses, [placement.signallingAddress]),
    receivePayloadTypes: receivePayloadTypes(offered),
    sendCodec: 'PCMU',
    sendPayloadType: 0,
    sendEventPayloadType: -1,
    hearsKeys: false,
    sends: false,
    receives: true,
    protection,
    supervised: false,
  };
}

/** Settings of a stream as negotiated; `described` are the formats that our own description lists. */
export function settingsOf(
  placement: Placement,
  negotiated: NegotiatedAudio,
  described: readonly AudioFormat[],
  protection?: ProtectionState,
): StreamSettings {
  const { remoteAddress, remotePort, remoteRtcpAddress, remoteRtcpPort, direction } = negotiated;
  const book = placement.addresses;
  const isExact = placement.mode === 'exact';
  const allowed = numbersOf(book, [remoteAddress, placement.signallingAddress]);
  // A description could name anybody (RFC 3605): reports go where the stream may come from, and nowhere else.
  const rtcpAddress = book.numberOf(remoteRtcpAddress);
  return {
    port: placement.port,
    remote: isExact ? packed(book.numberOf(remoteAddress), remotePort) : 0,
    remoteRtcp: isExact && allowed.includes(rtcpAddress) ? packed(rtcpAddress, remoteRtcpPort) : 0,
    rtcpMux: negotiated.rtcpMux,
    allowed,
    receivePayloadTypes: receivePayloadTypes(described),
    sendCodec: codecNameOf(negotiated.format) as AudioCodec,
    sendParameters: negotiated.sendParameters,
    sendPayloadType: negotiated.sendPayloadType,
    sendEventPayloadType: negotiated.sendEventPayloadType ?? -1,
    eventClockRateHz: negotiated.eventClockRateHz,
    sendNoisePayloadType: negotiated.sendNoisePayloadType ?? -1,
    hearsKeys: hearsKeys(placement.inbandDigits, negotiated),
    sends: sends(direction),
    receives: receives(direction),
    protection,
    supervised: true,
  };
}

/** Where a peer is, as signalling and its description say. No trunk vouches for other networks yet. */
export function mediaPeer(signallingAddress: string, audio: NegotiatedAudio | undefined): MediaPeer {
  return {
    sdpAddress: audio?.remoteAddress ?? '',
    sdpPort: audio?.remotePort ?? 0,
    signallingAddress,
    mediaNetworks: [],
  };
}

function receivePayloadTypes(formats: readonly AudioFormat[]): StreamSettings['receivePayloadTypes'] {
  return formats.map((format) => ({
    payloadType: format.payloadType,
    format: isTelephoneEvent(format)
      ? 'telephone-event'
      : isComfortNoise(format)
        ? 'CN'
        : (codecNameOf(format) as AudioCodec),
  }));
}

/** 0 for what cannot be sent to: a held stream's 0.0.0.0, a stream that is off. */
function packed(address: number, port: number): number {
  return address === 0 || port === 0 ? 0 : pack(address, port);
}

function numbersOf(book: AddressBook, texts: readonly string[]): readonly number[] {
  const numbers: number[] = [];
  for (const text of texts) {
    const number = book.numberOf(text);
    if (number !== 0 && !numbers.includes(number)) numbers.push(number);
  }
  return numbers;
}
