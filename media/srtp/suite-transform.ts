import { CounterTransform } from './counter-transform.ts';
import { CRYPTO_SUITES, type SrtpSuite } from './crypto-suite.ts';
import { GcmTransform } from './gcm-transform.ts';
import { deriveSessionKeys } from './key-derivation.ts';
import type { PacketCiphers } from './packet-ciphers.ts';
import type { PacketTransform } from './packet-transform.ts';

/** `master`: master key and salt, see `masterBytes`. */
export function suiteTransform(suite: SrtpSuite, master: Uint8Array, ciphers: PacketCiphers): PacketTransform {
  const [rtp, rtcp] = [deriveSessionKeys(master, 'rtp'), deriveSessionKeys(master, 'rtcp')];
  const description = CRYPTO_SUITES[suite];
  return description.cipher === 'gcm'
    ? new GcmTransform(rtp, rtcp, ciphers)
    : new CounterTransform(rtp, rtcp, description, ciphers);
}
