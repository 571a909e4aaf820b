import { assert } from '../../core/kernel/assert.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { contains, type Network, pack, parseIpv4, parseNetwork } from './addresses.ts';
import { QUARANTINE_MS } from './quarantine.ts';
import { SharedPort } from './shared-port.ts';

export interface PortPoolOptions {
  /** RTP ports are the even ones of this range, RTCP is one above: both ends inclusive. */
  readonly from: number;
  readonly to: number;
  readonly sharing: 'on' | 'off';
  /** Bound ports up to which an unlatched leg is kept apart from all others of its signalling address; 1,000. */
  readonly apartPortsMax?: number;
  /** Empty ports that stay bound; 1 when left out. */
  readonly spareCount?: number;
}

/** What is known of a leg's peer when it is placed. */
export interface MediaPeer {
  /** From its session description; '' and 0 while there is none. */
  readonly sdpAddress: string;
  readonly sdpPort: number;
  /** Where its signalling comes from or goes to. */
  readonly signallingAddress: string;
  /** Networks (`a.b.c.d/n`) from which its trunk may send media. */
  readonly mediaNetworks: readonly string[];
}

/** `exact`: its address is certain. `unlatched`: it is where its packets will come from. */
export type PlacementMode = 'exact' | 'unlatched';

export interface Placement {
  readonly port: number;
  readonly mode: PlacementMode;
}

export type PortPoolOutput =
  | { readonly kind: 'bind'; readonly port: number }
  | { readonly kind: 'unbind'; readonly port: number };

interface PlacedLeg {
  readonly on: SharedPort;
  readonly signalling: number | undefined;
  /** Remote pairs that the leg has or had, its present one last. */
  readonly pairs: number[];
}

interface Quarantined {
  readonly until: Instant;
  readonly on: SharedPort;
  /** A packed pair, or an address alone. */
  readonly what: 'pair' | 'address';
  readonly value: number;
}

/** So many streams fill a port: one batch, four times over, every 20 ms. */
const LEGS_PER_PORT_MAX = 256;
/** Beyond it sharing pays: a packet that travels alone costs twice the kernel's work of one in a batch. */
const APART_PORTS_MAX = 16;
/** Pairs kept for one leg, however often it moves. */
const PAIRS_PER_LEG_MAX = 8;
/** How long a port that another program has is not tried again. */
const UNBINDABLE_MS = 60_000;
/** Empty ports that stay bound, while there are not too many: one that cannot be is met before a leg needs it. */
const SPARE_COUNT = 1;

/**
 * Places legs on RTP ports. A stream is known by its pair (our port, the peer's address and port), so that many share a
 * port; who cannot be known in advance gets a port where nobody can be confused with them, and what has ended is kept
 * apart for 60 s.
 */
export class PortPool {
  /** Unlatched legs that were placed beside others of their signalling address, for want of ports. */
  crowdedCount = 0;
  readonly #from: number;
  readonly #to: number;
  readonly #legsPerPortMax: number;
  readonly #apartPortsMax: number;
  readonly #spareCount: number;
  readonly #ports = new Map<number, SharedPort>();
  readonly #legs = new Map<LegId, PlacedLeg>();
  /** Oldest first; `#quarantineStart` of them have been freed already. */
  #quarantine: Quarantined[] = [];
  #quarantineStart = 0;
  /** Ports of other programs → when to try them again. */
  readonly #unbindable = new Map<number, Instant>();
  #now: Instant = 0;
  #outputs: PortPoolOutput[] = [];
  /** Where the search for a new port goes on, so that one that was just left is not taken again at once. */
  #nextPort: number;

  constructor(options: PortPoolOptions) {
    this.#from = options.from + (options.from % 2);
    this.#to = options.to;
    this.#legsPerPortMax = options.sharing === 'on' ? LEGS_PER_PORT_MAX : 1;
    this.#spareCount = options.spareCount ?? SPARE_COUNT;
    this.#apartPortsMax = options.apartPortsMax ?? APART_PORTS_MAX;
    this.#nextPort = this.#from;
    assert(
      this.#from > 0 && this.#from < this.#to && this.#to < 65536,
      `no port pair in ${options.from}-${options.to}`,
    );
    this.#keepSpare();
  }

