import { pack, parseIpv4 } from './io/addresses.ts';
import type { MediaPeer } from './io/port-pool.ts';
import type { StreamSettings } from './protocol.ts';
import { receives, sends } from './sdp/direction.ts';
import { type AudioFormat, codecNameOf, isTelephoneEvent } from './sdp/formats.ts';
import type { NegotiatedAudio } from './sdp/negotiate.ts';
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
}

function hearsKeys(inbandDigits: InbandDigits, { sendEventPayloadType }: NegotiatedAudio): boolean {
  return inbandDigits === 'always' || (inbandDigits === 'auto' && sendEventPayloadType === undefined);
}

/** Settings of a stream whose peer has not answered yet: it may be heard (early media), and nothing is sent. */
export function settingsBeforeAnswer(placement: Placement, offered: readonly AudioFormat[]): StreamSettings {
  return {
    port: placement.port,
    remote: 0,
    remoteRtcp: 0,
    rtcpMux: false,
    allowed: addresses([placement.signallingAddress]),
    receivePayloadTypes: receivePayloadTypes(offered),
    sendCodec: 'PCMU',
    sendPayloadType: 0,
    sendEventPayloadType: -1,
    hearsKeys: false,
    sends: false,
    receives: true,
    supervised: false,
  };
}

/** Settings of a stream as negotiated; `described` are the formats that our own description lists. */
export function settingsOf(
  placement: Placement,
  negotiated: NegotiatedAudio,
  described: readonly AudioFormat[],
): StreamSettings {
  const { remoteAddress, remotePort, remoteRtcpAddress, remoteRtcpPort, direction } = negotiated;
  const isExact = placement.mode === 'exact';
  return {
    port: placement.port,
    remote: isExact ? packed(remoteAddress, remotePort) : 0,
    remoteRtcp: isExact ? packed(remoteRtcpAddress, remoteRtcpPort) : 0,
    rtcpMux: negotiated.rtcpMux,
    allowed: addresses([remoteAddress, placement.signallingAddress]),
    receivePayloadTypes: receivePayloadTypes(described),
    sendCodec: codecNameOf(negotiated.format) as AudioCodec,
    sendParameters: negotiated.sendParameters,
    sendPayloadType: negotiated.sendPayloadType,
    sendEventPayloadType: negotiated.sendEventPayloadType ?? -1,
    eventClockRateHz: negotiated.eventClockRateHz,
    hearsKeys: hearsKeys(placement.inbandDigits, negotiated),
    sends: sends(direction),
    receives: receives(direction),
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
    format: isTelephoneEvent(format) ? 'telephone-event' : (codecNameOf(format) as AudioCodec),
  }));
}

/** 0 for what cannot be sent to: a held stream's 0.0.0.0, a stream that is off. */
function packed(address: string, port: number): number {
  const number = parseIpv4(address);
  return number === undefined || number === 0 || port === 0 ? 0 : pack(number, port);
}

function addresses(texts: readonly string[]): readonly number[] {
  const numbers: number[] = [];
  for (const text of texts) {
    const number = parseIpv4(text);
    if (number !== undefined && number !== 0 && !numbers.includes(number)) numbers.push(number);
  }
  return numbers;
}
