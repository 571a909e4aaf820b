import { isAddress } from '../../core/kernel/address-text.ts';
import { assert } from '../../core/kernel/assert.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress, TransportProtocol } from '../../core/ports.ts';
import type { Uri } from '../message.ts';
import { FailedTargets } from './failed-targets.ts';
import { defaultPort, defaultTransport, type Goal, goalOf } from './goal.ts';
import { Lookups, type Settled } from './lookups.ts';
import { keyOf, type Lookup, type LookupAnswer, type Outcome, type Query } from './records.ts';
import { type Reachable, survey, targetAt } from './survey.ts';

/** Names one search for the servers of a URI. Never reused. */
export type LocationId = number;

/** Why no server was found. */
export type Unlocated =
  /** The name does not exist, or has no address. */
  | 'no such host'
  /** It says that no server serves it, or names only servers that are not there (RFC 2782). */
  | 'no server'
  /** The name servers did not say. */
  | 'not answered'
  /** It is reached over nothing that this side speaks. */
  | 'no transport';

export type LocatorOutput = ({ readonly kind: 'lookup' } & Lookup) | Located;

/** How a search ended. */
export type Located =
  /** At least one target, in the order in which they are to be tried. */
  | { readonly kind: 'located'; readonly location: LocationId; readonly targets: readonly TransportAddress[] }
  | { readonly kind: 'unlocated'; readonly location: LocationId; readonly reason: Unlocated };

interface Location {
  readonly id: LocationId;
  readonly goal: Goal;
  readonly known: Map<string, Outcome>;
  /** Keys of queries without an outcome. */
  readonly awaited: Set<string>;
}

const LOOPBACK = '127.0.0.1';
/** How long a target is tried last: one that was silent cost its caller half a minute, one that spoke did not. */
const SILENT_MS = 300_000;
const BROKEN_MS = 30_000;
const AVOIDED_MAX_MS = 300_000;

/**
 * Where requests to a URI go: transports, addresses and ports in the order in which they are to be tried (RFC 3263 §4,
 * RFC 2782, RFC 7984). One input, then `poll()` until it is empty; what is known already is said at once.
 */
export class Locator {
  readonly #reachable: Reachable;
  readonly #random: Random;
  readonly #lookups = new Lookups();
  readonly #failed = new FailedTargets();
  readonly #locations = new LiveMap<LocationId, Location>();
  readonly #waiters = new LiveMap<string, Set<Location>>();
  readonly #outputs: LocatorOutput[] = [];
  #lastId = 0;

  constructor(reachable: Reachable, random: Random) {
    this.#reachable = reachable;
    this.#random = random;
  }