  /** Chooses a port for a leg; undefined when none is left, or when no IPv4 address is known of the peer at all. */
  place(leg: LegId, peer: MediaPeer, now: Instant): Placement | undefined {
    assert(!this.#legs.has(leg), `leg ${leg} is placed already`);
    this.expire(now);
    const remote = exactRemote(peer);
    const from = allowedNetworks(peer);
    if (from.length === 0) return undefined;
    const on = remote === 0 ? this.#chooseUnlatched(from) : this.#chooseExact(remote);
    if (on === undefined) return undefined;
    on.join(leg);
    const placed = { on, signalling: parseIpv4(peer.signallingAddress), pairs: [] };
    this.#legs.set(leg, placed);
    if (placed.signalling !== undefined) on.holdAddress(placed.signalling);
    if (remote === 0) on.seatUnlatched(leg, from);
    else this.#takePair(leg, placed, remote, 'free');
    this.#keepSpare();
    return { port: on.port, mode: remote === 0 ? 'unlatched' : 'exact' };
  }

  /**
   * The description of a leg's peer came after the leg was placed, or is new. `exact` when its address is certain and no
   * other leg has or left it on this port: the leg then counts as found.
   */
  settle(leg: LegId, peer: MediaPeer): PlacementMode {
    const placed = this.#placed(leg);
    const remote = exactRemote(peer);
    if (remote !== 0 && this.#takePair(leg, placed, remote, 'free')) return 'exact';
    placed.on.reseat(leg, allowedNetworks(peer));
    return 'unlatched';
  }

  /** The media thread found the peer of a leg at this address, at first or again. */
  latched(leg: LegId, address: string, port: number): void {
    const placed = this.#legs.get(leg);
    const ip = parseIpv4(address);
    if (placed === undefined || ip === undefined) return; // The leg was released while the report was under way.
    this.#takePair(leg, placed, pack(ip, port), 'free or quarantined');
  }

  release(leg: LegId, now: Instant): void {
    const { on, signalling, pairs } = this.#placed(leg);
    this.#legs.delete(leg);
    on.legs.delete(leg);
    on.unseat(leg);
    const until = now + QUARANTINE_MS;
    for (const value of pairs) {
      on.quarantinePair(value, until);
      this.#quarantine.push({ until, on, what: 'pair', value });
    }
    if (signalling !== undefined) {
      on.quarantineAddress();
      this.#quarantine.push({ until, on, what: 'address', value: signalling });
    }
    this.expire(now);
  }

  /** The port could not be bound: another program has it. The legs that were placed there, which stay until released. */
  unbindable(port: number): readonly LegId[] {
    const on = this.#ports.get(port);
    if (on === undefined) return [];
    this.#ports.delete(port);
    this.#unbindable.set(port, this.#now + UNBINDABLE_MS);
    this.#keepSpare();
    return [...on.legs];
  }

  expire(now: Instant): void {
    this.#now = now;
    while (this.deadline() <= now) {
      const { until, on, what, value } = this.#quarantine[this.#quarantineStart++]!;
      if (what === 'pair') on.freePair(value, until);
      else on.freeAddress(value);
      if (on.isClear) this.#unbindSpare(on);
    }
    if (this.#quarantineStart < Math.min(1024, this.#quarantine.length)) return;
    this.#quarantine = this.#quarantine.slice(this.#quarantineStart);
    this.#quarantineStart = 0;
  }

  deadline(): Instant {
    return this.#quarantine[this.#quarantineStart]?.until ?? NEVER;
  }

  poll(): PortPoolOutput | undefined {
    return this.#outputs.shift();
  }

  /** Port pairs that are bound or about to be. */
  usedPorts(): number {
    return this.#ports.size;
  }

  /** Port pairs with a leg on them; the others rest in quarantine, or are spare. */
  busyPorts(): number {
    let count = 0;
    for (const { legs } of this.#ports.values()) if (legs.size > 0) count += 1;
    return count;
  }

  legCount(): number {
    return this.#legs.size;
  }

  #placed(leg: LegId): PlacedLeg {
    const placed = this.#legs.get(leg);
    assert(placed !== undefined, `leg ${leg} is not placed`);
    return placed;
  }

  /** False when it is another leg's, or was and only a free one will do. */
  #takePair(leg: LegId, placed: PlacedLeg, remote: number, from: 'free' | 'free or quarantined'): boolean {
    const { on, pairs } = placed;
    const known = pairs.indexOf(remote);
    if (known >= 0) pairs.splice(known, 1);
    else if (!on.claimPair(leg, remote, from)) return false;
    on.unseat(leg);
    pairs.push(remote);
    if (pairs.length > PAIRS_PER_LEG_MAX) on.dropPair(pairs.shift()!);
    return true;
  }

  #chooseExact(remote: number): SharedPort | undefined {
    return this.#fullest((port) => port.takesExact(remote)) ?? this.#openPort();
  }

  /**
   * A port where the leg can be confused with nobody. Calls that we make to one address need one each, and hold it for
   * their time and a minute: when that has bound many, a port will do where others of that address are, but are known
   * by their pairs and SSRCs, which are judged first.
   */
  #chooseUnlatched(from: readonly Network[]): SharedPort | undefined {
    const apart = this.#fullest((port) => port.takesUnlatched(from));
    if (apart !== undefined) return apart;
    const opened = this.#ports.size < this.#apartPortsMax ? this.#openPort() : undefined;
    if (opened !== undefined) return opened;
    const beside = this.#fullest((port) => port.hasSeat);
    if (beside !== undefined) this.crowdedCount++;
    return beside ?? this.#openPort();
  }

