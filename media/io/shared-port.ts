import { assert } from '../../core/kernel/assert.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { addressOf, contains, type Network } from './addresses.ts';

/** Whose a pair is; without a leg it is in quarantine until then. */
interface Owner {
  readonly leg: LegId | undefined;
  readonly until: Instant;
}

/** One of our RTP ports and who may be met there. */
export class SharedPort {
  readonly port: number;
  readonly legs = new Set<LegId>();
  /** The one leg that is not found yet, and from where it may be taken up. */
  #unlatched: LegId | undefined;
  #unlatchedFrom: readonly Network[] = [];
  /** By packed remote address. */
  readonly #pairs = new Map<number, Owner>();
  /** How many live or quarantined things have to do with an address. */
  readonly #addresses = new Map<number, number>();
  /** What is in quarantine here: pairs and addresses. */
  #quarantinedCount = 0;

  constructor(port: number) {
    this.port = port;
  }

  /** Nobody is here and nobody was, less than a quarantine ago. */
  get isClear(): boolean {
    return this.legs.size === 0 && this.#quarantinedCount === 0;
  }

  /** An exact leg at this packed address would be confused with nobody. */
  takesExact(remote: number): boolean {
    if (this.#pairs.has(remote)) return false;
    const address = addressOf(remote);
    if (this.#unlatched === undefined) return true;
    for (const network of this.#unlatchedFrom) if (contains(network, address)) return false;
    return true;
  }

  /** Nobody else here is unlatched. */
  get hasSeat(): boolean {
    return this.#unlatched === undefined;
  }

  /** A leg that may be taken up from these networks would be confused with nobody. */
  takesUnlatched(from: readonly Network[]): boolean {
    if (!this.hasSeat) return false;
    for (const network of from) if (this.#meets(network)) return false;
    return true;
  }

  join(leg: LegId): void {
    assert(!this.legs.has(leg), `leg ${leg} is on port ${this.port} already`);
    this.legs.add(leg);
  }

  seatUnlatched(leg: LegId, from: readonly Network[]): void {
    assert(this.#unlatched === undefined, `port ${this.port} has an unlatched leg already`);
    this.#unlatched = leg;
    this.#unlatchedFrom = from;
  }

  /** The unlatched leg may now be taken up from here. */
  reseat(leg: LegId, from: readonly Network[]): void {
    if (this.#unlatched === leg) this.#unlatchedFrom = from;
  }

  /** The leg is no longer unlatched: it was found, or it left. */
  unseat(leg: LegId): void {
    if (this.#unlatched !== leg) return;
    this.#unlatched = undefined;
    this.#unlatchedFrom = [];
  }

  /** True when the leg has the pair now, and had it not before. */
  claimPair(leg: LegId, remote: number, from: 'free' | 'free or quarantined'): boolean {
    const owner = this.#pairs.get(remote);
    if (owner !== undefined && (owner.leg !== undefined || from === 'free')) return false;
    this.#pairs.set(remote, { leg, until: NEVER });
    this.holdAddress(addressOf(remote));
    return true;
  }

  holdAddress(address: number): void {
    this.#addresses.set(address, (this.#addresses.get(address) ?? 0) + 1);
  }

  quarantinePair(remote: number, until: Instant): void {
    this.#pairs.set(remote, { leg: undefined, until });
    this.#quarantinedCount++;
  }

  quarantineAddress(): void {
    this.#quarantinedCount++;
  }

  /** The quarantine of a pair until then is over; another leg may have latched to it meanwhile. */
  freePair(remote: number, until: Instant): void {
    if (this.#pairs.get(remote)?.until === until) this.#pairs.delete(remote);
    this.freeAddress(addressOf(remote));
  }

  freeAddress(address: number): void {
    this.#quarantinedCount--;
    this.#releaseAddress(address);
  }

  /** The leg gives up a pair without quarantine. */
  dropPair(remote: number): void {
    this.#pairs.delete(remote);
    this.#releaseAddress(addressOf(remote));
  }

  #releaseAddress(address: number): void {
    const count = this.#addresses.get(address)! - 1;
    if (count === 0) this.#addresses.delete(address);
    else this.#addresses.set(address, count);
  }

  #meets(network: Network): boolean {
    if (network.prefixBits === 32) return this.#addresses.has(network.address);
    for (const address of this.#addresses.keys()) if (contains(network, address)) return true;
    return false;
  }
}
