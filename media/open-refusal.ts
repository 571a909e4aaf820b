import type { OpenResult } from '../core/ports.ts';

/** Why a leg is not opened: nothing is in common with the peer, or there is no room. */
export function refused(detail: string): OpenResult & { readonly kind: 'refused' } {
  return { kind: 'refused', cause: 'not-acceptable', detail };
}

export function overloaded(detail: string): OpenResult {
  return { kind: 'refused', cause: 'media-overloaded', detail };
}

export function noIpv6(): OpenResult & { readonly kind: 'refused' } {
  return refused('this system has no way for media over IPv6');
}