  get counters() {
    return { ...this.#lookups.counters, locating: this.#locations.size };
  }

  /** Outcome: located or unlocated, once, unless it is forgotten before. */
  locate(uri: Uri, now: Instant): LocationId {
    const id = ++this.#lastId;
    const goal = goalOf(uri);
    const literal = literalOf(goal.host);
    const transport = defaultTransport(goal);
    if (literal !== undefined) {
      const port = goal.port === 0 ? defaultPort(transport) : goal.port;
      this.#outputs.push({ kind: 'located', location: id, targets: [targetAt(literal, port, transport, goal.host)] });
    } else if (isNowhere(goal.host)) {
      this.#outputs.push({ kind: 'unlocated', location: id, reason: 'no such host' });
    } else if (
      this.#reachable.families.length === 0 ||
      (!this.#canUse(transport) && (goal.isSecure || goal.transport !== undefined))
    ) {
      this.#outputs.push({ kind: 'unlocated', location: id, reason: 'no transport' });
    } else this.#begin({ id, goal, known: new Map(), awaited: new Set() }, now);
    return id;
  }

  /** Who asks for TLS by name gets it also where nobody listens over it: calling needs no certificate of our own. */
  #canUse(transport: TransportProtocol): boolean {
    return transport === 'tls' || this.#reachable.transports.includes(transport);
  }

  /** Nobody waits for it any more. */
  forget(id: LocationId): void {
    const location = this.#locations.get(id);
    if (location === undefined) return;
    this.#locations.delete(id);
    for (const key of location.awaited) {
      const waiters = this.#waiters.get(key);
      waiters?.delete(location);
      if (waiters?.size === 0) this.#waiters.delete(key);
    }
  }

  /** A target did not serve: it refused for `retryAfterMs` (503), was silent, or could not be sent to. */
  avoid(target: TransportAddress, why: 'silent' | 'broken' | { readonly retryAfterMs: number }, now: Instant): void {
    const forMs = why === 'silent' ? SILENT_MS : why === 'broken' ? BROKEN_MS : why.retryAfterMs || BROKEN_MS;
    this.#failed.avoid(target, now + Math.min(forMs, AVOIDED_MAX_MS));
  }

  receive(answer: LookupAnswer, now: Instant): void {
    const settled = this.#lookups.receive(answer, now);
    if (settled !== undefined) this.#settle(settled, now);
    this.#drain();
  }

  /** Gives up one query that is due. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const settled = this.#lookups.expire(now);
    if (settled !== undefined) this.#settle(settled, now);
    this.#drain();
  }

  deadline(): Instant {
    return this.#lookups.deadline();
  }

  poll(): LocatorOutput | undefined {
    return this.#outputs.shift();
  }

  #begin(location: Location, now: Instant): void {
    this.#locations.set(location.id, location);
    this.#advance(location, now);
    this.#drain();
  }

  /** Asks as long as what is asked for is known already. */
  #advance(location: Location, now: Instant): void {
    const { goal, known, awaited } = location;
    while (awaited.size === 0) {
      const next = survey(goal, known, this.#reachable, this.#random);
      if (next.kind === 'found') {
        this.#conclude(location, next.targets, now);
        return;
      }
      for (const query of next.queries) this.#ask(location, query, now);
    }
  }

  #ask(location: Location, query: Query, now: Instant): void {
    const key = keyOf(query);
    const outcome = this.#lookups.ask(query, now);
    if (outcome !== undefined) {
      location.known.set(key, outcome);
      return;
    }
    location.awaited.add(key);
    const waiters = this.#waiters.get(key);
    if (waiters === undefined) this.#waiters.set(key, new Set([location]));
    else waiters.add(location);
  }

  #settle({ key, outcome }: Settled, now: Instant): void {
    const waiters = this.#waiters.get(key);
    this.#waiters.delete(key);
    for (const location of waiters ?? []) {
      location.known.set(key, outcome);
      assert(location.awaited.delete(key), 'who waits for an answer knows that');
      this.#advance(location, now);
    }
  }

  #conclude({ id, known }: Location, targets: readonly TransportAddress[], now: Instant): void {
    this.#locations.delete(id);
    if (targets.length > 0) {
      this.#outputs.push({ kind: 'located', location: id, targets: this.#failed.ordered(targets, now) });
      return;
    }
    this.#outputs.push({ kind: 'unlocated', location: id, reason: reasonOf([...known.values()]) });
  }

  #drain(): void {
    for (let lookup = this.#lookups.poll(); lookup !== undefined; lookup = this.#lookups.poll()) {
      this.#outputs.push({ kind: 'lookup', ...lookup });
    }
  }
}

/** Why what was answered leads to no target. */
function reasonOf(outcomes: readonly Outcome[]): Unlocated {
  if (outcomes.some(({ kind }) => kind === 'failed')) return 'not answered';
  const isServed = outcomes.some((outcome) => outcome.kind === 'records' && outcome.type === 'SRV');
  return isServed ? 'no server' : 'no such host';
}

/** The address that a host is without asking anybody; `localhost` is one of them (RFC 6761 §6.3). */
function literalOf(host: string): string | undefined {
  if (host === 'localhost' || host.endsWith('.localhost')) return LOOPBACK;
  return isAddress(host) ? host : undefined;
}

/** RFC 6761 §6.4; names longer than RFC 1035 §2.3.4 allows. */
function isNowhere(host: string): boolean {
  return host === '' || host === 'invalid' || host.endsWith('.invalid') || host.length > 253;
}
