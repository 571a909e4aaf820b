import type { Instant } from '../../core/kernel/time.ts';
import { RecentTable } from '../user-agent/recent-table.ts';

/** Connections at once, and for each second after that: a handshake costs a millisecond that calls are waiting for. */
const OF_ONE = { burst: 100, perSecond: 20 };
const OF_ALL = { burst: 1_000, perSecond: 200 };
/** Hosts remembered; a forgotten one starts again with a full bucket. */
const HOSTS_MAX = 16_384;

interface Bucket {
  tokens: number;
  at: Instant;
}

/** How fast those may connect from where nobody is known: each host, and all of them together. */
export class Newcomers {
  readonly #hosts = new RecentTable<Bucket>(HOSTS_MAX);
  readonly #all: Bucket;

  constructor(now: Instant) {
    this.#all = { tokens: OF_ALL.burst, at: now };
  }

  /** Takes one; false when there is none left. */
  take(host: string, now: Instant): boolean {
    const bucket = this.#hosts.get(host) ?? { tokens: OF_ONE.burst, at: now };
    this.#hosts.set(host, bucket);
    fill(bucket, OF_ONE, now);
    fill(this.#all, OF_ALL, now);
    if (bucket.tokens < 1 || this.#all.tokens < 1) return false;
    bucket.tokens -= 1;
    this.#all.tokens -= 1;
    return true;
  }
}

function fill(bucket: Bucket, { burst, perSecond }: typeof OF_ONE, now: Instant): void {
  bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * perSecond) / 1_000);
  bucket.at = now;
}
