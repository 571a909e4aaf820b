import type { StreamSettings } from '../media/protocol.ts';

/** Ports of this machine alone. */
export const LOOPBACK = 0x7f000001;
export const PAYLOAD_TYPES = { PCMU: 0, PCMA: 8, G722: 9 } as const;

/** A stream of a phone of one codec that sends no keys; `remote` is a packed address on loopback. */
export function plainStream(port: number, remote: number, codec: keyof typeof PAYLOAD_TYPES = 'PCMU'): StreamSettings {
  const payloadType = PAYLOAD_TYPES[codec];
  return {
    port,
    remote,
    remoteRtcp: 0,
    rtcpMux: false,
    allowed: [LOOPBACK],
    receivePayloadTypes: [{ payloadType, format: codec }],
    sendCodec: codec,
    sendPayloadType: payloadType,
    sendEventPayloadType: -1,
    hearsKeys: false,
    sends: true,
    receives: true,
    supervised: true,
  };
}
