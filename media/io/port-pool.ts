import { assert } from '../../core/kernel/assert.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { AddressBook, type AddressBookOutput } from './address-book.ts';
import { type Network, STRANGER_IPV6 } from './addresses.ts';
import { allowedNetworks, exactRemote, type MediaPeer } from './media-peer.ts';
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

/** `exact`: its address is certain. `unlatched`: it is where its packets will come from. */
export type PlacementMode = 'exact' | 'unlatched';

export interface Placement {
  readonly port: number;
  readonly mode: PlacementMode;
}

export type PortPoolOutput =
  | { readonly kind: 'bind'; readonly port: number }
  | { readonly kind: 'unbind'; readonly port: number }
  | AddressBookOutput;

interface PlacedLeg {
  readonly on: SharedPort;
  /** Number of the address that its signalling comes from; 0 for none. */
  readonly signalling: number;
  /** IPv6 addresses that keep their numbers for it, that of its signalling first. */
  readonly held: number[];
  /** Remote pairs that the leg has or had, its present one last. */
  readonly pairs: number[];
}

interface Quarantined {
  /** Over before its time: nothing ever came from there. */
  isLifted: boolean;
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
/** Quarantines end together, once a second: one by one they would wake an idle process. */
const RELEASE_STEP_MS = 1_000;
/** Pairs and IPv6 addresses kept for one leg, however often it moves. */
const PAIRS_PER_LEG_MAX = 8;
/**
 * Ports that are looked at for one leg. A peer that uses one address for all its calls has a pair on many; beyond these
 * an empty port costs less than the search.
 */
const CANDIDATES_MAX = 32;
/** A port with so many streams fills its batches: it is not looked for a fuller one. */
const LEGS_ENOUGH = 64;
/** How long a port that another program has is not tried again. */
const UNBINDABLE_MS = 60_000;
/** Empty ports that stay bound, while there are not too many: one that cannot be is met before a leg needs it. */
const SPARE_COUNT = 1;
/** Empty ports that stay bound beside busy ones. */
const SPARE_MAX = 256;

/**
 * Places legs on RTP ports. A stream is known by its pair (our port, the peer's address and port), so that many share a
 * port; who cannot be known in advance gets a port where nobody can be confused with them, and what has ended is kept
 * apart for 60 s.
 */
export class PortPool {
  /** The numbers of IPv6 addresses on this thread. */
  readonly addresses = new AddressBook();
  /** Unlatched legs that were placed beside others of their signalling address, for want of ports. */
  crowdedCount = 0;
  readonly #from: number;
  readonly #to: number;
  readonly #legsPerPortMax: number;
  readonly #apartPortsMax: number;
  readonly #spareCount: number;
  readonly #ports = new LiveMap<number, SharedPort>();
  /** Ports that have, or had less than a quarantine ago, somebody, and room; those that filled up first come first. */
  readonly #roomy = new Set<SharedPort>();
  /** Of all ports, those where nobody is unlatched. */
  readonly #seats = new Set<SharedPort>();
  /** Ports where nobody is, and nobody was. */
  readonly #clear = new Set<SharedPort>();
  readonly #legs = new LiveMap<LegId, PlacedLeg>();
  /** What each leg that was released left in quarantine, until its stream's end is told. */
  readonly #released = new LiveMap<LegId, readonly Quarantined[]>();
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

