import type { Backend, StatusReport, TraceEntry } from '../api/backend.ts';
import type { CallRecord } from '../core/calls/call-record.ts';
import type { Command, CommandResult, Principal } from '../core/command.ts';
import type { Directory } from '../core/directory/directory.ts';
import type { Clock } from '../core/kernel/clock.ts';
import type { CallId, CustomerId } from '../core/kernel/ids.ts';
import type { Log } from '../core/kernel/log.ts';
import type { Metrics } from '../core/kernel/metrics.ts';
import type { WallTime } from '../core/kernel/time.ts';
import type { CallArchive } from '../core/store/call-archive.ts';
import type { Node } from './node.ts';
import type { TraceTap } from './trace-tap.ts';
import { VERSION } from './version.ts';

export interface BackendParts {
  readonly node: Node;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly archive: CallArchive;
  readonly metrics: Metrics;
  readonly trace: TraceTap;
  readonly log: Log;
  readonly tokenSecret: string;
  readonly operatorToken: string;
  readonly dataFolder: string;
  readonly wake: () => void;
}

/** What the API sees of the process: commands become tickets, and their ends promises. */
export class TandemBackend implements Backend {
  state: StatusReport['state'] = 'serving';
  /** Set once everything is bound. */
  listeners: readonly string[] = [];
  readonly directory: Directory;
  readonly clock: Clock;
  readonly tokenSecret: string;
  readonly operatorToken: string;
  readonly #parts: BackendParts;
  readonly #startedAt: WallTime;
  readonly #waiting = new Map<number, (result: CommandResult) => void>();
  #lastTicket = 0;

  constructor(parts: BackendParts) {
    this.#parts = parts;
    this.directory = parts.directory;
    this.clock = parts.clock;
    this.tokenSecret = parts.tokenSecret;
    this.operatorToken = parts.operatorToken;
    this.#startedAt = parts.clock.wallTime();
  }

  execute(command: Command, by: Principal): Promise<CommandResult> {
    const ticket = ++this.#lastTicket;
    return new Promise((resolve) => {
      this.#waiting.set(ticket, resolve);
      this.#parts.node.input({ kind: 'command', ticket, command, by }, this.clock.now());
      this.#parts.wake();
    });
  }

  /** After each drain of the node: answers the commands that have ended. */
  settle(): void {
    const { node } = this.#parts;
    for (let settled = node.pollSettled(); settled !== undefined; settled = node.pollSettled()) {
      this.#waiting.get(settled.ticket)?.(settled.result);
      this.#waiting.delete(settled.ticket);
    }
  }

  async listCalls(
    customerId: CustomerId,
    page: { readonly pageSize: number; readonly before?: WallTime },
  ): Promise<readonly CallRecord[]> {
    const { archive, node } = this.#parts;
    // A read sees every earlier write; the live record of a call is newer than its row.
    const stored = await archive.page(customerId, {
      pageSize: page.pageSize,
      before: page.before ?? Number.MAX_SAFE_INTEGER,
    });
    return stored.map((call) => node.exchange.calls.recordOf(call.id) ?? call);
  }

  async getCall(id: CallId): Promise<CallRecord | undefined> {
    const { node, archive } = this.#parts;
    return node.exchange.calls.recordOf(id) ?? (await archive.byId(id));
  }

  metricsText(): string {
    return this.#parts.metrics.text();
  }

  status(): StatusReport {
    const { node, directory } = this.#parts;
    const { ledger } = node.exchange.calls;
    return {
      version: VERSION,
      pid: process.pid,
      state: this.state,
      startedAt: this.#startedAt,
      dataFolder: this.#parts.dataFolder,
      listeners: this.listeners,
      figures: {
        'live calls': ledger.liveCount,
        'calls ended': ledger.endedTotal,
        'registered contacts': directory.bindingCount,
        extensions: directory.extensions.size,
      },
    };
  }

  trace(listener: (entry: TraceEntry) => void): () => void {
    return this.#parts.trace.listen(listener);
  }

  report(error: unknown, requestId: string): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#parts.log.error('a request failed because of a bug', { requestId, error: text });
  }
}
