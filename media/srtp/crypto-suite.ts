/** Crypto suites by their names in `a=crypto` (RFC 4568 §6.2, RFC 7714 §14.2). */
export type SrtpSuite = 'AEAD_AES_128_GCM' | 'AES_CM_128_HMAC_SHA1_80' | 'AES_CM_128_HMAC_SHA1_32';

export interface CryptoSuite {
  readonly cipher: 'counter' | 'gcm';
  /** Master salt behind the master key of 16 bytes. */
  readonly saltBytes: number;
  /** Authentication tag of an RTP packet, and of an RTCP packet. */
  readonly tagBytes: number;
  readonly rtcpTagBytes: number;
}

export const MASTER_KEY_BYTES = 16;

/** The tag of SRTCP is long in any case (RFC 4568 §6.2.2). */
export const CRYPTO_SUITES: Readonly<Record<SrtpSuite, CryptoSuite>> = {
  AEAD_AES_128_GCM: { cipher: 'gcm', saltBytes: 12, tagBytes: 16, rtcpTagBytes: 16 },
  AES_CM_128_HMAC_SHA1_80: { cipher: 'counter', saltBytes: 14, tagBytes: 10, rtcpTagBytes: 10 },
  AES_CM_128_HMAC_SHA1_32: { cipher: 'counter', saltBytes: 14, tagBytes: 4, rtcpTagBytes: 10 },
};

/** Length of master key and salt together. */
export function masterBytes(suite: SrtpSuite): number {
  return MASTER_KEY_BYTES + CRYPTO_SUITES[suite].saltBytes;
}

/** What both directions of a stream are protected with, whoever agreed on it. Keys in base64: master key, then salt. */
export interface SrtpKeys {
  readonly suite: SrtpSuite;
  readonly sendKey: string;
  readonly receiveKey: string;
}
