const BUCKETS_PER_MS = 10;
const BUCKET_COUNT = 20_000;

/** Durations in buckets of 0.1 ms up to 2 s; what is longer counts in the last one, and in `maxMs` as it is. */
export class Histogram {
  readonly #buckets = new Uint32Array(BUCKET_COUNT);
  count = 0;
  maxMs = 0;

  add(ms: number): void {
    const bucket = Math.min(Math.max(0, Math.floor(ms * BUCKETS_PER_MS)), BUCKET_COUNT - 1);
    this.#buckets[bucket] = this.#buckets[bucket]! + 1;
    this.count++;
    if (ms > this.maxMs) this.maxMs = ms;
  }

  /** The duration that this share of all does not exceed, in ms; 0 without any. */
  quantileMs(share: number): number {
    const wanted = share * this.count;
    let seen = 0;
    for (let bucket = 0; bucket < BUCKET_COUNT && this.count > 0; bucket++) {
      seen += this.#buckets[bucket]!;
      if (seen >= wanted) return Math.min((bucket + 1) / BUCKETS_PER_MS, this.maxMs);
    }
    return 0;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.count = 0;
    this.maxMs = 0;
  }
}
