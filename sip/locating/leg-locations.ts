import type { Cause } from '../../core/calls/cause.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import { Queue } from '../../core/kernel/queue.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { SignalingEvent, TransportAddress } from '../../core/ports.ts';
import type { Uri } from '../message.ts';
import type { Located, LocationId, Locator, Unlocated } from './locator.ts';

/** Targets once they are found; the number of the search before. */
type Search = LocationId | readonly TransportAddress[];

const OUTCOMES: Readonly<Record<Unlocated, { readonly cause: Cause; readonly status: number }>> = {
  'no such host': { cause: 'not-found', status: 404 },
  'no server': { cause: 'unavailable', status: 480 },
  'not answered': { cause: 'network-failed', status: 503 },
  'no transport': { cause: 'network-failed', status: 503 },
};

/** Legs whose servers are being looked for, and those found whose INVITE has not been asked for yet. */
export class LegLocations {
  readonly #locator: Locator;
  readonly #searches = new LiveMap<LegId, Search>();
  readonly #legs = new Map<LocationId, LegId>();
  readonly #signals = new Queue<SignalingEvent>();

  constructor(locator: Locator) {
    this.#locator = locator;
  }

  get size(): number {
    return this.#searches.size;
  }

  /** Begins to look for the next hop of a leg; one that is no SIP URI fails at once. */
  begin(leg: LegId, next: Uri | undefined, now: Instant): void {
    if (next === undefined) {
      this.#signals.push({ kind: 'failed', leg, ...OUTCOMES['no transport'] });
      return;
    }
    const location = this.#locator.locate(next, now);
    this.#searches.set(leg, location);
    this.#legs.set(location, leg);
  }

  /** The targets of a leg that is about to be dialled; undefined when it was not located. */
  take(leg: LegId): readonly TransportAddress[] | undefined {
    const search = this.#searches.get(leg);
    if (typeof search !== 'object') return undefined;
    this.#searches.delete(leg);
    return search;
  }

  /** Ends a leg that is not dialled yet. False when it is none of these. */
  hangup(leg: LegId, cause: Cause): boolean {
    const search = this.#searches.get(leg);
    if (search === undefined) return false;
    if (typeof search === 'number') {
      this.#locator.forget(search);
      this.#legs.delete(search);
    }
    this.#searches.delete(leg);
    this.#signals.push({ kind: 'ended', leg, cause, by: 'local' });
    return true;
  }

  /** How a search ended. False when it was not for one of these legs. */
  receive(located: Located): boolean {
    const leg = this.#legs.get(located.location);
    if (leg === undefined) return false;
    this.#legs.delete(located.location);
    if (located.kind === 'located') {
      this.#searches.set(leg, located.targets);
      this.#signals.push({ kind: 'located', leg, peer: located.targets[0]! });
    } else {
      this.#searches.delete(leg);
      this.#signals.push({ kind: 'failed', leg, ...OUTCOMES[located.reason] });
    }
    return true;
  }

  poll(): SignalingEvent | undefined {
    return this.#signals.shift();
  }
}
