import type { Instant } from '../../core/kernel/time.ts';
import type { Timing } from './timing.ts';

/** What a server transaction asks of its owner, in order. */
export type ServerOutput =
  | { readonly kind: 'transmit'; readonly bytes: Uint8Array; readonly repeated: boolean }
  /** Nothing was answered within 200 ms: send 100. */
  | { readonly kind: 'trying' }
  /** The ACK of a final response other than 2xx arrived. */
  | { readonly kind: 'acknowledged' }
  /** It never arrived, or the response could not be sent. */
  | { readonly kind: 'failed'; readonly reason: 'timeout' | 'transport error' };

export interface ServerOptions {
  /** The transport is reliable: nothing is retransmitted. */
  readonly reliable: boolean;
  readonly timing: Timing;
}

/** What the two server machines have in common. The owner feeds one input, then drains `poll()`. */
export interface ServerTransaction {
  readonly state: string;
  /** What it sends for each repetition; none for nothing. */
  readonly bytes: Uint8Array;
  /** Its work is done; it stays to absorb repetitions, and may do so for a little longer. */
  readonly isResting: boolean;
  /** The request came again. */
  receiveRepeated(now: Instant): void;
  /** The transaction user answers with a response of this status, written as `bytes`. */
  respond(status: number, bytes: Uint8Array, now: Instant): void;
  transportFailed(now: Instant): void;
  /** Fires the earliest due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void;
  deadline(): Instant;
  poll(): ServerOutput | undefined;
}
