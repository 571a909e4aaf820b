import { leadingGroups } from '../../core/kernel/source-network.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { RecentTable } from './recent-table.ts';

/** Refusals that a network may cause at once, and for each second after that. */
const BURST = 2_000;
const PER_SECOND = 500;

/** Networks remembered; a forgotten one starts again with a full bucket. */
const NETWORKS_MAX = 16_384;

interface Bucket {
  tokens: number;
  at: Instant;
}

/**
 * A token bucket for each source network. Whoever turns out to be a user gets the token back, so that a thousand
 * phones behind one address that start together are bounded only by those that never prove themselves.
 */
export class RefusalBudget {
  readonly #buckets = new RecentTable<Bucket>(NETWORKS_MAX);

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a token, or a part of one, of the address's network; false when none is left. Loopback is free: it cannot be forged. */
  take(address: string, now: Instant, share = 1): boolean {
    if (isLoopback(address)) return true;
    const bucket = this.#bucketOf(networkOf(address), now);
    if (bucket.tokens < share) return false;
    bucket.tokens -= share;
    return true;
  }

  giveBack(address: string, now: Instant): void {
    if (isLoopback(address)) return;
    const bucket = this.#bucketOf(networkOf(address), now);
    bucket.tokens = Math.min(BURST, bucket.tokens + 1);
  }

  #bucketOf(network: string, now: Instant): Bucket {
    const known = this.#buckets.get(network);
    if (known !== undefined) {
      known.tokens = Math.min(BURST, known.tokens + ((now - known.at) * PER_SECOND) / 1000);
      known.at = now;
      return known;
    }
    const bucket = { tokens: BURST, at: now };
    this.#buckets.set(network, bucket);
    return bucket;
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** IPv4 by its first three numbers (/24), IPv6 by its first four groups (/64). */
export function networkOf(address: string): string {
  return address.includes(':') ? leadingGroups(address).join(':') : address.slice(0, address.lastIndexOf('.'));
}
