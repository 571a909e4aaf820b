import { writeUint32 } from '../rtp/packet-view.ts';
import type { SessionKeys } from './key-derivation.ts';
import { GCM_IV_BYTES, GCM_TAG_BYTES, type Gcm, type PacketCiphers } from './packet-ciphers.ts';
import { type PacketTransform, RTCP_CLEAR_BYTES, RTCP_INDEX_BYTES } from './packet-transform.ts';

const ENCRYPTED = 0x80;

/** AES-GCM with tags of 16 bytes (RFC 7714). */
export class GcmTransform implements PacketTransform {
  readonly rtpBytes = GCM_TAG_BYTES;
  readonly rtcpBytes = GCM_TAG_BYTES + RTCP_INDEX_BYTES;
  readonly #ciphers: PacketCiphers;
  readonly #rtp: Gcm;
  readonly #rtpSalt: Uint8Array;
  readonly #rtcp: Gcm;
  readonly #rtcpSalt: Uint8Array;

  constructor(rtp: SessionKeys, rtcp: SessionKeys, ciphers: PacketCiphers) {
    this.#ciphers = ciphers;
    this.#rtp = ciphers.gcm(rtp.cipherKey);
    this.#rtpSalt = rtp.salt;
    this.#rtcp = ciphers.gcm(rtcp.cipherKey);
    this.#rtcpSalt = rtcp.salt;
  }

  protectRtp(bytes: Uint8Array, start: number, payloadStart: number, end: number, rollOver: number): number {
    this.#direct(this.#rtpSalt, bytes, start + 8, rollOver, (bytes[start + 2]! << 8) | bytes[start + 3]!);
    this.#rtp.seal(bytes, start, payloadStart, end, 0);
    return end + GCM_TAG_BYTES;
  }

  unprotectRtp(bytes: Uint8Array, start: number, payloadStart: number, end: number, rollOver: number): number {
    const tagAt = end - GCM_TAG_BYTES;
    if (tagAt < payloadStart) return -1;
    this.#direct(this.#rtpSalt, bytes, start + 8, rollOver, (bytes[start + 2]! << 8) | bytes[start + 3]!);
    return this.#rtp.open(bytes, start, payloadStart, tagAt, 0) ? tagAt : -1;
  }

  protectRtcp(bytes: Uint8Array, start: number, end: number, index: number): number {
    const { trailer } = this.#ciphers;
    writeUint32(trailer, 0, index);
    trailer[0]! |= ENCRYPTED;
    this.#direct(this.#rtcpSalt, bytes, start + 4, index >>> 16, index & 0xffff);
    this.#rtcp.seal(bytes, start, start + RTCP_CLEAR_BYTES, end, 1);
    bytes.set(trailer, end + GCM_TAG_BYTES);
    return end + GCM_TAG_BYTES + RTCP_INDEX_BYTES;
  }

  unprotectRtcp(bytes: Uint8Array, start: number, end: number): number {
    const indexAt = this.indexAt(end);
    const tagAt = indexAt - GCM_TAG_BYTES;
    if (tagAt < start + RTCP_CLEAR_BYTES) return -1;
    const { trailer } = this.#ciphers;
    for (let i = 0; i < RTCP_INDEX_BYTES; i++) trailer[i] = bytes[indexAt + i]!;
    const upper = ((trailer[0]! & 0x7f) << 8) | trailer[1]!;
    this.#direct(this.#rtcpSalt, bytes, start + 4, upper, (trailer[2]! << 8) | trailer[3]!);
    const from = (trailer[0]! & ENCRYPTED) === 0 ? tagAt : start + RTCP_CLEAR_BYTES;
    return this.#rtcp.open(bytes, start, from, tagAt, 1) ? tagAt : -1;
  }

  indexAt(end: number): number {
    return end - RTCP_INDEX_BYTES;
  }

  close(): void {
    this.#rtp.close();
    this.#rtcp.close();
  }

  /** The initialization vector of a packet (RFC 7714 §8.1, §9.1): salt, SSRC and number one over the other. */
  #direct(salt: Uint8Array, bytes: Uint8Array, ssrcAt: number, upper: number, lower: number): void {
    const { iv } = this.#ciphers;
    for (let i = 0; i < GCM_IV_BYTES; i++) iv[i] = salt[i]!;
    for (let i = 0; i < 4; i++) iv[2 + i]! ^= bytes[ssrcAt + i]!;
    iv[6]! ^= upper >>> 24;
    iv[7]! ^= upper >>> 16;
    iv[8]! ^= upper >>> 8;
    iv[9]! ^= upper;
    iv[10]! ^= lower >>> 8;
    iv[11]! ^= lower;
  }
}
