import type { Random } from '../../core/kernel/random.ts';
import type { SrtpPolicy } from '../../core/kernel/srtp-policy.ts';
import { masterBytes, type SrtpKeys, type SrtpSuite } from '../srtp/crypto-suite.ts';
import type { CryptoLine } from './crypto-attribute.ts';

/** In the order in which they are offered: first the one that everybody has to know (RFC 4568 §10.2). */
const OFFERED: readonly SrtpSuite[] = ['AES_CM_128_HMAC_SHA1_80', 'AEAD_AES_128_GCM', 'AES_CM_128_HMAC_SHA1_32'];

/** What an offer of ours says of protection. Keys beside `RTP/AVP` let a peer answer that knows nothing of them. */
export interface ProtectionOffer {
  readonly profile: 'RTP/AVP' | 'RTP/SAVP';
  readonly lines: readonly CryptoLine[];
}

export const UNPROTECTED: ProtectionOffer = { profile: 'RTP/AVP', lines: [] };

/** Our keys of one leg: one for each suite, for the life of the leg, known to its peer alone. */
export class LocalKeys {
  readonly policy: Exclude<SrtpPolicy, 'off'>;
  readonly #random: Random;
  readonly #keys = new Map<SrtpSuite, string>();

  /** `random` must be unguessable. */
  constructor(policy: Exclude<SrtpPolicy, 'off'>, random: Random) {
    this.policy = policy;
    this.#random = random;
  }

  /** The first offer to a peer of which nothing is known. */
  offer(): ProtectionOffer {
    const lines = OFFERED.map((suite, index) => ({ tag: index + 1, suite, key: this.#keyFor(suite) }));
    return { profile: this.policy === 'required' ? 'RTP/SAVP' : 'RTP/AVP', lines };
  }

  /** A later offer, where this line of the peer is agreed on and our audio had this profile. */
  offerAgain(agreed: CryptoLine, profile: string): ProtectionOffer {
    return { profile: profile.startsWith('RTP/SAVP') ? 'RTP/SAVP' : 'RTP/AVP', lines: [this.lineFor(agreed)] };
  }

  /** Our line beside one of the peer's that was chosen (RFC 4568 §5.1.2): its tag and suite, our key. */
  lineFor({ tag, suite }: CryptoLine): CryptoLine {
    return { tag, suite, key: this.#keyFor(suite) };
  }

  /** Both ways, as agreed on. */
  agreed({ suite, key }: CryptoLine): SrtpKeys {
    return { suite, sendKey: this.#keyFor(suite), receiveKey: key };
  }

  #keyFor(suite: SrtpSuite): string {
    let key = this.#keys.get(suite);
    if (key === undefined) {
      key = Buffer.from(this.#random.bytes(masterBytes(suite))).toString('base64');
      this.#keys.set(suite, key);
    }
    return key;
  }
}
