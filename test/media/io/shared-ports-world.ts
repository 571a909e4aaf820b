import { assert } from '../../../core/kernel/assert.ts';
import type { LegId } from '../../../core/kernel/ids.ts';
import type { Instant } from '../../../core/kernel/time.ts';
import {
  addressOf,
  FIRST_PACKED_IPV6,
  formatIpv4,
  pack,
  parseIpv4,
  parseNetwork,
  portOf,
  STRANGER_IPV6,
} from '../../../media/io/addresses.ts';
import { Latching } from '../../../media/io/latching.ts';
import type { LatchingEntry } from '../../../media/io/latching-entry.ts';
import type { MediaPeer } from '../../../media/io/media-peer.ts';
import { type Placement, PortPool } from '../../../media/io/port-pool.ts';
import { hearRtcp, hearRtp } from './one-packet.ts';

export const PCMU = 0;

/** A packed address from text like `192.0.2.1:4000`. */
export function at(text: string): number {
  const [address, port] = text.split(':');
  return pack(parseIpv4(address!)!, Number(port));
}

/** A peer as its INVITE shows it. */
export function peer(sdp: string, signallingAddress: string, mediaNetworks: readonly string[] = []): MediaPeer {
  const [sdpAddress, sdpPort] = sdp.split(':');
  return { sdpAddress: sdpAddress!, sdpPort: Number(sdpPort), signallingAddress, mediaNetworks };
}

export interface Leg {
  readonly id: LegId;
  readonly slot: number;
  readonly port: number;
  readonly placed: Placement;
  readonly peer: MediaPeer;
}

/**
 * The main thread's pool and a media thread's latching, joined as in production: slot = leg, reports at once. In a world
 * of IPv6 every address a.b.c.d is 2001:db8::a.b.c.d inside; whoever looks at it sees IPv4 in both.
 */
export class SharedPortsWorld {
  readonly pool: PortPool;
  readonly latching: Latching;
  readonly #family: 4 | 6;
  readonly #legs = new Map<number, Leg>();
  /** Numbers of IPv6 addresses → the IPv4 ones that they stand for. */
  readonly #standIns = new Map<number, number>();
  #nextLeg = 0;

  constructor(sharing: 'on' | 'off', family: 4 | 6 = 4, apartPortsMax = 1000) {
    this.#family = family;
    this.pool = new PortPool({ from: 20000, to: 29999, sharing, apartPortsMax });
    this.latching = new Latching(2048);
  }

  call(from: MediaPeer, now: Instant): Leg {
    const id = this.#nextLeg++ as LegId;
    const inside = this.#inside(from);
    const placed = this.pool.place(id, inside, now);
    assert(placed !== undefined, 'a port is left');
    this.#note(from);
    const leg = { id, slot: id, port: placed.port, placed, peer: from };
    this.#legs.set(leg.slot, leg);
    this.latching.add(leg.slot, this.#entryOf(placed, inside));
    return leg;
  }

  /** The far side answered: how its stream is known from then on. */
  settle(leg: Leg, from: MediaPeer, now: Instant): Placement['mode'] {
    const inside = this.#inside(from);
    const mode = this.pool.settle(leg.id, inside, now);
    this.#note(from);
    this.latching.update(leg.slot, this.#entryOf({ port: leg.port, mode }, inside), now);
    return mode;
  }

  hangup(leg: Leg, now: Instant): void {
    this.#legs.delete(leg.slot);
    this.latching.remove(leg.slot, now);
    this.pool.release(leg.id, now);
  }

  /** An RTP packet arrives; the slot that hears it, or -1. */
  packet(port: number, source: number, ssrc: number, sequence: number, now: Instant): number {
    const fields = { ssrc, sequence: sequence & 0xffff, payloadType: PCMU };
    const slot = hearRtp(this.latching, port, this.#received(source), fields, now);
    for (let taken = this.latching.takeLatched(); taken !== -1; taken = this.latching.takeLatched()) {
      this.pool.latched(this.#legs.get(taken)!.id, this.latching.destination(taken));
    }
    return slot;
  }

  /** An RTCP packet of this SSRC arrives on its own port; the slot that it belongs to, or -1. */
  report(port: number, source: number, ssrc: number): number {
    return hearRtcp(this.latching, port, this.#received(source), ssrc, true);
  }

  /** Where a slot's RTP goes; 0 while nowhere. */
  destination(slot: number): number {
    return this.#seen(this.latching.destination(slot));
  }

  destinationRtcp(slot: number): number {
    return this.#seen(this.latching.destinationRtcp(slot));
  }

  expire(now: Instant): void {
    this.pool.expire(now);
    this.latching.expire(now);
  }

  /** What the media plane tells the media thread of a leg that was placed. */
  #entryOf(placed: Placement, from: MediaPeer): LatchingEntry {
    const { addresses } = this.pool;
    const allowed = [from.sdpAddress, from.signallingAddress].map((text) => addresses.numberOf(text));
    return {
      port: placed.port,
      remote: placed.mode === 'exact' ? pack(addresses.numberOf(from.sdpAddress), from.sdpPort) : 0,
      remoteRtcp: 0,
      allowed: allowed.filter((address) => address !== 0),
      allowedNetworks: from.mediaNetworks.map((text) => parseNetwork(text)!),
      payloadTypes: [PCMU, 101],
    };
  }

  #inside(from: MediaPeer): MediaPeer {
    const [sdpAddress, signallingAddress] = [this.#text(from.sdpAddress), this.#text(from.signallingAddress)];
    return { ...from, sdpAddress, signallingAddress };
  }

  #text(address: string): string {
    return this.#family === 4 || address === '' ? address : `2001:db8::${address}`;
  }

  #note({ sdpAddress, signallingAddress }: MediaPeer): void {
    for (const address of [sdpAddress, signallingAddress]) {
      const number = this.pool.addresses.numberOf(this.#text(address));
      if (number >= STRANGER_IPV6) this.#standIns.set(number, parseIpv4(address)!);
    }
  }

  /** As the sockets of the media thread would have it. */
  #received(source: number): number {
    if (this.#family === 4) return source;
    const number = this.pool.addresses.numberOf(this.#text(formatIpv4(addressOf(source))));
    return pack(number === 0 ? STRANGER_IPV6 : number, portOf(source));
  }

  #seen(packed: number): number {
    if (packed < FIRST_PACKED_IPV6) return packed;
    return pack(this.#standIns.get(addressOf(packed))!, portOf(packed));
  }
}
