import { parseNameAddress } from '../grammar/name-address.ts';
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
 * An extension calls in its own name. What a trunk, or a provider that is trusted, asserts of the caller counts more than
 * From (RFC 3325 §8, RFC 3323 §5): the first SIP or tel identity, unless the caller wants privacy. A provider may name
 * the number elsewhere than in the Request-URI; where that is our line there, it is in To.
 */
export function partiesOf(request: Request, party: Party, isLine: boolean): CallParties {
  const { uri, from } = request;
  const toUser = party.kind === 'provider' ? numberCalled(request, party, isLine) : uri.user;
  if (party.kind === 'extension' || (party.kind === 'provider' && !party.provider.terms.trustsIdentity)) {
    return { toUser: kept(toUser), fromUser: kept(from.uri.user), fromName: kept(from.displayName), divertedFrom: '' };
  }
  const divertedFrom = kept(addressIn(request, 'Diversion')?.uri.user ?? '');
  const asserted = isPrivate(request) ? ANONYMOUS : (addressIn(request, 'P-Asserted-Identity') ?? remoteParty(request));
  const { uri: callerUri, displayName } = asserted ?? from;
  return { toUser: kept(toUser), fromUser: kept(callerUri.user), fromName: kept(displayName), divertedFrom };
}

const ANONYMOUS = { displayName: 'Anonymous', uri: { user: 'anonymous' } };

function numberCalled(request: Request, { provider }: Extract<Party, { kind: 'provider' }>, isLine: boolean): string {
  switch (provider.terms.numberFrom) {
    case 'p-called-party-id':
      return addressIn(request, 'P-Called-Party-ID')?.uri.user ?? request.to.uri.user;
    case 'to':
      return request.to.uri.user;
    case 'request-uri':
      return isLine ? request.to.uri.user : request.uri.user;
  }
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
