import { PacketView, writeRtpHeader } from '../../../media/rtp/packet-view.ts';

export interface PacketFields {
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc?: number;
  readonly marker?: boolean;
  readonly payloadType?: number;
  readonly payload?: readonly number[];
}

/** The bytes of an RTP packet for tests. */
export function rtpPacket(fields: PacketFields): Uint8Array {
  const payload = fields.payload ?? [];
  const bytes = new Uint8Array(12 + payload.length);
  const { marker = false, payloadType = 0, sequence, timestamp, ssrc = 0xabcd } = fields;
  bytes.set(payload, writeRtpHeader(bytes, 0, marker, payloadType, sequence, timestamp, ssrc));
  return bytes;
}

/** A view of such a packet. */
export function rtpView(fields: PacketFields): PacketView {
  const bytes = rtpPacket(fields);
  const view = new PacketView();
  if (!view.read(bytes, 0, bytes.length)) throw new Error('a packet that we wrote is readable');
  return view;
}
