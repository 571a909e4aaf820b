import { assert } from '../../../core/kernel/assert.ts';
import type { LegId } from '../../../core/kernel/ids.ts';
import type { Instant } from '../../../core/kernel/time.ts';
import { pack, parseIpv4, parseNetwork } from '../../../media/io/addresses.ts';
import { Latching } from '../../../media/io/latching.ts';
import type { LatchingEntry } from '../../../media/io/latching-entry.ts';
import type { MediaPeer } from '../../../media/io/media-peer.ts';
import { type Placement, PortPool } from '../../../media/io/port-pool.ts';
import { hearRtp } from './one-packet.ts';

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

/** What the media plane tells the media thread of a leg that was placed. */
export function entryOf(placed: Placement, from: MediaPeer): LatchingEntry {
  const allowed = [from.sdpAddress, from.signallingAddress].map(parseIpv4).filter((address) => address !== undefined);
  return {
    port: placed.port,
    remote: placed.mode === 'exact' ? pack(parseIpv4(from.sdpAddress)!, from.sdpPort) : 0,
    remoteRtcp: 0,
    allowed: allowed.filter((address) => address !== 0),
    allowedNetworks: from.mediaNetworks.map((text) => parseNetwork(text)!),
    payloadTypes: [PCMU, 101],
  };
}

export interface Leg {
  readonly id: LegId;
  readonly slot: number;
  readonly port: number;
  readonly placed: Placement;
  readonly peer: MediaPeer;
}

/** The main thread's pool and a media thread's latching, joined as in production: slot = leg, reports at once. */
export class SharedPortsWorld {
  readonly pool: PortPool;
  readonly latching: Latching;
  readonly #legs = new Map<number, Leg>();
  #nextLeg = 0;

  constructor(sharing: 'on' | 'off', apartPortsMax = 1000) {
    this.pool = new PortPool({ from: 20000, to: 29999, sharing, apartPortsMax });
    this.latching = new Latching(2048);
  }

  call(from: MediaPeer, now: Instant): Leg {
    const id = this.#nextLeg++ as LegId;
    const placed = this.pool.place(id, from, now);
    assert(placed !== undefined, 'a port is left');
    const leg = { id, slot: id, port: placed.port, placed, peer: from };
    this.#legs.set(leg.slot, leg);
    this.latching.add(leg.slot, entryOf(placed, from));
    return leg;
  }

  hangup(leg: Leg, now: Instant): void {
    this.#legs.delete(leg.slot);
    this.latching.remove(leg.slot, now);
    this.pool.release(leg.id, now);
  }

  /** An RTP packet arrives; the slot that hears it, or -1. */
  packet(port: number, source: number, ssrc: number, sequence: number, now: Instant): number {
    const slot = hearRtp(this.latching, port, source, { ssrc, sequence: sequence & 0xffff, payloadType: PCMU }, now);
    for (let taken = this.latching.takeLatched(); taken !== -1; taken = this.latching.takeLatched()) {
      this.pool.latched(this.#legs.get(taken)!.id, this.latching.destination(taken));
    }
    return slot;
  }

  expire(now: Instant): void {
    this.pool.expire(now);
    this.latching.expire(now);
  }
}
