import type { LegId } from '../../core/kernel/ids.ts';
import { parseReplaces } from '../dialog/replaces.ts';
import type { SessionState } from '../dialog/session-state.ts';
import type { Sessions } from '../dialog/sessions.ts';
import type { Request } from '../message.ts';
import type { Objection } from './objection.ts';

/** A peer's INVITE that we have not answered: only who sent it may replace it, and has no need to. */
const UNANSWERED_BY_US: ReadonlySet<SessionState> = new Set(['offered', 'ringing', 'assuring']);
const UNANSWERED_BY_PEER: ReadonlySet<SessionState> = new Set(['dialing', 'early']);
const OVER: ReadonlySet<SessionState> = new Set([
  'releasing',
  'refusing',
  'abandoning',
  'canceling',
  'ending',
  'ended',
]);

/**
 * The leg whose place an INVITE takes, undefined when it takes none, or why it cannot (RFC 3891 §3). Whether its sender
 * may is for our user to judge.
 */
export function replacedBy(request: Request, sessions: Sessions): LegId | Objection | undefined {
  const text = request.first('Replaces');
  if (text === undefined) return undefined;
  const replaces = request.all('Replaces').length === 1 ? parseReplaces(text) : undefined;
  if (replaces === undefined) return { status: 400, fields: [] };
  const session = sessions.replaced(replaces);
  if (session === undefined || UNANSWERED_BY_US.has(session.state)) return { status: 481, fields: [] };
  if (OVER.has(session.state)) return { status: 603, fields: [] };
  if (replaces.isEarlyOnly && !UNANSWERED_BY_PEER.has(session.state)) return { status: 486, fields: [] };
  return session.leg;
}
