import type { Deadline } from '../../core/kernel/deadline-heap.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Request } from '../message.ts';
import type { ClientTransaction } from './client-transaction.ts';
import type { ServerTransaction } from './server-transaction.ts';
import type { Sharer } from './sharers.ts';

/** Names a transaction of either side. Never reused. */
export type TransactionId = number;

export type TransactionKind = 'inviteClient' | 'nonInviteClient' | 'inviteServer' | 'nonInviteServer';

/** What there is of every transaction; `client` or `server` is its machine. One shape for both, as there are many. */
export interface Entry extends Sharer<Entry> {
  readonly id: TransactionId;
  readonly kind: TransactionKind;
  readonly key: string;
  destination: TransportAddress;
  localPort: number | undefined;
  readonly client: ClientTransaction | undefined;
  readonly server: ServerTransaction | undefined;
  /** Of a server, until its final response. */
  request: Request | undefined;
  readonly mergeKey: string;
  /** Undefined when no timer runs, and when it rests. */
  deadline: Deadline<Entry> | undefined;
  isResting: boolean;
  isRemoved: boolean;
}

export function machineOf({ client, server }: Entry): ClientTransaction | ServerTransaction {
  return client ?? server!;
}

/** A browser whose connection breaks while it rings forgets the call: no answer comes any more. */
export function isOrphaned({ client, destination: { transport } }: Entry): boolean {
  return client?.state === 'proceeding' && (transport === 'ws' || transport === 'wss');
}
