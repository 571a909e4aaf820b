import type { Deadline } from '../../core/kernel/deadline-heap.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Request } from '../message.ts';
import type { ClientTransaction } from './client-transaction.ts';
import { InviteClient } from './invite-client.ts';
import { InviteServer } from './invite-server.ts';
import { keyOfBranch } from './matching.ts';
import { NonInviteClient } from './non-invite-client.ts';
import { NonInviteServer } from './non-invite-server.ts';
import { responseDestination } from './response-route.ts';
import type { ServerTransaction } from './server-transaction.ts';
import { addressKey, type Sharer } from './sharers.ts';
import type { Timing } from './timing.ts';

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
  /** Undefined when no timer runs. */
  deadline: Deadline<Entry> | undefined;
  isRemoved: boolean;
}

/** What a client transaction begins with: the request with its Via, and as it is sent. */
export interface ClientStart {
  readonly id: TransactionId;
  readonly request: Request;
  readonly bytes: Uint8Array;
  readonly branch: string;
  readonly destination: TransportAddress;
  readonly localPort: number | undefined;
}

export function clientEntry(start: ClientStart, timing: Timing, now: Instant): Entry {
  const { id, request, bytes, branch, destination, localPort } = start;
  const options = { request, bytes, reliable: destination.transport !== 'udp', timing };
  const isInvite = request.method === 'INVITE';
  return {
    id,
    kind: isInvite ? 'inviteClient' : 'nonInviteClient',
    key: keyOfBranch(request.method, branch),
    destination,
    towards: addressKey(destination),
    localPort,
    client: isInvite ? new InviteClient(options, now) : new NonInviteClient(options, now),
    server: undefined,
    request: undefined,
    mergeKey: '',
    previous: undefined,
    next: undefined,
    deadline: undefined,
    isRemoved: false,
  };
}

/** What a server transaction begins with. */
interface ServerStart {
  readonly request: Request;
  readonly source: TransportAddress;
  readonly localPort: number;
  readonly key: string;
  readonly mergeKey: string;
  readonly timing: Timing;
}

export function serverEntry(id: TransactionId, start: ServerStart, now: Instant): Entry {
  const { request, source, localPort, key, mergeKey, timing } = start;
  const options = { reliable: source.transport !== 'udp', timing };
  const isInvite = request.method === 'INVITE';
  const destination = responseDestination(request, source);
  return {
    id,
    kind: isInvite ? 'inviteServer' : 'nonInviteServer',
    key,
    destination,
    towards: addressKey(destination),
    localPort,
    client: undefined,
    server: isInvite ? new InviteServer(options, now) : new NonInviteServer(options),
    request,
    mergeKey,
    previous: undefined,
    next: undefined,
    deadline: undefined,
    isRemoved: false,
  };
}

export function machineOf({ client, server }: Entry): ClientTransaction | ServerTransaction {
  return client ?? server!;
}

/** What its user must be told when its connection is gone and no other takes its place; undefined for nothing. */
export function lossOf(entry: Entry) {
  const { id: transaction } = entry;
  if (isOrphaned(entry)) return { kind: 'failed', transaction, reason: 'transport error' } as const;
  return isDeserted(entry) ? ({ kind: 'deserted', transaction } as const) : undefined;
}

/** A browser whose connection breaks while it rings forgets the call: no answer comes any more. */
function isOrphaned({ client, destination: { transport } }: Entry): boolean {
  return client?.state === 'proceeding' && (transport === 'ws' || transport === 'wss');
}

/** An INVITE whose sender hears no answer any more (RFC 3261 §17.2.4). */
function isDeserted({ kind, server, destination: { transport } }: Entry): boolean {
  const isUnanswered = server?.state === 'trying' || server?.state === 'proceeding';
  return kind === 'inviteServer' && transport !== 'udp' && isUnanswered;
}