  #fullest(fits: (port: SharedPort) => boolean): SharedPort | undefined {
    let best: SharedPort | undefined;
    for (const port of this.#ports.values()) {
      const count = port.legs.size;
      if (count >= this.#legsPerPortMax || (best !== undefined && count <= best.legs.size)) continue;
      if (this.#legsPerPortMax === 1 && !port.isClear) continue;
      if (fits(port)) best = port;
    }
    return best;
  }

  #openPort(): SharedPort | undefined {
    const pairCount = Math.floor((this.#to - this.#from + 1) / 2);
    for (let tried = 0; tried < pairCount; tried++) {
      const port = this.#nextPort;
      this.#nextPort = port + 3 > this.#to ? this.#from : port + 2;
      if (this.#ports.has(port) || (this.#unbindable.get(port) ?? this.#now) > this.#now) continue;
      const opened = new SharedPort(port);
      this.#ports.set(port, opened);
      this.#outputs.push({ kind: 'bind', port });
      return opened;
    }
    return undefined;
  }

  #clearCount(): number {
    let count = 0;
    for (const port of this.#ports.values()) if (port.isClear) count++;
    return count;
  }

  #keepSpare(): void {
    for (let clear = this.#clearCount(); clear < this.#spareCount; clear++) {
      if (this.#ports.size >= this.#apartPortsMax || this.#openPort() === undefined) return;
    }
  }

  #unbindSpare(on: SharedPort): void {
    if (this.#ports.get(on.port) !== on || this.#clearCount() <= this.#spareCount) return;
    this.#ports.delete(on.port);
    this.#outputs.push({ kind: 'unbind', port: on.port });
  }
}

/** The packed address of the peer's description when its signalling or its trunk vouches for it, else 0. */
function exactRemote(peer: MediaPeer): number {
  const address = parseIpv4(peer.sdpAddress);
  if (address === undefined || address === 0 || peer.sdpPort <= 0 || peer.sdpPort > 65535) return 0;
  const isVouchedFor =
    address === parseIpv4(peer.signallingAddress) || mediaNetworks(peer).some((network) => contains(network, address));
  return isVouchedFor ? pack(address, peer.sdpPort) : 0;
}

/** From where the peer's stream may be taken up. */
function allowedNetworks(peer: MediaPeer): readonly Network[] {
  const networks: Network[] = [];
  for (const text of [peer.sdpAddress, peer.signallingAddress]) {
    const address = parseIpv4(text);
    if (address !== undefined && address !== 0) networks.push({ address, prefixBits: 32 });
  }
  networks.push(...mediaNetworks(peer));
  return networks;
}

function mediaNetworks(peer: MediaPeer): readonly Network[] {
  return peer.mediaNetworks.map(parseNetwork).filter((network) => network !== undefined);
}
