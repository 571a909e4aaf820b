import type { SrtpPolicy } from '../core/kernel/srtp-policy.ts';
import type { OpenResult } from '../core/ports.ts';
import { offersKeys } from './sdp/negotiate.ts';
import type { SessionDescription } from './sdp/session-description.ts';

type Refused = OpenResult & { readonly kind: 'refused' };

/** Why a leg is not opened: nothing is in common with the peer, or there is no room. */
export function refused(detail: string): Refused {
  return { kind: 'refused', cause: 'not-acceptable', detail };
}

export function overloaded(detail: string): OpenResult {
  return { kind: 'refused', cause: 'media-overloaded', detail };
}

export function noIpv6(): Refused {
  return refused('this system has no way for media over IPv6');
}

/** Of an offer nothing can be taken. */
export function nothingInCommon(offer: SessionDescription, srtp: SrtpPolicy): Refused {
  if (srtp !== 'required' || offersKeys(offer)) return refused('no common codec');
  return { kind: 'refused', cause: 'srtp-required', detail: 'SRTP is required, and none is offered' };
}
