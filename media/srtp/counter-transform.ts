import { writeUint32 } from '../rtp/packet-view.ts';
import type { CryptoSuite } from './crypto-suite.ts';
import type { SessionKeys } from './key-derivation.ts';
import type { CounterMode, HmacSha1, PacketCiphers } from './packet-ciphers.ts';
import { type PacketTransform, RTCP_CLEAR_BYTES, RTCP_INDEX_BYTES } from './packet-transform.ts';

const WORD_BYTES = 4;
const ENCRYPTED = 0x80;

/** Cipher, key of the tags and salt for RTP, or for RTCP. */
interface Session {
  readonly cipher: CounterMode;
  readonly hmac: HmacSha1;
  readonly salt: Uint8Array;
}

/** AES in counter mode, tags by HMAC-SHA1 (RFC 3711 §4.1.1, §4.2.1). */
export class CounterTransform implements PacketTransform {
  readonly rtpBytes: number;
  readonly rtcpBytes: number;
  readonly #ciphers: PacketCiphers;
  readonly #rtp: Session;
  readonly #rtcp: Session;
  readonly #tagBytes: number;
  readonly #rtcpTagBytes: number;
  readonly #tag = new Uint8Array(16);

  constructor(rtp: SessionKeys, rtcp: SessionKeys, { tagBytes, rtcpTagBytes }: CryptoSuite, ciphers: PacketCiphers) {
    this.#ciphers = ciphers;
    this.#rtp = sessionOf(rtp, ciphers);
    this.#rtcp = sessionOf(rtcp, ciphers);
    this.#tagBytes = tagBytes;
    this.#rtcpTagBytes = rtcpTagBytes;
    this.rtpBytes = tagBytes;
    this.rtcpBytes = rtcpTagBytes + RTCP_INDEX_BYTES;
  }

  protectRtp(bytes: Uint8Array, start: number, payloadStart: number, end: number, rollOver: number): number {
    this.#direct(this.#rtp, bytes, start + 8, rollOver, (bytes[start + 2]! << 8) | bytes[start + 3]!);
    this.#rtp.cipher.apply(bytes, payloadStart, end);
    // The tag is of the packet with the roll-over counter behind it, whose place it takes.
    writeUint32(bytes, end, rollOver);
    this.#rtp.hmac.compute(bytes, start, end + WORD_BYTES);
    this.#writeTag(bytes, end, this.#tagBytes);
    return end + this.#tagBytes;
  }

  unprotectRtp(bytes: Uint8Array, start: number, payloadStart: number, end: number, rollOver: number): number {
    const tagAt = end - this.#tagBytes;
    if (tagAt < payloadStart) return -1;
    this.#keepTag(bytes, tagAt, this.#tagBytes);
    writeUint32(bytes, tagAt, rollOver);
    this.#rtp.hmac.compute(bytes, start, tagAt + WORD_BYTES);
    if (!this.#isTag(this.#tagBytes)) return -1;
    this.#direct(this.#rtp, bytes, start + 8, rollOver, (bytes[start + 2]! << 8) | bytes[start + 3]!);
    this.#rtp.cipher.apply(bytes, payloadStart, tagAt);
    return tagAt;
  }

  protectRtcp(bytes: Uint8Array, start: number, end: number, index: number): number {
    this.#direct(this.#rtcp, bytes, start + 4, index >>> 16, index & 0xffff);
    this.#rtcp.cipher.apply(bytes, start + RTCP_CLEAR_BYTES, end);
    const tagAt = end + RTCP_INDEX_BYTES;
    writeUint32(bytes, end, index);
    bytes[end]! |= ENCRYPTED;
    this.#rtcp.hmac.compute(bytes, start, tagAt);
    this.#writeTag(bytes, tagAt, this.#rtcpTagBytes);
    return tagAt + this.#rtcpTagBytes;
  }

  unprotectRtcp(bytes: Uint8Array, start: number, end: number): number {
    const tagAt = end - this.#rtcpTagBytes;
    const indexAt = this.indexAt(end);
    if (indexAt < start + RTCP_CLEAR_BYTES) return -1;
    this.#keepTag(bytes, tagAt, this.#rtcpTagBytes);
    this.#rtcp.hmac.compute(bytes, start, tagAt);
    if (!this.#isTag(this.#rtcpTagBytes)) return -1;
    if ((bytes[indexAt]! & ENCRYPTED) === 0) return indexAt;
    const upper = ((bytes[indexAt]! & 0x7f) << 8) | bytes[indexAt + 1]!;
    this.#direct(this.#rtcp, bytes, start + 4, upper, (bytes[indexAt + 2]! << 8) | bytes[indexAt + 3]!);
    this.#rtcp.cipher.apply(bytes, start + RTCP_CLEAR_BYTES, indexAt);
    return indexAt;
  }

  indexAt(end: number): number {
    return end - this.#rtcpTagBytes - RTCP_INDEX_BYTES;
  }

  close(): void {
    for (const { cipher, hmac } of [this.#rtp, this.#rtcp]) {
      cipher.close();
      hmac.close();
    }
  }

  /** The initialization vector of a packet (RFC 3711 §4.1.1): salt, SSRC and number one over the other. */
  #direct({ salt }: Session, bytes: Uint8Array, ssrcAt: number, upper: number, lower: number): void {
    const { iv } = this.#ciphers;
    for (let i = 0; i < 14; i++) iv[i] = salt[i]!;
    iv[14] = 0;
    iv[15] = 0;
    for (let i = 0; i < 4; i++) iv[4 + i]! ^= bytes[ssrcAt + i]!;
    iv[8]! ^= upper >>> 24;
    iv[9]! ^= upper >>> 16;
    iv[10]! ^= upper >>> 8;
    iv[11]! ^= upper;
    iv[12]! ^= lower >>> 8;
    iv[13]! ^= lower;
  }

  #writeTag(bytes: Uint8Array, at: number, sizeBytes: number): void {
    const { digest } = this.#ciphers;
    for (let i = 0; i < sizeBytes; i++) bytes[at + i] = digest[i]!;
  }

  #keepTag(bytes: Uint8Array, at: number, sizeBytes: number): void {
    for (let i = 0; i < sizeBytes; i++) this.#tag[i] = bytes[at + i]!;
  }

  /** In the same time whatever differs. */
  #isTag(sizeBytes: number): boolean {
    const { digest } = this.#ciphers;
    let difference = 0;
    for (let i = 0; i < sizeBytes; i++) difference |= digest[i]! ^ this.#tag[i]!;
    return difference === 0;
  }
}

function sessionOf({ cipherKey, authenticationKey, salt }: SessionKeys, ciphers: PacketCiphers): Session {
  return { cipher: ciphers.counterMode(cipherKey), hmac: ciphers.hmacSha1(authenticationKey), salt };
}
