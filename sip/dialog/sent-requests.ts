import { assert } from '../../core/kernel/assert.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Request, Response } from '../message.ts';
import type { SessionEntry } from './session-entry.ts';
import type { Purpose, SessionOutput } from './session-output.ts';

/** A request of ours. */
export type Sending = Extract<SessionOutput, { kind: 'request' | 'acknowledge' }>;

/** A request of ours that has no final response yet. */
export interface Sent {
  readonly entry: SessionEntry;
  readonly purpose: Purpose;
  /** Kept in a dialog alone, to be sent elsewhere when the peer's connection is gone, or its server fails. */
  readonly request: Request | undefined;
  readonly server: TransportAddress;
  readonly localPort: number | undefined;
  /** What is tried next when the server of a name fails in a dialog. */
  readonly others: readonly TransportAddress[];
}

/** What came of a REFER: a response, or none. */
export interface Referred {
  readonly leg: LegId;
  readonly cseq: number;
  readonly response: Response | undefined;
}

/** The REFER that was answered, or was not. */
export function referred(
  { session }: SessionEntry,
  request: Request | undefined,
  response: Response | undefined,
): Referred {
  assert(request !== undefined, 'what is sent in a dialog is kept');
  return { leg: session.leg, cseq: request.cseq.number, response };
}