  /** Chooses a port for a leg; undefined when none is left, or when no address is known of the peer at all. */
  place(leg: LegId, peer: MediaPeer, now: Instant): Placement | undefined {
    assert(!this.#legs.has(leg), `leg ${leg} is placed already`);
    this.expire(now);
    const held: number[] = [];
    this.#hold(held, peer, now);
    const remote = exactRemote(peer, this.addresses);
    const from = allowedNetworks(peer, this.addresses);
    const on = this.#choose(remote, from);
    if (on === undefined) {
      for (const number of held) this.addresses.release(number, now);
      return undefined;
    }
    on.join(leg);
    const placed = { on, signalling: this.addresses.numberOf(peer.signallingAddress), held, pairs: [] };
    this.#legs.set(leg, placed);
    if (placed.signalling !== 0) on.holdAddress(placed.signalling);
    if (remote === 0) on.seatUnlatched(leg, from);
    else this.#takePair(leg, placed, remote, 'free');
    this.#sort(on);
    this.#keepSpare();
    return { port: on.port, mode: remote === 0 ? 'unlatched' : 'exact' };
  }

  /**
   * The description of a leg's peer came after the leg was placed, or is new. `exact` when its address is certain and no
   * other leg has or left it on this port: the leg then counts as found.
   */
  settle(leg: LegId, peer: MediaPeer, now: Instant): PlacementMode {
    const placed = this.#placed(leg);
    this.#hold(placed.held, peer, now);
    const remote = exactRemote(peer, this.addresses);
    if (remote !== 0 && this.#takePair(leg, placed, remote, 'free')) {
      this.#sort(placed.on);
      return 'exact';
    }
    placed.on.reseat(leg, allowedNetworks(peer, this.addresses));
    return 'unlatched';
  }

  /** The media thread found the peer of a leg at this packed address, at first or again. */
  latched(leg: LegId, remote: number): void {
    const placed = this.#legs.get(leg);
    if (placed === undefined) return; // The leg was released while the report was under way.
    this.#takePair(leg, placed, remote, 'free or quarantined');
    this.#sort(placed.on);
  }

  /** The leg is gone; what may still come for it is kept apart. */
  release(leg: LegId, now: Instant): void {
    const { on, signalling, held, pairs } = this.#placed(leg);
    this.#legs.delete(leg);
    on.legs.delete(leg);
    on.unseat(leg);
    const until = Math.ceil((now + QUARANTINE_MS) / RELEASE_STEP_MS) * RELEASE_STEP_MS;
    const left: Quarantined[] = [];
    for (const value of pairs) {
      on.quarantinePair(value, until);
      left.push({ isLifted: false, until, on, what: 'pair', value });
    }
    for (const number of held) this.addresses.release(number, now);
    if (signalling !== 0) {
      on.quarantineAddress();
      left.push({ isLifted: false, until, on, what: 'address', value: signalling });
    }
    this.#quarantine.push(...left);
    this.#released.set(leg, left);
    this.#sort(on);
    this.expire(now);
  }

  /** The stream of a released leg has ended. When nothing ever came for it, nothing will: its place is free at once. */
  ended(leg: LegId, heard: 'something' | 'nothing'): void {
    const left = this.#released.get(leg);
    if (left === undefined) return;
    this.#released.delete(leg);
    if (heard === 'something') return;
    for (const quarantined of left) this.#free(quarantined);
    this.#unbindSpare();
  }

  /** The port could not be bound: another program has it. The legs that were placed there, which stay until released. */
  unbindable(port: number): readonly LegId[] {
    const on = this.#ports.get(port);
    if (on === undefined) return [];
    this.#drop(on);
    this.#unbindable.set(port, this.#now + UNBINDABLE_MS);
    this.#keepSpare();
    return [...on.legs];
  }

  expire(now: Instant): void {
    this.#now = now;
    this.addresses.expire(now);
    const start = this.#quarantineStart;
    while (this.#quarantineDeadline() <= now) this.#free(this.#quarantine[this.#quarantineStart++]!);
    if (this.#quarantineStart > start) this.#unbindSpare();
    if (this.#quarantineStart < Math.min(1024, this.#quarantine.length)) return;
    this.#quarantine = this.#quarantine.slice(this.#quarantineStart);
    this.#quarantineStart = 0;
  }

  deadline(): Instant {
    return Math.min(this.#quarantineDeadline(), this.addresses.deadline());
  }

  #quarantineDeadline(): Instant {
    return this.#quarantine[this.#quarantineStart]?.until ?? NEVER;
  }

  poll(): PortPoolOutput | undefined {
    return this.#outputs.shift() ?? this.addresses.poll();
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

  /** The IPv6 addresses that the peer has by now keep their numbers while the leg lives. */
  #hold(held: number[], { signallingAddress, sdpAddress }: MediaPeer, now: Instant): void {
    for (const text of [signallingAddress, sdpAddress]) {
      if (!text.includes(':') || held.includes(this.addresses.numberOf(text))) continue;
      const number = this.addresses.hold(text);
      if (number >= STRANGER_IPV6) held.push(number);
    }
    if (held.length > PAIRS_PER_LEG_MAX) this.addresses.release(held.splice(1, 1)[0]!, now);
  }

  #choose(remote: number, from: readonly Network[]): SharedPort | undefined {
    if (from.length === 0) return undefined;
    return remote === 0 ? this.#chooseUnlatched(from) : this.#chooseExact(remote);
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
    const fits = (port: SharedPort): boolean => port.takesExact(remote);
    return this.#fullest(this.#roomy, fits) ?? this.#empty() ?? this.#fullest(this.#ports.values(), fits, Infinity);
  }

  /**
   * A port where the leg can be confused with nobody. Calls that we make to one address need one each, and hold it for
   * their time and a minute: when that has bound many, a port will do where others of that address are, but are known
   * by their pairs and SSRCs, which are judged first.
   */
  #chooseUnlatched(from: readonly Network[]): SharedPort | undefined {
    const apart = this.#fullest(this.#roomy, (port) => port.takesUnlatched(from));
    if (apart !== undefined) return apart;
    if (this.#ports.size - this.#clear.size < this.#apartPortsMax) {
      const empty = this.#empty();
      if (empty !== undefined) return empty;
    }
    const beside = this.#legsPerPortMax === 1 ? undefined : this.#fullest(this.#seats, (port) => port.legs.size > 0);
    if (beside !== undefined) this.crowdedCount++;
    return beside ?? this.#empty();
  }

  /** Of so many that have room, the one with most legs that fits, or the first with enough of them. */
  #fullest(
    ports: Iterable<SharedPort>,
    fits: (port: SharedPort) => boolean,
    candidatesMax = CANDIDATES_MAX,
  ): SharedPort | undefined {
    let best: SharedPort | undefined;
    let candidates = 0;
    for (const port of ports) {
      const count = port.legs.size;
      if (count >= this.#legsPerPortMax || (this.#legsPerPortMax === 1 && !port.isClear)) continue;
      if (++candidates > candidatesMax) break;
      if ((best !== undefined && count <= best.legs.size) || !fits(port)) continue;
      best = port;
      if (count >= LEGS_ENOUGH) break;
    }
    return best;
  }

  /** A port that is bound and clear, else a new one. */
  #empty(): SharedPort | undefined {
    for (const port of this.#clear) return port;
    return this.#openPort();
  }

  /** Puts the port where it is looked for. */
  #sort(port: SharedPort): void {
    if (this.#ports.get(port.port) !== port) return;
    keep(this.#clear, port, port.isClear);
    keep(this.#roomy, port, !port.isClear && port.legs.size < this.#legsPerPortMax);
    keep(this.#seats, port, port.hasSeat && port.legs.size < this.#legsPerPortMax);
  }

  #drop(port: SharedPort): void {
    this.#ports.delete(port.port);
    for (const set of [this.#clear, this.#roomy, this.#seats]) set.delete(port);
  }

  #free(quarantined: Quarantined): void {
    if (quarantined.isLifted) return;
    quarantined.isLifted = true;
    const { on, what, value, until } = quarantined;
    if (what === 'pair') on.freePair(value, until);
    else on.freeAddress(value);
    this.#sort(on);
  }

  #openPort(): SharedPort | undefined {
    const pairCount = Math.floor((this.#to - this.#from + 1) / 2);
    for (let tried = 0; tried < pairCount; tried++) {
      const port = this.#nextPort;
      this.#nextPort = port + 3 > this.#to ? this.#from : port + 2;
      if (this.#ports.has(port) || (this.#unbindable.get(port) ?? this.#now) > this.#now) continue;
      const opened = new SharedPort(port);
      this.#ports.set(port, opened);
      this.#sort(opened);
      this.#outputs.push({ kind: 'bind', port });
      return opened;
    }
    return undefined;
  }

  #keepSpare(): void {
    while (this.#clear.size < this.#spareCount) {
      if (this.#ports.size >= this.#apartPortsMax || this.#openPort() === undefined) return;
    }
  }

  /** As many stay bound as there are busy ones: what was needed a moment ago is likely to be needed again. */
  #unbindSpare(): void {
    const busyCount = this.#ports.size - this.#clear.size;
    for (const port of this.#clear) {
      if (this.#clear.size <= Math.max(this.#spareCount, Math.min(busyCount, SPARE_MAX))) return;
      this.#drop(port);
      this.#outputs.push({ kind: 'unbind', port: port.port });
    }
  }
}

function keep<Value>(set: Set<Value>, value: Value, isIn: boolean): void {
  if (isIn) set.add(value);
  else set.delete(value);
}
