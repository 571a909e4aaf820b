import type { SignalingEvent, TransportAddress } from '../../core/ports.ts';
import type { Locator } from '../locating/locator.ts';
import type { Request, Response } from '../message.ts';
import type { TransactionId } from '../transaction/transaction-layer.ts';
import type { Hop } from './dialog.ts';
import type { Field } from './session-messages.ts';

/** What a request of ours is for; its responses come back under the same word. Nobody waits for that of a `fork` or a `prack`; `update` refreshes; a `refer` is not the session's. */
export type Purpose = 'invite' | 'reinvite' | 'update' | 'bye' | 'fork' | 'prack' | 'refer';

interface Outgoing extends Hop {
  readonly request: Request;
}

/** How one of several servers failed (RFC 3263 §4.3). */
export type ServerFailure = Parameters<Locator['avoid']>[1];

/** What a session asks of its owner, in order. */
export type SessionOutput =
  | ({ readonly kind: 'request'; readonly purpose: Purpose } & Outgoing)
  /** The ACK of a 2xx: no transaction. */
  | ({ readonly kind: 'acknowledge' } & Outgoing)
  | { readonly kind: 'respond'; readonly transaction: TransactionId; readonly response: Response }
  /** This server failed: others are to be tried first for a while. */
  | { readonly kind: 'avoid'; readonly server: TransportAddress; readonly failure: ServerFailure }
  /** Cancel our INVITE. */
  | { readonly kind: 'cancel'; readonly fields: readonly Field[] }
  /** Forget our INVITE. */
  | { readonly kind: 'abandon' }
  | { readonly kind: 'signal'; readonly event: SignalingEvent };

/** A request of the peer that is to be answered. */
export interface Pending {
  readonly transaction: TransactionId;
  readonly request: Request;
}
