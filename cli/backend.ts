import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type {
  Backend,
  BanRow,
  ConferenceNow,
  OpenFile,
  RowKind,
  Rows,
  StatusReport,
  TraceEntry,
  TrunkReport,
} from '../api/backend.ts';
import type { MediaFigures } from '../core/calls/media-figures.ts';
import type { Command, CommandResult, Principal } from '../core/command.ts';
import type { Directory } from '../core/directory/directory.ts';
import type { Action } from '../core/flows/action.ts';
import type { Clock } from '../core/kernel/clock.ts';
import type { ActiveflowId, CallId, ConferenceId, CustomerId, GatewayId } from '../core/kernel/ids.ts';
import type { Log } from '../core/kernel/log.ts';
import type { Metrics } from '../core/kernel/metrics.ts';
import { sourceNetworkOf } from '../core/kernel/source-network.ts';
import type { WallTime } from '../core/kernel/time.ts';
import type { ProviderNow } from '../core/provider-states.ts';
import type { Archives } from './archives.ts';
import type { Node } from './node.ts';
import { describeGateway } from './provider-line.ts';
import type { TraceTap } from './trace-tap.ts';
import { TrunkReports } from './trunk-reports.ts';
import { VERSION } from './version.ts';

export interface BackendParts {
  readonly node: Node;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly archives: Archives;
  readonly metrics: Metrics;
  readonly trace: TraceTap;
  readonly log: Log;
  readonly tokenSecret: string;
  readonly operatorToken: string;
  readonly dataFolder: string;
  /** Of recordings. */
  readonly recordingsFolder: string;
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

  list<Kind extends RowKind>(
    kind: Kind,
    customerId: CustomerId,
    { pageSize, before = Number.MAX_SAFE_INTEGER }: { readonly pageSize: number; readonly before?: WallTime },
  ): Promise<readonly Rows[Kind][]> {
    return this.#parts.archives.list(kind, customerId, { pageSize, before });
  }

  get<Kind extends RowKind>(kind: Kind, id: string): Promise<Rows[Kind] | undefined> {
    return this.#parts.archives.get(kind, id);
  }

  conferenceNow(id: ConferenceId): Promise<ConferenceNow> {
    return this.#parts.archives.conferenceNow(id);
  }

  providerNow(id: GatewayId): ProviderNow {
    return this.#parts.node.exchange.providers.of(id);
  }

  mediaNow(id: CallId): MediaFigures | null {
    return this.#parts.node.exchange.calls.mediaNow(id);
  }

  parkSlot(id: CallId): number | undefined {
    const { ledger, parking } = this.#parts.node.exchange.calls;
    const leg = ledger.legOf(id);
    return leg === undefined ? undefined : parking.slotOf(leg);
  }

  currentAction(id: ActiveflowId): Action | null {
    return this.#parts.node.flows.recordOf(id)?.currentAction ?? null;
  }

  async openRecordingFile(name: string): Promise<OpenFile | undefined> {
    if (basename(name) !== name) return undefined;
    const file = await open(join(this.#parts.recordingsFolder, name), 'r').catch(() => undefined);
    if (file === undefined) return undefined;
    const { size } = await file.stat();
    return {
      sizeBytes: size,
      read: async (position, sizeBytes) => {
        const { buffer, bytesRead } = await file.read(new Uint8Array(sizeBytes), 0, sizeBytes, position);
        return buffer.subarray(0, bytesRead);
      },
      close: () => file.close(),
    };
  }

  bans(): readonly BanRow[] {
    const wallOffsetMs = this.clock.wallTime() - this.clock.now();
    const at = (instant: number): WallTime => Math.round(instant + wallOffsetMs);
    const bans = this.#parts.node.stack.gatekeeper.list(this.clock.now());
    return bans.map((ban) => ({ ...ban, since: at(ban.since), until: at(ban.until) }));
  }

  liftBans(address: string, account: string | undefined): readonly BanRow[] {
    const { gatekeeper } = this.#parts.node.stack;
    const from = sourceNetworkOf(address);
    const meant = this.bans().filter((ban) => ban.address === from && (account ?? ban.account) === ban.account);
    return meant.filter((ban) => gatekeeper.lift(ban.address, ban.account));
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
      providers: [...directory.providers.values()].map((row) => describeGateway(row, this.providerNow(row.id))),
      trunks: [...directory.trunks.values()].flatMap((row) =>
        row.hostname === '' ? [] : [describeGateway(row, this.providerNow(row.id))],
      ),
      figures: {
        'live calls': ledger.liveCount,
        'calls ended': ledger.endedTotal,
        'registered contacts': directory.bindingCount,
        extensions: directory.extensions.size,
        numbers: directory.numbers.size,
        'running flows': node.flows.runningCount,
        'calls in conferences': node.exchange.calls.conferences.liveCount,
        'recordings in progress': node.exchange.calls.recordings.liveCount,
      },
    };
  }

  checkTrunk(name: string): Promise<TrunkReport | undefined> {
    return new TrunkReports(this.directory, (command, by) => this.execute(command, by)).of(name);
  }

  trace(listener: (entry: TraceEntry) => void): () => void {
    return this.#parts.trace.listen(listener);
  }

  report(error: unknown, requestId: string): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#parts.log.error('a request failed because of a bug', { requestId, error: text });
  }
}
