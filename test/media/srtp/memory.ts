import { openCiphers } from '../../../media/io/openssl-ciphers.ts';
import { PacketView } from '../../../media/rtp/packet-view.ts';
import { masterBytes, type SrtpSuite } from '../../../media/srtp/crypto-suite.ts';
import { NodeCiphers } from '../../../media/srtp/node-ciphers.ts';
import type { PacketCiphers } from '../../../media/srtp/packet-ciphers.ts';
import { SrtpReceiver } from '../../../media/srtp/srtp-receiver.ts';
import { SrtpSender } from '../../../media/srtp/srtp-sender.ts';
import { suiteTransform } from '../../../media/srtp/suite-transform.ts';
import { rtpPacket } from '../rtp/packets.ts';

/** Where packets of these tests lie, for OpenSSL too. */
export const MEMORY = new Uint8Array(4096);
export const OPENSSL = openCiphers([MEMORY]);
export const CIPHERS: readonly PacketCiphers[] = [OPENSSL, new NodeCiphers()];
export const SUITES: readonly SrtpSuite[] = ['AEAD_AES_128_GCM', 'AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'];

const PACKET_AT = 100;
const LIMIT = MEMORY.length;

export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

export function text(start: number, end: number): string {
  return Buffer.from(MEMORY.subarray(start, end)).toString('hex');
}

/** One direction of a stream, from sender to receiver. */
export class Direction {
  readonly sender: SrtpSender;
  readonly receiver: SrtpReceiver;
  readonly #view = new PacketView();

  constructor(suite: SrtpSuite, ciphers: PacketCiphers = OPENSSL, key: number | Uint8Array = 1) {
    const master = typeof key === 'number' ? masterKey(suite, key) : key;
    this.sender = new SrtpSender(suiteTransform(suite, master, ciphers));
    this.receiver = new SrtpReceiver(suiteTransform(suite, master, ciphers));
  }

  /** The protected packet; empty when it may not go out. */
  protectRtp(packet: Uint8Array): Uint8Array {
    MEMORY.set(packet, PACKET_AT);
    const sizeBytes = this.sender.protectRtp(MEMORY, PACKET_AT, packet.length, LIMIT);
    return MEMORY.slice(PACKET_AT, PACKET_AT + sizeBytes);
  }

  protectRtcp(packet: Uint8Array): Uint8Array {
    MEMORY.set(packet, PACKET_AT);
    const sizeBytes = this.sender.protectRtcp(MEMORY, PACKET_AT, packet.length, LIMIT);
    return MEMORY.slice(PACKET_AT, PACKET_AT + sizeBytes);
  }

  /** The packet as it was; undefined when it is not genuine, or not new. */
  unprotectRtp(packet: Uint8Array): Uint8Array | undefined {
    MEMORY.set(packet, PACKET_AT);
    if (!this.#view.readHeader(MEMORY, PACKET_AT, PACKET_AT + packet.length)) return undefined;
    const end = this.receiver.unprotectRtp(MEMORY, this.#view, PACKET_AT, PACKET_AT + packet.length);
    return end < 0 ? undefined : MEMORY.slice(PACKET_AT, end);
  }

  unprotectRtcp(packet: Uint8Array): Uint8Array | undefined {
    MEMORY.set(packet, PACKET_AT);
    const end = this.receiver.unprotectRtcp(MEMORY, PACKET_AT, PACKET_AT + packet.length);
    return end < 0 ? undefined : MEMORY.slice(PACKET_AT, end);
  }
}

export function masterKey(suite: SrtpSuite, seed: number): Uint8Array {
  return Uint8Array.from({ length: masterBytes(suite) }, (_, i) => (seed * 31 + i * 7) & 0xff);
}

export function packetOf(sequence: number, ssrc = 0xcafebabe): Uint8Array {
  return rtpPacket({
    sequence,
    ssrc,
    timestamp: sequence * 160,
    payload: new Array<number>(160).fill(sequence & 0xff),
  });
}
