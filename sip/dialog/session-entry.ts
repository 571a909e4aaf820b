import type { Deadline } from '../../core/kernel/deadline-heap.ts';
import type { DialRequest } from '../../core/ports.ts';
import type { WatchedParty } from '../events/watched-dialogs.ts';
import type { Sharer } from '../transaction/sharers.ts';
import type { TransactionId } from '../transaction/transaction-layer.ts';
import type { InviteSession } from './invite-session.ts';

/** What there is of every session of a stack. */
export interface SessionEntry extends Sharer<SessionEntry> {
  readonly session: InviteSession;
  readonly key: string;
  /** Max-Forwards of INVITEs that are sent for it. */
  readonly hopsLeft: number;
  /** Our INVITE, for CANCEL. */
  invite: TransactionId | undefined;
  /** The peer's INVITEs whose transactions have not terminated. */
  readonly served: TransactionId[];
  /** Undefined when no timer runs. */
  deadline: Deadline<SessionEntry> | undefined;
  /** Whose phone it is; undefined when it is nobody's that can be watched. */
  readonly party: WatchedParty | undefined;
}

export function sessionEntry(
  session: InviteSession,
  key: string,
  party: WatchedParty | undefined,
  hopsLeft: number,
): SessionEntry {
  const notYet = { invite: undefined, served: [], deadline: undefined };
  return { session, key, hopsLeft, party, ...notYet, towards: '', previous: undefined, next: undefined };
}

/** The phone that an INVITE of ours goes to; an anonymous caller stays so for those who watch it. */
export function calledParty({ extensionId, fromUser, fromName, isAnonymous }: DialRequest): WatchedParty | undefined {
  if (extensionId === undefined) return undefined;
  const [remoteUser, remoteName] = isAnonymous === true ? ['anonymous', ''] : [fromUser, fromName];
  return { extensionId, direction: 'recipient', remoteUser, remoteName };
}
