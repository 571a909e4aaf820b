import type { LegId } from '../kernel/ids.ts';
import type { Dialling } from '../routing/destination.ts';
import type { Cause } from './cause.ts';
import type { DialTerms } from './dialler.ts';

/** What a flow wants of a connection. */
export interface ConnectWish {
  /** Comes back in the news of it. */
  readonly token: number;
  readonly isEarlyMediaHeard: boolean;
}

/**
 * One caller being connected: every registered contact of the callee rings at once, the first to answer wins
 * (ring_all, hangup_others). Pure bookkeeping; the switch acts on what it tells.
 */
export class Attempt {
  readonly caller: LegId;
  /** Of the flow that asked for it; undefined when the caller dialled, and shares the fate of the callees. */
  readonly wish: ConnectWish | undefined;
  /** The caller hears a callee that has not answered, or a tone of ours in its place. */
  hears: 'nothing' | 'ringback' | 'callee' = 'nothing';
  /** In whose name others are called when a phone of ours forwards the call; undefined when nobody is. */
  terms: DialTerms | undefined;
  /** Those who ring when nobody before them will answer, group after group. */
  later: readonly (readonly Dialling[])[] = [];
  /** How often it was forwarded. */
  redirectCount = 0;
  #callees: readonly LegId[];
  #cause: Cause | undefined;

  constructor(caller: LegId, callees: readonly LegId[], wish?: ConnectWish) {
    this.caller = caller;
    this.wish = wish;
    this.#callees = callees;
  }

  add(callee: LegId): void {
    this.#callees = [...this.#callees, callee];
  }

  get callees(): readonly LegId[] {
    return this.#callees;
  }

  /** Early media can be relayed only from a single callee. */
  get isForked(): boolean {
    return this.#callees.length > 1;
  }

  /** A callee will not answer. True when it was the last one: the caller is told `cause`. */
  drop(callee: LegId, cause: Cause): boolean {
    if (!this.#callees.includes(callee)) return false;
    this.#callees = this.#callees.filter((other) => other !== callee);
    this.miss(cause);
    return this.#callees.length === 0;
  }

  /** Somebody could not be called at all. */
  miss(cause: Cause): void {
    if (this.#cause === undefined || RANK[cause] > RANK[this.#cause]) this.#cause = cause;
  }

  /** What the caller is told once nobody is left: the word that says most about the person called. */
  get cause(): Cause {
    return this.#cause ?? 'no-answer';
  }
}

/** The answer of a person outweighs the absence of a device, which outweighs a fault (RFC 3261 §16.7 step 6). */
const RANK: Readonly<Record<Cause, number>> = {
  declined: 9,
  busy: 8,
  'not-acceptable': 7,
  'srtp-required': 7,
  'no-answer': 6,
  unavailable: 5,
  normal: 4,
  canceled: 4,
  'answered-elsewhere': 4,
  timeout: 4,
  'session-expired': 4,
  machine: 4,
  forbidden: 3,
  'not-found': 3,
  'media-lost': 2,
  'media-failed': 2,
  'media-overloaded': 2,
  overloaded: 2,
  'shutting-down': 2,
  crashed: 2,
  'peer-failed': 1,
  'network-failed': 1,
  internal: 0,
};
