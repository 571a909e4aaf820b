import { LiveMap } from '../../core/kernel/live-map.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { RecentTable } from '../user-agent/recent-table.ts';
import { keyOf, type Lookup, type LookupAnswer, type Outcome, type Query } from './records.ts';

/** An answer later than this counts as none. */
const TIMEOUT_MS = 3_000;
/** Queries that are asked at the same time; others wait. */
const ASKED_MAX = 64;
/** Queries that are asked or wait; one more fails at once. */
const PENDING_MAX = 4_096;
/** Answers that are kept, and records of each: both are a stranger's to choose. */
const ANSWERS_MAX = 4_096;
const RECORDS_MAX = 32;
/** Bounds of what a server may ask for: it is asked once a second at most, and a moved host is found within an hour. */
const TTL_MIN_MS = 1_000;
const TTL_MAX_MS = 3_600_000;
/** A name that leads nowhere is asked for again after this long (RFC 2308 §5). */
const NOTHING_TTL_MS = 30_000;
/** A server that does not answer is left alone for this long. */
const FAILED_TTL_MS = 5_000;
/** An old answer serves for this long after its time while no new one is to be had (RFC 8767 §5). */
const STALE_MAX_MS = 3_600_000;

interface Kept {
  readonly outcome: Outcome;
  readonly freshUntil: Instant;
  readonly usableUntil: Instant;
}

interface Pending {
  readonly lookup: Lookup;
  readonly key: string;
  readonly failsAt: Instant;
  isAsked: boolean;
}

/** A query that is answered, or given up. */
export interface Settled {
  readonly key: string;
  readonly outcome: Outcome;
}

/** Queries on their way and answers that still hold. A query that many wait for is asked once. */
export class Lookups {
  readonly #answers = new RecentTable<Kept>(ANSWERS_MAX);
  /** By key, in the order of asking: the first fails first. */
  readonly #pending = new LiveMap<string, Pending>();
  readonly #waiting: Pending[] = [];
  readonly #asked = new LiveMap<number, Pending>();
  readonly #outputs: Lookup[] = [];
  #lastNumber = 0;
  #timeouts = 0;

  /** Queries sent, and those that nobody answered in time. */
  get counters() {
    return { lookups: this.#lastNumber - this.#waiting.length, lookupTimeouts: this.#timeouts };
  }

  /** What is known already; else the query is on its way, and `receive` or `expire` returns its end. */
  ask(query: Query, now: Instant): Outcome | undefined {
    const key = keyOf(query);
    const kept = this.#answers.get(key);
    if (kept !== undefined && now < kept.freshUntil) return kept.outcome;
    if (this.#pending.has(key)) return undefined;
    if (this.#pending.size >= PENDING_MAX) return { kind: 'failed', detail: 'too many names are being looked up' };
    const lookup: Lookup = { ...query, number: ++this.#lastNumber };
    const pending = { lookup, key, failsAt: now + TIMEOUT_MS, isAsked: false };
    this.#pending.set(key, pending);
    this.#waiting.push(pending);
    this.#send();
    return undefined;
  }

  /** Undefined when the answer comes too late. */
  receive({ number, outcome }: LookupAnswer, now: Instant): Settled | undefined {
    const pending = this.#asked.get(number);
    return pending && this.#settle(pending, bounded(outcome), now);
  }

  /** Gives up one query that is due. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): Settled | undefined {
    const first = this.#first();
    if (first === undefined || first.failsAt > now) return undefined;
    this.#timeouts++;
    return this.#settle(first, { kind: 'failed', detail: 'no answer from the name server' }, now);
  }

  deadline(): Instant {
    return this.#first()?.failsAt ?? NEVER;
  }

  poll(): Lookup | undefined {
    return this.#outputs.shift();
  }

  #first(): Pending | undefined {
    for (const pending of this.#pending.values()) return pending;
    return undefined;
  }

  #settle(pending: Pending, fresh: Outcome, now: Instant): Settled {
    const { key, lookup, isAsked } = pending;
    this.#pending.delete(key);
    if (isAsked) this.#asked.delete(lookup.number);
    else this.#waiting.splice(this.#waiting.indexOf(pending), 1);
    const outcome = fresh.kind === 'failed' ? this.#staleOr(fresh, key, now) : fresh;
    const freshUntil = now + lifetimeMs(fresh);
    const usableUntil = fresh.kind === 'failed' ? this.#usableUntil(key) : freshUntil + STALE_MAX_MS;
    this.#answers.set(key, { outcome, freshUntil, usableUntil });
    this.#send();
    return { key, outcome };
  }

  #staleOr(failed: Outcome, key: string, now: Instant): Outcome {
    const kept = this.#answers.get(key);
    return kept?.outcome.kind === 'records' && now < kept.usableUntil ? kept.outcome : failed;
  }

  #usableUntil(key: string): Instant {
    return this.#answers.get(key)?.usableUntil ?? 0;
  }

  #send(): void {
    while (this.#asked.size < ASKED_MAX) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next.isAsked = true;
      this.#asked.set(next.lookup.number, next);
      this.#outputs.push(next.lookup);
    }
  }
}

function bounded(outcome: Outcome): Outcome {
  if (outcome.kind !== 'records' || outcome.records.length <= RECORDS_MAX) return outcome;
  return { ...outcome, records: outcome.records.slice(0, RECORDS_MAX) } as Outcome;
}

function lifetimeMs(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'records':
      return Math.min(Math.max(outcome.ttlMs, TTL_MIN_MS), TTL_MAX_MS);
    case 'nothing':
      return NOTHING_TTL_MS;
    case 'failed':
      return FAILED_TTL_MS;
  }
}
