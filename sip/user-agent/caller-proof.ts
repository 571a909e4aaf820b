import type { Directory } from '../../core/directory/directory.ts';
import type { Customer, Extension, Provider, Trunk } from '../../core/directory/records.ts';
import type { GatewayId, ProviderId, TrunkId } from '../../core/kernel/ids.ts';
import { bitsOf, keyOf, networkOf } from '../../core/kernel/network.ts';
import { revealed } from '../../core/kernel/secret.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { Caller, TransportAddress } from '../../core/ports.ts';
import { parseCredentials } from '../grammar/authentication.ts';
import type { Request } from '../message.ts';
import type { Lines } from '../providers/lines.ts';
import type { DigestServer } from './digest.ts';
import type { Gatekeeper } from './gatekeeper.ts';

/** Who a request comes from. */
export type Party =
  | { readonly kind: 'extension'; readonly extension: Extension }
  | { readonly kind: 'trunk'; readonly trunk: Trunk }
  | { readonly kind: 'provider'; readonly provider: Provider };

/** What a request proves about its sender. */
export type Proof =
  | { readonly kind: 'proven'; readonly party: Party }
  | { readonly kind: 'challenge'; readonly stale: boolean }
  /** Banned: no answer. */
  | { readonly kind: 'drop' };

/**
 * Who is calling, judged in this order: valid credentials name an extension of the customer whose domain the
 * Request-URI addresses, or a trunk; who says to be such an extension must show credentials; a source address that a
 * trunk allows is that trunk's, and one of a provider that provider's; all others are challenged. A host of ours means the first customer, for a trunk its
 * own; a host that addresses nobody is accepted from trunks alone. Trunks do not register.
 */
export class CallerProof {
  readonly #directory: Directory;
  readonly #digest: DigestServer;
  readonly #gatekeeper: Gatekeeper;
  readonly #lines: Lines | undefined;

  constructor(directory: Directory, digest: DigestServer, gatekeeper: Gatekeeper, lines?: Lines) {
    this.#directory = directory;
    this.#digest = digest;
    this.#gatekeeper = gatekeeper;
    this.#lines = lines;
  }

  judge(request: Request, source: TransportAddress, now: Instant): Proof {
    const customer = this.#directory.customerForHost(addressedHost(request));
    const trusted = this.#trusted(request, source, customer);
    const withoutCredentials: Proof =
      trusted === undefined ? { kind: 'challenge', stale: false } : { kind: 'proven', party: trusted };
    // A trusted trunk is never banned; credentials that are, are not looked at.
    const username = claimedUsername(request);
    if (trusted !== undefined && this.#gatekeeper.isBanned(source, username, now)) return withoutCredentials;
    if (trusted === undefined && this.#gatekeeper.admit(source, username, now) === 'drop') return { kind: 'drop' };

    const partyOf = (name: string): Party | undefined => this.#partyNamed(name, request, customer);
    const verdict = this.#digest.verify(request, (name) => this.#accountOf(name, partyOf(name)), now, source.address);
    switch (verdict.kind) {
      case 'missing':
        return withoutCredentials;
      case 'stale':
        // Strangers hear the same whether or not there is such a user; a trunk's peer may send names of its own.
        return trusted !== undefined && partyOf(verdict.username) === undefined
          ? withoutCredentials
          : { kind: 'challenge', stale: true };
      case 'rejected':
        this.#gatekeeper.failed(source, verdict.username, now);
        return withoutCredentials;
      case 'accepted': {
        this.#gatekeeper.succeeded(source, verdict.username, now);
        const party = partyOf(verdict.username);
        return party === undefined ? withoutCredentials : { kind: 'proven', party };
      }
    }
  }

  /** A password that does not open is nobody's. */
  #accountOf(name: string, party: Party | undefined): { readonly password: string } | undefined {
    const owner = party?.kind === 'extension' ? party.extension : party?.kind === 'trunk' ? party.trunk : undefined;
    if (owner === undefined) this.#directory.pretendToKnow(name);
    const password = owner && revealed(owner.password);
    return password === undefined ? undefined : { password };
  }

  /** Values for WWW-Authenticate towards this source. */
  challenges(source: TransportAddress, stale: boolean, now: Instant): readonly string[] {
    const { domain } = this.#directory;
    return this.#digest.challenge(domain === '' ? 'tandem' : domain, now, stale, source.address);
  }

  /** The provider or trunk whose line is called, or the trunk or provider that the source address belongs to. */
  #trusted(request: Request, source: TransportAddress, customer: Customer | undefined): Party | undefined {
    if (request.method === 'REGISTER') return undefined;
    const line = this.#lines?.find(request.uri.user);
    const called = line === undefined ? undefined : this.#partyOfLine(line);
    if (called !== undefined) return called;
    if (customer !== undefined && this.#directory.extensionByName(customer.id, request.from.uri.user) !== undefined) {
      return undefined;
    }
    const addressed = this.#directory.trunkForHost(request.uri.host);
    const trunk =
      addressed !== undefined && allows(addressed, source.address)
        ? addressed
        : this.#directory.trunkForSource(source.address);
    if (trunk !== undefined && this.#isMeant(trunk, request, customer)) return { kind: 'trunk', trunk };
    const provider = this.#directory.providerForSource(source.address);
    return provider === undefined ? undefined : { kind: 'provider', provider };
  }

  /** A provider or a trunk that we register at calls us by the line that it was told. */
  #partyOfLine(id: GatewayId): Party | undefined {
    const provider = this.#directory.providers.get(id as ProviderId);
    if (provider !== undefined) return { kind: 'provider', provider };
    const trunk = this.#directory.trunks.get(id as TrunkId);
    return trunk === undefined ? undefined : { kind: 'trunk', trunk };
  }

