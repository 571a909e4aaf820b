import type { CustomerId, GatewayId, LegId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';

/** What a call outside takes a place of: a provider's or trunk's, and its customer's. */
export interface Place {
  readonly gatewayId: GatewayId;
  /** Undefined when the customer's own cap is none of its business: a call that comes in. */
  readonly customerId: CustomerId | undefined;
  /** At the same time, through this provider and for this customer; 0 for any number. */
  readonly callsMax: number;
  readonly customerCallsMax: number;
  /** Begun in a second; 0 for any number. */
  readonly callsPerSecondMax: number;
}

/** Calls that may begin at once, as a bucket that fills with time. */
interface Bucket {
  calls: number;
  at: Instant;
}

const SECOND_MS = 1_000;

/** The calls that providers and own trunks carry, and the caps on them. */
export class Carried {
  readonly #places = new LiveMap<LegId, Place>();
  readonly #byGateway = new Map<GatewayId, number>();
  readonly #byCustomer = new Map<CustomerId, number>();
  readonly #buckets = new Map<GatewayId, Bucket>();
  #refused = 0;

  get count(): number {
    return this.#places.size;
  }

  /** Calls that a cap kept from a provider. */
  get refusedTotal(): number {
    return this.#refused;
  }

  countOf(gatewayId: GatewayId): number {
    return this.#byGateway.get(gatewayId) ?? 0;
  }

  /** Who carries the leg; undefined when no provider does. */
  gatewayOf(leg: LegId): GatewayId | undefined {
    return this.#places.get(leg)?.gatewayId;
  }

  /** Takes a place for the leg; false, and counted, when a cap is reached. A leg has one place at most. */
  take(leg: LegId, place: Place, now: Instant): boolean {
    const { gatewayId, customerId, callsMax, customerCallsMax, callsPerSecondMax } = place;
    const isFull =
      (callsMax > 0 && this.countOf(gatewayId) >= callsMax) ||
      (customerId !== undefined && customerCallsMax > 0 && (this.#byCustomer.get(customerId) ?? 0) >= customerCallsMax);
    if (isFull || !this.#mayBegin(gatewayId, callsPerSecondMax, now)) {
      this.#refused += 1;
      return false;
    }
    this.#places.set(leg, place);
    add(this.#byGateway, gatewayId, 1);
    if (customerId !== undefined) add(this.#byCustomer, customerId, 1);
    return true;
  }

  /** Without effect for a leg without a place. */
  free(leg: LegId): void {
    const place = this.#places.get(leg);
    if (place === undefined) return;
    this.#places.delete(leg);
    add(this.#byGateway, place.gatewayId, -1);
    if (place.customerId !== undefined) add(this.#byCustomer, place.customerId, -1);
  }

  #mayBegin(gatewayId: GatewayId, callsPerSecondMax: number, now: Instant): boolean {
    if (callsPerSecondMax === 0) return true;
    const bucket = this.#buckets.get(gatewayId) ?? { calls: callsPerSecondMax, at: now };
    this.#buckets.set(gatewayId, bucket);
    const gained = ((now - bucket.at) * callsPerSecondMax) / SECOND_MS;
    bucket.calls = Math.min(callsPerSecondMax, bucket.calls + gained);
    bucket.at = now;
    if (bucket.calls < 1) return false;
    bucket.calls -= 1;
    return true;
  }
}

function add<Key>(counts: Map<Key, number>, key: Key, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
