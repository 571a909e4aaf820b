import type { Random } from '../../core/kernel/random.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Request, Response } from '../message.ts';
import type { TransactionId } from './entry.ts';
import type { Timing } from './timing.ts';

export type LayerOutput =
  | {
      readonly kind: 'send';
      readonly destination: TransportAddress;
      readonly localPort: number | undefined;
      readonly bytes: Uint8Array;
    }
  /** A request of no known transaction, stamped with its source: open one for it, or answer it statelessly. */
  | Arrival
  /** The peer cancels the INVITE of this server transaction. */
  | {
      readonly kind: 'canceled';
      readonly transaction: TransactionId;
      readonly cancel: Arrival;
      /** As it was left when the INVITE was settled; '' before. */
      readonly note: string;
    }
  | { readonly kind: 'response'; readonly transaction: TransactionId; readonly response: Response }
  /** A 2xx to an INVITE of ours that was settled: it came again, or from another branch. */
  | { readonly kind: 'late'; readonly key: string; readonly note: string; readonly response: Response }
  /** A client transaction ended without a final response. */
  | { readonly kind: 'failed'; readonly transaction: TransactionId; readonly reason: 'timeout' | 'transport error' }
  /** The sender of an INVITE that is not answered yet has gone, and nothing reaches it. */
  | { readonly kind: 'deserted'; readonly transaction: TransactionId }
  /** The refusal of an INVITE is over: acknowledged, or given up. */
  | { readonly kind: 'refused'; readonly transaction: TransactionId; readonly outcome: 'acknowledged' | 'given up' }
  /** Nothing more comes of this transaction. */
  | { readonly kind: 'terminated'; readonly transaction: TransactionId };

export interface Arrival {
  readonly kind: 'request';
  readonly request: Request;
  readonly source: TransportAddress;
  readonly localPort: number;
  /** What names its server transaction; undefined when nobody asked for it yet. */
  readonly key: string | undefined;
}

/** Our side of a Via or Contact: what we tell a peer to send to. */
export interface SentBy {
  readonly host: string;
  readonly port: number;
  readonly transport: TransportAddress['transport'];
}

export interface TransactionLayerOptions {
  readonly random: Random;
  readonly timing: Timing;
  /** Sent-by of the Via towards this peer. */
  readonly contactFor: (peer: TransportAddress, localPort: number | undefined) => SentBy;
  /** More server transactions than this are refused. */
  readonly serverTransactionsMax: number;
}
