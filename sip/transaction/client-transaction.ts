import type { Instant } from '../../core/kernel/time.ts';
import type { Request, Response } from '../message.ts';
import type { Timing } from './timing.ts';

/** What a client transaction asks of its owner, in order. */
export type ClientOutput =
  | { readonly kind: 'transmit'; readonly bytes: Uint8Array; readonly repeated: boolean }
  | { readonly kind: 'response'; readonly response: Response }
  | { readonly kind: 'failed'; readonly reason: ClientFailure };

export type ClientFailure = 'timeout' | 'transport error';

export interface ClientOptions {
  readonly request: Request;
  /** The request as it is sent. */
  readonly bytes: Uint8Array;
  /** The transport is reliable: nothing is retransmitted. */
  readonly reliable: boolean;
  readonly timing: Timing;
}

/** What the two client machines have in common. The owner feeds one input, then drains `poll()`. */
export interface ClientTransaction {
  /** Until nothing is made of it any more: a transaction rests for half a minute, its message does not. */
  readonly request: Request | undefined;
  readonly state: string;
  /** What it sends for each repetition; none for nothing. */
  readonly bytes: Uint8Array;
  /** Its work is done; it stays to absorb repetitions, and may do so for a little longer. */
  readonly isResting: boolean;
  receive(response: Response, now: Instant): void;
  transportFailed(now: Instant): void;
  /** Fires the earliest due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void;
  deadline(): Instant;
  poll(): ClientOutput | undefined;
}
