import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Backend, StatusReport, TraceEntry } from '../../api/backend.ts';
import { hashPassword } from '../../api/password.ts';
import { createServer } from '../../api/server.ts';
import type { CallRecord } from '../../core/calls/call-record.ts';
import type { Command, CommandResult, Principal } from '../../core/command.ts';
import { Directory } from '../../core/directory/directory.ts';
import { type Accesskey, type Agent, type Customer, type Extension, PERMISSION } from '../../core/directory/records.ts';
import { Exchange } from '../../core/exchange.ts';
import { Journal } from '../../core/journal.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import {
  type AccesskeyId,
  type AgentId,
  type CallId,
  type CustomerId,
  type ExtensionId,
  type LegId,
  uuid,
} from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { Instant, WallTime } from '../../core/kernel/time.ts';
import type { MediaPlane, Signaling, SignalingEvent, Store, StoreEvent } from '../../core/ports.ts';
import type { Write } from '../../core/write.ts';

/** 2026-01-01T00:00Z: when the simulated process started. */
const STARTED_AT = Date.UTC(2026, 0, 1);
/** Hashing is slow on purpose, so every test shares one hash. */
const ADMIN_HASH = hashPassword('correct horse', seeded(1));

/** A store that commits at once, and can be told to fail. */
class SimulatedStore implements Store {
  readonly calls = new Map<CallId, CallRecord>();
  failing = false;
  readonly #events: StoreEvent[] = [];

  write(writes: readonly Write[], receipt: number): void {
    if (this.failing) {
      this.#events.push({ kind: 'storeFailed', receipt, detail: 'no space left on device' });
      return;
    }
    for (const write of writes) if (write.kind === 'saveCall') this.calls.set(write.row.id, write.row);
    if (receipt !== 0) this.#events.push({ kind: 'stored', receipt });
  }

  poll(): StoreEvent | undefined {
    return this.#events.shift();
  }
}

/** The core with its real machines behind the port of the API; phones and media are reduced to their consent. */
export class SimulatedBackend implements Backend {
  readonly directory = new Directory();
  readonly tokenSecret = 'a secret of thirty-two characters';
  readonly operatorToken = 'operator-token-of-this-process';
  readonly store = new SimulatedStore();
  readonly reported: unknown[] = [];
  readonly #random = seeded(7);
  readonly #exchange: Exchange;
  readonly #listeners = new Set<(entry: TraceEntry) => void>();
  readonly #ended: LegId[] = [];
  #now: Instant = 0;
  #lastLeg = 0;
  #lastTicket = 0;

