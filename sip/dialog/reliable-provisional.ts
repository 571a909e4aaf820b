import type { Random } from '../../core/kernel/random.ts';
import type { Body } from '../../core/ports.ts';
import type { Request, Response } from '../message.ts';
import type { TransactionId } from '../transaction/transaction-layer.ts';
import { requires, sessionDescription } from './session-messages.ts';

/** What our user wants to say once our last provisional response is acknowledged. */
export type Deferred =
  | { readonly kind: 'ring'; readonly body: Body | undefined }
  | { readonly kind: 'answer'; readonly body: Body };

/** A response that is repeated until it is acknowledged. */
interface Awaited {
  readonly transaction: TransactionId;
  readonly response: Response;
  readonly number: number;
}

/** RFC 3262 §3: the first number is between 1 and 2^31 - 1, and leaves room for those that follow. */
const FIRST_NUMBER_MAX = 2 ** 30;

/**
 * Our provisional responses to a caller who demands to be sure of them (RFC 3262 §3): one at a time, numbered one after
 * the other. What comes meanwhile waits.
 */
export class ReliableProvisional {
  #number: number;
  #awaited: Awaited | undefined;
  #deferred: Deferred | undefined;
  #isOfferAnswered = false;

  constructor(random: Random) {
    this.#number = 1 + Math.floor(random.next() * FIRST_NUMBER_MAX);
  }

  /** Of the response that is sent next. */
  get nextNumber(): number {
    return this.#number;
  }

  get awaited(): Awaited | undefined {
    return this.#awaited;
  }

  /** The caller has acknowledged our description: it may make another offer before we answer the call (RFC 3262 §5). */
  get isOfferAnswered(): boolean {
    return this.#isOfferAnswered && this.#awaited === undefined;
  }

  /** How a caller is told that it rings: not at all when we would have to make the offer for that (RFC 3261 §13.2.1). */
  static mannerOf(invite: Request | undefined): 'ring' | 'ringReliably' | undefined {
    if (invite === undefined || !requires(invite, '100rel')) return 'ring';
    return sessionDescription(invite) === undefined ? undefined : 'ringReliably';
  }

  sent(transaction: TransactionId, response: Response): void {
    this.#awaited = { transaction, response, number: this.#number++ };
    if (response.body.length > 0) this.#isOfferAnswered = true;
  }

  /** Whether this PRACK is for the response that waits for one (RFC 3262 §3): then that is not repeated any more. */
  isAcknowledgedBy(prack: Request): boolean {
    const awaited = this.#awaited;
    const rack = /^(\d{1,10})[ \t]+(\d{1,10})[ \t]+INVITE$/.exec(prack.first('RAck') ?? '');
    if (rack === null || awaited === undefined) return false;
    if (Number(rack[1]) !== awaited.number || Number(rack[2]) !== awaited.response.cseq.number) return false;
    this.#awaited = undefined;
    return true;
  }

  /** The last word counts, but a description is not lost for a mere ringing. */
  defer(next: Deferred): void {
    const isLess = next.kind === 'ring' && next.body === undefined && this.#deferred !== undefined;
    if (this.#deferred?.kind !== 'answer' && !isLess) this.#deferred = next;
  }

  takeDeferred(): Deferred | undefined {
    const deferred = this.#deferred;
    this.#deferred = undefined;
    return deferred;
  }
}
