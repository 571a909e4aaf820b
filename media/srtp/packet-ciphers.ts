/**
 * Cryptography in place, for the packets of one thread. What goes in besides keys and packets, and what comes out
 * besides packets, lies in memory of these ciphers, overwritten each time.
 */
export interface PacketCiphers {
  readonly kind: 'openssl' | 'node';
  /** Initialization vector of the next packet: 16 bytes, of which GCM takes 12. */
  readonly iv: Uint8Array;
  /** Result of the last `HmacSha1.compute`: 20 bytes. */
  readonly digest: Uint8Array;
  /** Four bytes that are authenticated behind a packet, see `Gcm`. */
  readonly trailer: Uint8Array;
  counterMode(key: Uint8Array): CounterMode;
  hmacSha1(key: Uint8Array): HmacSha1;
  gcm(key: Uint8Array): Gcm;
}

/** AES-128 in counter mode. Encrypts and decrypts alike. */
export interface CounterMode {
  apply(bytes: Uint8Array, start: number, end: number): void;
  close(): void;
}

export interface HmacSha1 {
  compute(bytes: Uint8Array, start: number, end: number): void;
  close(): void;
}

/** AES-128-GCM of `[start … end)`; authenticated besides: `[headerStart … start)`, and the trailer if `hasTrailer` is 1. */
export interface Gcm {
  /** Writes the tag of 16 bytes at `end`. */
  seal(bytes: Uint8Array, headerStart: number, start: number, end: number, hasTrailer: 0 | 1): void;
  /** False when the tag at `end` is not that of these bytes, which are then worth nothing. */
  open(bytes: Uint8Array, headerStart: number, start: number, end: number, hasTrailer: 0 | 1): boolean;
  close(): void;
}

export const GCM_TAG_BYTES = 16;
export const GCM_IV_BYTES = 12;