  readonly clock: Clock = { now: () => this.#now, wallTime: () => STARTED_AT + this.#now };

  constructor() {
    this.#exchange = new Exchange({
      directory: this.directory,
      signaling: this.#signaling(),
      media: consentingMedia(),
      store: this.store,
      journal: new Journal({ epoch: 'test' }),
      calendar: (now) => STARTED_AT + now,
      random: this.#random,
      nextLeg: () => ++this.#lastLeg as LegId,
      ringTimeoutMs: 60_000,
      durationMaxMs: 3_600_000,
    });
  }

  get server(): FastifyInstance {
    return createServer(this);
  }

  pass(durationMs: number): void {
    this.#now += durationMs;
  }

  addCustomer(name: string): CustomerId {
    const id = uuid(this.#random) as CustomerId;
    const ordinal = this.directory.customers.size + 1;
    const customer: Customer = { id, name, detail: '', email: '', status: 'active', ordinal, ...this.#times() };
    this.directory.putCustomer(customer);
    return id;
  }

  async addAgent(customerId: CustomerId, username: string, permission: number): Promise<Agent> {
    const id = uuid(this.#random) as AgentId;
    const passwordHash = await ADMIN_HASH;
    const agent: Agent = { id, customerId, username, passwordHash, name: '', detail: '', permission, ...this.#times() };
    this.directory.putAgent(agent);
    return agent;
  }

  addAccesskey(customerId: CustomerId, token: string, expiresAt: WallTime | null = null): Accesskey {
    const id = uuid(this.#random) as AccesskeyId;
    const tokenHash = createHash('sha256').update(token).digest('hex');
    const key = { id, customerId, name: '', detail: '', tokenHash, tokenPrefix: 'vb_', expiresAt, ...this.#times() };
    this.directory.putAccesskey(key);
    return key;
  }

  addExtension(customerId: CustomerId, extension: string): Extension {
    const id = uuid(this.#random) as ExtensionId;
    const row = { id, customerId, extension, password: 'phone secret', name: '', detail: '', ...this.#times() };
    this.directory.putExtension(row);
    return row;
  }

  /** A call of one extension to another, ringing at the other. */
  placeCall(from: Extension, to: Extension): void {
    const at = this.clock.wallTime();
    this.directory.putBinding({
      customerId: to.customerId,
      extensionId: to.id,
      contact: `sip:${to.extension}@192.0.2.9`,
      path: [],
      transport: 'udp',
      address: '192.0.2.9',
      port: 5060,
      localPort: 5060,
      sipCallId: 'a',
      cseq: 1,
      instance: '',
      regId: 0,
      q: 1000,
      userAgent: '',
      registeredAt: at,
      expiresAt: at + 3_600_000,
    });
    this.#signal({
      kind: 'offered',
      leg: ++this.#lastLeg as LegId,
      customerId: from.customerId,
      caller: { kind: 'extension', customerId: from.customerId, extensionId: from.id },
      toUser: to.extension,
      fromUser: from.extension,
      fromName: 'Caller',
      source: { transport: 'udp', address: '192.0.2.8', port: 5060 },
      offer: new Uint8Array(),
    });
  }

  execute(command: Command, by: Principal): Promise<CommandResult> {
    const ticket = ++this.#lastTicket;
    this.#exchange.receive({ kind: 'command', ticket, command, by }, this.#now);
    return Promise.resolve(this.#drain(ticket));
  }

  async listCalls(
    customerId: CustomerId,
    page: { readonly pageSize: number; readonly before?: WallTime },
  ): Promise<CallRecord[]> {
    return [...this.store.calls.values()]
      .filter((call) => call.customerId === customerId && call.deletedAt === null)
      .filter((call) => page.before === undefined || call.createdAt < page.before)
      .sort((a, b) => b.createdAt - a.createdAt)
      .slice(0, page.pageSize);
  }

  async getCall(id: CallId): Promise<CallRecord | undefined> {
    const call = this.#exchange.calls.recordOf(id) ?? this.store.calls.get(id);
    return call?.deletedAt === null ? call : undefined;
  }

  metricsText(): string {
    return `tandem_live_calls ${this.#exchange.calls.ledger.liveCount}\n`;
  }

  status(): StatusReport {
    return {
      version: '0.0.0',
      pid: 1,
      state: 'serving',
      startedAt: STARTED_AT,
      dataFolder: '/data',
      listeners: ['sip udp 127.0.0.1:5060'],
      figures: { liveCalls: this.#exchange.calls.ledger.liveCount },
    };
  }

  trace(listener: (entry: TraceEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get traceListenerCount(): number {
    return this.#listeners.size;
  }

  tell(entry: TraceEntry): void {
    for (const listener of this.#listeners) listener(entry);
  }

  report(error: unknown): void {
    this.reported.push(error);
  }

  #times(): { createdAt: WallTime; updatedAt: null; deletedAt: null } {
    return { createdAt: this.clock.wallTime(), updatedAt: null, deletedAt: null };
  }

  #signal(event: SignalingEvent): void {
    this.#exchange.receive({ kind: 'signal', event }, this.#now);
    this.#drain(0);
  }

  #drain(ticket: number): CommandResult {
    for (;;) {
      const leg = this.#ended.shift();
      const stored = leg === undefined ? this.store.poll() : undefined;
      if (leg !== undefined) {
        const event = { kind: 'ended', leg, cause: 'normal', by: 'local' } as const;
        this.#exchange.receive({ kind: 'signal', event }, this.#now);
      } else if (stored !== undefined) this.#exchange.receive({ kind: 'store', event: stored }, this.#now);
      else break;
    }
    for (let settled = this.#exchange.poll(); settled !== undefined; settled = this.#exchange.poll()) {
      if (settled.ticket === ticket) return settled.result;
    }
    if (ticket !== 0) throw new Error(`command ${ticket} did not settle`);
    return { kind: 'done', id: '' };
  }

  /** Every phone rings for ever, and lets itself be hung up. */
  #signaling(): Signaling {
    const nothing = (): void => undefined;
    return {
      dial: nothing,
      ring: nothing,
      answer: nothing,
      reoffer: nothing,
      acceptOffer: nothing,
      refuseOffer: nothing,
      restore: nothing,
      hangup: (leg) => void this.#ended.push(leg),
    };
  }
}

function consentingMedia(): MediaPlane {
  const nothing = (): void => undefined;
  const body = new Uint8Array();
  return {
    open: () => ({ kind: 'opened' }),
    accept: () => ({ kind: 'opened' }),
    describe: () => body,
    renegotiate: () => ({ kind: 'answer', body }),
    bridge: nothing,
    unbridge: nothing,
    play: nothing,
    stopPlaying: nothing,
    record: nothing,
    sendDigits: nothing,
    close: nothing,
  };
}

/** One customer with an admin who is logged in, as most tests want it. */
export async function simulate(): Promise<{
  backend: SimulatedBackend;
  server: FastifyInstance;
  customerId: CustomerId;
  ask: Ask;
}> {
  const backend = new SimulatedBackend();
  const customerId = backend.addCustomer('First');
  await backend.addAgent(customerId, 'admin@localhost', PERMISSION.customerAdmin);
  backend.addAccesskey(customerId, 'vb_first');
  const { server } = backend;
  return { backend, server, customerId, ask: asker(server, 'vb_first') };
}

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of any shape
  readonly body: any;
}

export type Ask = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown) => Promise<Reply>;

/** Requests with a credential in the header. */
export function asker(server: FastifyInstance, credential: string): Ask {
  return async (method, url, body) => {
    const response = await server.inject({
      method,
      url,
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    return { status: response.statusCode, body: response.body === '' ? undefined : JSON.parse(response.body) };
  };
}