  /** Whose credentials these are: an extension's of the customer addressed, else a trunk's. */
  #partyNamed(username: string, request: Request, customer: Customer | undefined): Party | undefined {
    const extension = customer === undefined ? undefined : this.#directory.extensionByName(customer.id, username);
    if (extension !== undefined) return { kind: 'extension', extension };
    if (request.method === 'REGISTER') return undefined;
    const addressed = this.#directory.trunkForHost(request.uri.host);
    const isAddressed = addressed?.username === username && addressed.authTypes.includes('basic');
    const trunk = isAddressed ? addressed : this.#directory.trunkByUsername(username);
    return trunk !== undefined && this.#isMeant(trunk, request, customer) ? { kind: 'trunk', trunk } : undefined;
  }

  /** Whether this trunk may send to the host that is addressed: ours, its customer's, or one that is nobody's. */
  #isMeant(trunk: Trunk, request: Request, customer: Customer | undefined): boolean {
    return customer === undefined || customer.id === trunk.customerId || this.#directory.isOwnHost(request.uri.host);
  }
}

/** Several trunks may allow one address: then the name that is called tells which is meant. */
function allows(trunk: Trunk, address: string): boolean {
  const bits = trunk.authTypes.includes('ip') ? bitsOf(address) : undefined;
  return (
    bits !== undefined &&
    trunk.allowedIps.some((text) => {
      const network = networkOf(text);
      return network?.family === bits.family && network.key === keyOf(bits, network.prefixLength);
    })
  );
}

/** A telephone number has no host (RFC 3966): its caller calls within the domain that it calls itself by. */
function addressedHost({ uri, from }: Request): string {
  return uri.scheme === 'tel' ? from.uri.host : uri.host;
}

/** '' when the request claims nothing. */
function claimedUsername(request: Request): string {
  const value = request.first('Authorization');
  return (value === undefined ? undefined : parseCredentials(value))?.parameters.get('username') ?? '';
}

/** As the core knows them. */
export function callerOf(party: Party): Caller {
  if (party.kind === 'trunk') {
    const { customerId, id: trunkId } = party.trunk;
    return { kind: 'trunk', customerId, trunkId };
  }
  if (party.kind === 'provider') {
    const { customerId, id: providerId } = party.provider;
    return { kind: 'provider', customerId, providerId };
  }
  const { customerId, id: extensionId } = party.extension;
  return { kind: 'extension', customerId, extensionId };
}
