import type { SrtpPolicy } from '../kernel/srtp-policy.ts';
import type { LegTerms } from '../media-port.ts';

/**
 * Terms of audio by what an account says: names of encodings with commas between, the preferred one first, '' for all, and
 * its policy for SRTP. Undefined for those of everybody.
 */
export function mediaTermsOf(codecs: string | undefined, srtp: SrtpPolicy | undefined): LegTerms | undefined {
  const encodings = codecs === undefined || codecs === '' ? undefined : codecs.split(',');
  return encodings === undefined && (srtp === undefined || srtp === 'off') ? undefined : { encodings, srtp };
}
