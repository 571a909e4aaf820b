import { createCipheriv } from 'node:crypto';
import { MASTER_KEY_BYTES } from './crypto-suite.ts';

const SALT_BYTES = 14;
const AUTHENTICATION_KEY_BYTES = 20;
/** What a key is for (RFC 3711 §4.3.1, §4.3.2): those of RTP, and those of RTCP. */
const RTP_LABEL = 0;
const RTCP_LABEL = 3;

/** Session keys for the packets of one kind. */
export interface SessionKeys {
  readonly cipherKey: Uint8Array;
  readonly authenticationKey: Uint8Array;
  /** 14 bytes, of which GCM uses 12. */
  readonly salt: Uint8Array;
}

/**
 * Session keys from the master key with the salt behind it, 14 bytes or 12 (RFC 3711 §4.3, with a key derivation rate of
 * zero; RFC 7714 §11).
 */
export function deriveSessionKeys(master: Uint8Array, packets: 'rtp' | 'rtcp'): SessionKeys {
  const first = packets === 'rtp' ? RTP_LABEL : RTCP_LABEL;
  return {
    cipherKey: derive(master, first, MASTER_KEY_BYTES),
    authenticationKey: derive(master, first + 1, AUTHENTICATION_KEY_BYTES),
    salt: derive(master, first + 2, SALT_BYTES),
  };
}

/** AES in counter mode over zeros, beginning where label and salt say (RFC 3711 §4.3.3). */
function derive(master: Uint8Array, label: number, sizeBytes: number): Uint8Array {
  const iv = new Uint8Array(16);
  iv.set(master.subarray(MASTER_KEY_BYTES));
  iv[7]! ^= label;
  const cipher = createCipheriv('aes-128-ctr', master.subarray(0, MASTER_KEY_BYTES), iv);
  return cipher.update(new Uint8Array(sizeBytes));
}
