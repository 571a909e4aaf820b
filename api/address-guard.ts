import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type AddressBits, bitsOf, keyOf, type Network, networkOf } from '../core/kernel/network.ts';

/** Networks that strangers' URLs must not lead to: this machine, its neighbours, and what is no public address. */
const PRIVATE: readonly Network[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Unspecified, loopback, and IPv4 in its last bits (deprecated, RFC 4291 §2.5.5.1).
  '::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
].map(network);

/** Translators to IPv4 (RFC 6052 §2.1, RFC 3056 §2): what counts is the address inside, so many bits from the right. */
const TRANSLATED: readonly { readonly network: Network; readonly shift: bigint }[] = [
  { network: network('64:ff9b::/96'), shift: 0n },
  { network: network('2002::/16'), shift: 80n },
];

function network(text: string): Network {
  return networkOf(text)!;
}

/** Every address of a name, or why there is none. The system's resolver, or one that a test answers for. */
export type Resolver = (
  host: string,
  done: (error: Error | null, addresses: readonly { readonly address: string; readonly family: number }[]) => void,
) => void;

const bySystem: Resolver = (host, done) => {
  systemLookup(host, { all: true }, (error, addresses) => done(error, addresses ?? []));
};

/**
 * Keeps requests that users asked for away from private addresses. A name is judged by what it resolves to at the moment
 * of connecting, so that a name that changes its mind between two look-ups does not pass.
 */
export class AddressGuard {
  readonly #allowed: readonly Network[];
  readonly #resolve: Resolver;

  /** `allowPrivate` are networks as in `--allow-private`. */
  constructor(allowPrivate: readonly string[] = [], resolve: Resolver = bySystem) {
    this.#allowed = allowPrivate.map((text) => networkOf(text)).filter((found) => found !== undefined);
    this.#resolve = resolve;
  }

  /** Whether this literal address may be reached. */
  isAllowed(address: string): boolean {
    const bits = bitsOf(address);
    if (bits === undefined) return false;
    return liesIn(bits, this.#allowed) || !isPrivate(bits);
  }

  /** Why a URL with this host cannot be reached, as far as the host is a literal address; undefined otherwise. */
  whyNotHost(hostname: string): string | undefined {
    const address = hostname.replace(/^\[|\]$/g, '');
    return isIP(address) === 0 || this.isAllowed(address) ? undefined : refusalOf(address);
  }

  /** For `net.connect`: resolves a name, and refuses it when any of its addresses is private. */
  readonly lookup: LookupFunction = (host, options, done) => {
    this.#resolve(host, (error, addresses) => {
      if (error !== null) return done(error, []);
      const refused = addresses.find(({ address }) => !this.isAllowed(address));
      if (refused !== undefined) return done(new Error(refusalOf(refused.address, host)), []);
      const wanted = addresses.filter(({ family }) =>
        options.family !== 4 && options.family !== 6 ? true : family === options.family,
      );
      const first = wanted[0];
      if (first === undefined) return done(new Error(`${host} has no address`), []);
      if (options.all === true) done(null, [...wanted]);
      else done(null, first.address, first.family);
    });
  };
}

function isPrivate(bits: AddressBits): boolean {
  const translated = TRANSLATED.find((one) => liesIn(bits, [one.network]));
  if (translated !== undefined) return isPrivate({ family: 4, bits: (bits.bits >> translated.shift) & 0xffff_ffffn });
  return liesIn(bits, PRIVATE);
}

function liesIn(bits: AddressBits, networks: readonly Network[]): boolean {
  return networks.some(({ family, prefixLength, key }) => family === bits.family && keyOf(bits, prefixLength) === key);
}

function refusalOf(address: string, host?: string): string {
  const what = host === undefined ? address : `${host} resolves to ${address}, which`;
  return `${what} is a private address: not reached unless --allow-private names its network`;
}
