import type { CustomerId, LegId, ProviderId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';

/** What a call outside takes a place of. */
export interface Place {
  readonly providerId: ProviderId;
  readonly customerId: CustomerId;
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

/** The calls that providers carry, and the caps on them. */
export class Carried {
  readonly #places = new Map<LegId, Place>();
  readonly #byProvider = new Map<ProviderId, number>();
  readonly #byCustomer = new Map<CustomerId, number>();
  readonly #buckets = new Map<ProviderId, Bucket>();
  #refused = 0;

  get count(): number {
    return this.#places.size;
  }

  /** Calls that a cap kept from a provider. */
  get refusedTotal(): number {
    return this.#refused;
  }

  countOf(providerId: ProviderId): number {
    return this.#byProvider.get(providerId) ?? 0;
  }

  /** Who carries the leg; undefined when no provider does. */
  providerOf(leg: LegId): ProviderId | undefined {
    return this.#places.get(leg)?.providerId;
  }

  /** Takes a place for the leg; false, and counted, when a cap is reached. A leg has one place at most. */
  take(leg: LegId, place: Place, now: Instant): boolean {
    const { providerId, customerId, callsMax, customerCallsMax, callsPerSecondMax } = place;
    const isFull =
      (callsMax > 0 && this.countOf(providerId) >= callsMax) ||
      (customerCallsMax > 0 && (this.#byCustomer.get(customerId) ?? 0) >= customerCallsMax);
    if (isFull || !this.#mayBegin(providerId, callsPerSecondMax, now)) {
      this.#refused += 1;
      return false;
    }
    this.#places.set(leg, place);
    add(this.#byProvider, providerId, 1);
    add(this.#byCustomer, customerId, 1);
    return true;
  }

  /** Without effect for a leg without a place. */
  free(leg: LegId): void {
    const place = this.#places.get(leg);
    if (place === undefined) return;
    this.#places.delete(leg);
    add(this.#byProvider, place.providerId, -1);
    add(this.#byCustomer, place.customerId, -1);
  }

  #mayBegin(providerId: ProviderId, callsPerSecondMax: number, now: Instant): boolean {
    if (callsPerSecondMax === 0) return true;
    const bucket = this.#buckets.get(providerId) ?? { calls: callsPerSecondMax, at: now };
    this.#buckets.set(providerId, bucket);
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
