import type { ProviderTerms } from '../../core/directory/provider-terms.ts';
import { parseNameAddress } from '../grammar/name-address.ts';
import { userOf } from '../grammar/uri.ts';
import type { NameAddress, Request } from '../message.ts';
import type { Party } from './caller-proof.ts';
import { ownCopy } from './own-copy.ts';

/** Who calls whom, as an INVITE says to those who believe its sender. */
export interface CallParties {
  readonly toUser: string;
  readonly fromUser: string;
  readonly fromName: string;
  readonly divertedFrom: string;
}

/** What is kept of names that peers choose: they stand in records and events. */
const NAME_LENGTH_MAX = 128;

/**
 * An extension calls in its own name. What a trunk or provider that is trusted asserts of the caller counts more than
 * From (RFC 3325 §8, RFC 3323 §5): the first SIP or tel identity, unless the caller wants privacy. Either may name the
 * number elsewhere than in the Request-URI; where that is our line there, it is in To.
 */
export function partiesOf(request: Request, party: Party, isLine: boolean): CallParties {
  const { uri, from } = request;
  const terms = termsOf(party);
  const toUser = terms === undefined ? userOf(uri) : numberCalled(request, terms, isLine);
  if (terms === undefined || !terms.trustsIdentity) {
    return {
      toUser: kept(toUser),
      fromUser: kept(userOf(from.uri)),
      fromName: kept(from.displayName),
      divertedFrom: '',
    };
  }
  const divertedFrom = kept(userOf(addressIn(request, 'Diversion')?.uri ?? NOBODY));
  const asserted = isPrivate(request) ? ANONYMOUS : (addressIn(request, 'P-Asserted-Identity') ?? remoteParty(request));
  const { uri: callerUri, displayName } = asserted ?? from;
  return { toUser: kept(toUser), fromUser: kept(userOf(callerUri)), fromName: kept(displayName), divertedFrom };
}

const NOBODY = { user: '' };
const ANONYMOUS = { displayName: 'Anonymous', uri: { user: 'anonymous' } };

function termsOf(party: Party): ProviderTerms | undefined {
  if (party.kind === 'extension') return undefined;
  return party.kind === 'trunk' ? party.trunk.terms : party.provider.terms;
}

function numberCalled(request: Request, terms: ProviderTerms, isLine: boolean): string {
  switch (terms.numberFrom) {
    case 'p-called-party-id':
      return userOf(addressIn(request, 'P-Called-Party-ID')?.uri ?? request.to.uri);
    case 'to':
      return userOf(request.to.uri);
    case 'request-uri':
      return isLine ? calledThere(userOf(request.to.uri), terms) : userOf(request.uri);
  }
}

/** Who calls our account there, and names nothing else, means the number that is ours there. */
function calledThere(user: string, { username, fromUser, number }: ProviderTerms): string {
  return number !== '' && user === (fromUser === '' ? username : fromUser) ? number : user;
}

/** The first address of a header that has a user. */
function addressIn(request: Request, name: string): NameAddress | undefined {
  for (const value of request.all(name)) {
    const address = parseNameAddress(value);
    if (address !== undefined && address.uri.user !== '') return address;
  }
  return undefined;
}

/** draft-ietf-sip-privacy-04: `party=calling`, which is meant where nothing is said. */
function remoteParty(request: Request): NameAddress | typeof ANONYMOUS | undefined {
  const address = addressIn(request, 'Remote-Party-ID');
  if (address === undefined) return undefined;
  const about = address.parameters.get('party')?.toLowerCase() ?? 'calling';
  if (about !== 'calling') return undefined;
  const privacy = address.parameters.get('privacy')?.toLowerCase() ?? 'off';
  return privacy === 'off' ? address : ANONYMOUS;
}

/** RFC 3323 §4.2: anything but `none` asks that the caller is not told. */
function isPrivate(request: Request): boolean {
  return request
    .all('Privacy')
    .flatMap((value) => value.split(/[;,]/))
    .some((value) => PRIVATE.has(value.trim().toLowerCase()));
}

const PRIVATE: ReadonlySet<string> = new Set(['id', 'user', 'header']);

function kept(text: string): string {
  return ownCopy(text.slice(0, NAME_LENGTH_MAX));
}
