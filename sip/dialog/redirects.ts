import type { Redirect } from '../../core/ports.ts';
import type { Response } from '../message.ts';
import { ownCopy } from '../user-agent/own-copy.ts';

/** Contacts of one redirection that are told; a phone that forwards names one. */
const REDIRECTS_MAX = 5;
const NAME_LENGTH_MAX = 128;

/**
 * Whom the phone that we called wants called in its place, best first (RFC 3261 §8.1.3.4, §21.3): what 300, 301 and 302 name
 * in Contact. None for any other response; 305 and 380 name nobody whom our user could call.
 */
export function redirectsIn(response: Response): readonly Redirect[] {
  if (response.status < 300 || response.status > 302) return NONE;
  return response.contacts
    .filter(({ uri }) => uri.user !== '' && (uri.scheme === 'sip' || uri.scheme === 'sips' || uri.scheme === 'tel'))
    .map(({ uri, parameters }) => ({ uri, q: Number(parameters.get('q') ?? '1') || 0 }))
    .sort((a, b) => b.q - a.q)
    .slice(0, REDIRECTS_MAX)
    .map(({ uri: { scheme, user, host } }) => ({
      toUser: ownCopy(user.slice(0, NAME_LENGTH_MAX)),
      toHost: scheme === 'tel' ? '' : ownCopy(host),
    }));
}

const NONE: readonly never[] = [];
