import type { CallRecord } from '../core/calls/call-record.ts';
import type { Command, CommandResult, Principal } from '../core/command.ts';
import type { Directory } from '../core/directory/directory.ts';
import type { Clock } from '../core/kernel/clock.ts';
import type { CallId, CustomerId } from '../core/kernel/ids.ts';
import type { WallTime } from '../core/kernel/time.ts';

/** What the HTTP layer needs of the process behind it. It translates, and decides nothing but who is asking. */
export interface Backend {
  readonly directory: Directory;
  readonly clock: Clock;
  /** Key that signs tokens (HS256), at least 32 bytes of text; survives restarts. */
  readonly tokenSecret: string;
  /** Proves the command line of this machine; new with every process. */
  readonly operatorToken: string;
  /** Ends when the command is refused, or committed, applied and published. */
  execute(command: Command, by: Principal): Promise<CommandResult>;
  /** A customer's calls that are not deleted, newest first, made strictly before `before`. Live ones as they are now. */
  listCalls(
    customerId: CustomerId,
    page: { readonly pageSize: number; readonly before?: WallTime },
  ): Promise<readonly CallRecord[]>;
  /** A call of any customer, live or stored, unless it is deleted. */
  getCall(id: CallId): Promise<CallRecord | undefined>;
  /** All metrics in Prometheus text format. */
  metricsText(): string;
  status(): StatusReport;
  /** Tells the listener about every message and event from now on, until the function returned is called. */
  trace(listener: (entry: TraceEntry) => void): () => void;
  /** An error of ours while answering: it belongs in the log, the client is told the request id alone. */
  report(error: unknown, requestId: string): void;
}

/** What `tandem status` shows. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  readonly state: 'serving' | 'draining';
  readonly startedAt: WallTime;
  readonly dataFolder: string;
  /** As printed at the start: `sip udp 127.0.0.1:5060`. */
  readonly listeners: readonly string[];
  /** Named numbers: live calls, bindings, extensions, … */
  readonly figures: Readonly<Record<string, number>>;
}

/** One line of `tandem trace`. */
export interface TraceEntry {
  readonly at: WallTime;
  readonly kind: 'received' | 'sent' | 'event';
  /** The other side, `udp 192.0.2.1:5060`, or the customer of an event. */
  readonly peer: string;
  /** A SIP message, or an event's type and number. */
  readonly text: string;
}
