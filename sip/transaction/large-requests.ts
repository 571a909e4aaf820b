import { LiveMap } from '../../core/kernel/live-map.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Request } from '../message.ts';
import { RecentTable } from '../user-agent/recent-table.ts';
import type { Entry, TransactionId } from './entry.ts';

/** A larger request is cut into pieces on its way, all of which must arrive (RFC 3261 §18.1.1). */
export const DATAGRAM_BYTES_MAX = 1_300;

/** How long an address that takes no TCP is spared the attempt. */
const SPARED_MS = 3_600_000;
const ADDRESSES_MAX = 4_096;

/** A request that was meant for UDP, without its Via. */
export interface LargeRequest {
  readonly request: Request;
  readonly destination: TransportAddress;
}

/**
 * Requests too large for a datagram go over TCP instead, and come back to UDP when TCP is refused (RFC 3261 §18.1.1). Who
 * is reached by the flow that they opened has no other way: their requests stay with UDP, whatever their size.
 */
export class LargeRequests {
  readonly #switched = new LiveMap<TransactionId, LargeRequest>();
  /** Addresses that refused TCP, and until when that is believed. */
  readonly #withoutTcp = new RecentTable<Instant>(ADDRESSES_MAX);

  /** Whether a large request to there goes over TCP. */
  isSwitched(destination: TransportAddress, localPort: number | undefined, now: Instant): boolean {
    if (destination.transport !== 'udp' || localPort !== undefined) return false;
    return (this.#withoutTcp.get(placeOf(destination)) ?? 0) <= now;
  }

  add(id: TransactionId, large: LargeRequest): void {
    this.#switched.set(id, large);
  }

  /** The connection of this transaction failed: what is to be sent over UDP, unless somebody has answered already. */
  takeBack({ id, client }: Entry, now: Instant): LargeRequest | undefined {
    const large = this.#switched.get(id);
    if (large === undefined || (client?.state !== 'calling' && client?.state !== 'trying')) return undefined;
    this.#switched.delete(id);
    this.#withoutTcp.set(placeOf(large.destination), now + SPARED_MS);
    return large;
  }

  forget(id: TransactionId): void {
    if (this.#switched.size > 0) this.#switched.delete(id);
  }
}

function placeOf({ address, port }: TransportAddress): string {
  return `${address} ${port}`;
}
