import { isIP } from 'node:net';
import { LOCAL_NETS } from '../../core/kernel/network.ts';
import { type LocalAddresses, localNetTest } from './local-address.ts';

export interface AdvertiserOptions {
  readonly addresses: LocalAddresses;
  /** Addresses told to peers outside, each to those of its family. */
  readonly advertise?: readonly string[];
  /** Networks inside, as CIDRs; RFC 1918, loopback, link-local and ULA when left out. */
  readonly localNets?: readonly string[];
  /** Hosts of our listeners; the address told inside is one of them unless they listen everywhere. */
  readonly boundHosts?: readonly string[];
}

/** The address by which a peer reaches us: the same in Via, Contact, Record-Route and SDP. */
export class Advertiser {
  readonly #addresses: LocalAddresses;
  readonly #advertise: readonly string[];
  readonly #isInside: (address: string) => boolean;
  readonly #boundHosts: readonly string[];

  /** Throws INVALID_SETTING when a network is no CIDR. */
  constructor(options: AdvertiserOptions) {
    this.#addresses = options.addresses;
    this.#advertise = options.advertise ?? [];
    this.#isInside = localNetTest(options.localNets ?? LOCAL_NETS);
    this.#boundHosts = options.boundHosts ?? [];
  }

  /** Literal address without brackets, for a peer given as one. */
  addressFor(peer: string): string {
    const address = this.#addresses.towards(peer);
    const told = this.#advertise.find((advertised) => isIP(advertised) === isIP(address));
    if (told !== undefined && !this.#isInside(peer)) return told;
    if (this.#boundHosts.includes(address)) return address;
    const hosts = this.#boundHosts.filter((host) => isIP(host) === isIP(address));
    if (hosts.length === 0 || hosts.includes(address) || hosts.some(isEverywhere)) return address;
    return hosts[0] ?? address;
  }
}

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
