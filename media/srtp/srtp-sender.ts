import { RTP_HEADER_BYTES, readUint32 } from '../rtp/packet-view.ts';
import { PacketIndex } from './packet-index.ts';
import type { PacketTransform } from './packet-transform.ts';

/** A packet that may not go out. */
const NOTHING = 0;

/** Protects what one stream sends (RFC 3711 §3.3, §3.4). Results are sizes in bytes, 0 for what may not go out. */
export class SrtpSender {
  #transform: PacketTransform;
  #index = new PacketIndex();
  #ssrc = 0;
  #rtcpIndex = 0;

  constructor(transform: PacketTransform) {
    this.#transform = transform;
  }

  /** Numbers and roll-over counter go on under another key (RFC 3711 §3.3.1). */
  rekey(transform: PacketTransform): void {
    this.#transform.close();
    this.#transform = transform;
  }

  /**
   * The packet of `sizeBytes` at `at`, whose header is the fixed one, within room that ends at `limit`. A number that was
   * used already is not used again: two packets under one key stream would tell each other.
   */
  protectRtp(bytes: Uint8Array, at: number, sizeBytes: number, limit: number): number {
    const end = at + sizeBytes;
    if (end + this.#transform.rtpBytes > limit) return NOTHING;
    const ssrc = readUint32(bytes, at + 8) | 0;
    if (ssrc !== this.#ssrc) {
      this.#ssrc = ssrc;
      this.#index = new PacketIndex();
    }
    const sequence = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const rollOver = this.#index.rollOverOf(sequence);
    if (!this.#index.isNew(sequence, rollOver)) return NOTHING;
    this.#index.mark(sequence, rollOver);
    return this.#transform.protectRtp(bytes, at, at + RTP_HEADER_BYTES, end, rollOver | 0) - at;
  }

  protectRtcp(bytes: Uint8Array, at: number, sizeBytes: number, limit: number): number {
    if (at + sizeBytes + this.#transform.rtcpBytes > limit) return NOTHING;
    this.#rtcpIndex = (this.#rtcpIndex + 1) & 0x7fff_ffff;
    return this.#transform.protectRtcp(bytes, at, at + sizeBytes, this.#rtcpIndex) - at;
  }

  close(): void {
    this.#transform.close();
  }
}
