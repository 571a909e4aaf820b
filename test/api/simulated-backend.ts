import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type {
  Backend,
  BanRow,
  ConferenceNow,
  OpenFile,
  RowKind,
  Rows,
  StatusReport,
  TraceEntry,
} from '../../api/backend.ts';
import { hashPassword } from '../../api/password.ts';
import { createServer } from '../../api/server.ts';
import { Accounts, isAccountCommand } from '../../core/accounts.ts';
import { address } from '../../core/calls/address.ts';
import type { ConferencecallRecord } from '../../core/calls/conferencecall-record.ts';
import type { MediaFigures } from '../../core/calls/media-figures.ts';
import type { Command, CommandResult, Principal } from '../../core/command.ts';
import { Directory } from '../../core/directory/directory.ts';
import { type Accesskey, type Agent, type Customer, type Extension, PERMISSION } from '../../core/directory/records.ts';
import type { Action } from '../../core/flows/action.ts';
import { Journal } from '../../core/journal.ts';
import { judge } from '../../core/judgement.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import {
  type AccesskeyId,
  type ActiveflowId,
  type AgentId,
  type CallId,
  type ConferenceId,
  type CustomerId,
  type ExtensionId,
  uuid,
} from '../../core/kernel/ids.ts';
import { seeded } from '../../core/kernel/random.ts';
import type { Instant, WallTime } from '../../core/kernel/time.ts';
import type { ProviderNow } from '../../core/provider-states.ts';
import { SimulatedLife, SimulatedStore } from './simulated-life.ts';

/** 2026-01-01T00:00Z: when the simulated process started. */
const STARTED_AT = Date.UTC(2026, 0, 1);
/** Hashing is slow on purpose, so every test shares one hash. */
const ADMIN_HASH = hashPassword('correct horse', seeded(1));

interface Held<Row> {
  values(): Iterable<Row>;
}

/** The directory and its commands with their real machines behind the port of the API; calls and flows are simulated. */
export class SimulatedBackend implements Backend {
  readonly directory = new Directory();
  readonly tokenSecret = 'a secret of thirty-two characters';
  readonly operatorToken = 'operator-token-of-this-process';
  readonly store = new SimulatedStore();
  readonly journal = new Journal({ epoch: 'test' });
  /** Recording files by name. */
  readonly files = new Map<string, Uint8Array>();
  readonly reported: unknown[] = [];
  banned: readonly BanRow[] = [];
  openFileCount = 0;
  /** How live calls are heard. */
  readonly heard = new Map<CallId, MediaFigures>();
  readonly clock: Clock = { now: () => this.#now, wallTime: () => STARTED_AT + this.#now };
  readonly life: SimulatedLife;
  readonly #random = seeded(7);
  readonly #accounts: Accounts;
  readonly #listeners = new Set<(entry: TraceEntry) => void>();
  #server: FastifyInstance | undefined;
  #now: Instant = 0;
  #lastTicket = 0;

  constructor() {
    const { directory, store, journal } = this;
    const calendar = (now: Instant): WallTime => STARTED_AT + now;
    this.life = new SimulatedLife(store, directory, this.#random, this.clock.wallTime);
    this.#accounts = new Accounts({ directory, store, journal, calendar, random: this.#random });
  }

  /** Made when it is first asked for: that takes longer than most tests. */
  get server(): FastifyInstance {
    this.#server ??= createServer(this);
    return this.#server;
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
    const row = {
      id,
      customerId,
      extension,
      password: 'phone secret',
      name: '',
      detail: '',
      codecs: '',
      srtp: 'off' as const,
      ...this.#times(),
    };
    this.directory.putExtension(row);
    return row;
  }

  /** A call of one extension to another, ringing at the other. */
  placeCall(from: Extension, to: Extension): void {
    const [source, destination] = [address('extension', from.extension, 'Caller'), address('extension', to.extension)];
    const ringing = { status: 'ringing', direction: 'incoming', source, destination } as const;
    const { id } = this.life.addCall(from.customerId, ringing);
    this.life.addCall(to.customerId, { source, destination, masterCallId: id, extensionId: to.id });
  }

  execute(command: Command, by: Principal): Promise<CommandResult> {
    const { call, conferencecall, activeflow } = this.store.records;
    const refusal = judge(command, by, {
      directory: this.directory,
      liveCall: (id) => (call.get(id)?.status === 'hangup' ? undefined : call.get(id)),
      liveConferencecall: (id) => conferencecall.get(id),
      liveActiveflow: (id) => activeflow.get(id),
    });
    if (refusal !== undefined) return Promise.resolve({ kind: 'refused', refusal });
    if (command.kind === 'probeProvider') throw new Error('nobody to be asked');
    if (!isAccountCommand(command)) return Promise.resolve(this.life.execute(command));
    if (command.kind === 'deleteCall') this.life.changeCall(command.record.id, { status: 'hangup' });
    const ticket = ++this.#lastTicket;
    this.#accounts.execute(ticket, command, this.#now);
    for (let event = this.store.poll(); event !== undefined; event = this.store.poll()) {
      this.#accounts.receive(event, this.#now);
    }
    const settled = this.#accounts.poll();
    if (settled?.ticket !== ticket) throw new Error(`command ${ticket} did not settle`);
    return Promise.resolve(settled.result);
  }

  async list<Kind extends RowKind>(
    kind: Kind,
    customerId: CustomerId,
    { pageSize, before = Number.MAX_SAFE_INTEGER }: { readonly pageSize: number; readonly before?: WallTime },
  ): Promise<readonly Rows[Kind][]> {
    const rows: { readonly customerId: CustomerId; readonly createdAt: WallTime }[] = [...this.#rowsOf(kind).values()];
    return rows
      .filter((row) => row.customerId === customerId && row.createdAt < before)
      .sort((a, b) => b.createdAt - a.createdAt)
      .slice(0, pageSize) as unknown as readonly Rows[Kind][];
  }

  async get<Kind extends RowKind>(kind: Kind, id: string): Promise<Rows[Kind] | undefined> {
    return this.#rowsOf(kind).get(id) as Rows[Kind] | undefined;
  }

  async conferenceNow(id: ConferenceId): Promise<ConferenceNow> {
    const { conferencecall, recording } = this.store.records;
    const isIn = (stay: ConferencecallRecord): boolean => stay.conferenceId === id && stay.status === 'joined';
    const ids = [...conferencecall.values()].filter(isIn).map((stay) => stay.id);
    return {
      isLocked: this.life.locked.has(id),
      conferencecalls: { count: ids.length, ids },
      recordingId: this.life.running({ type: 'confbridge', id })?.id ?? null,
      recordingIds: [...recording.values()].filter((made) => made.reference.id === id).map((made) => made.id),
    };
  }

  mediaNow(id: CallId): MediaFigures | null {
    return this.heard.get(id) ?? null;
  }

  parkSlot(id: CallId): number | undefined {
    return this.life.slots.get(id);
  }

  currentAction(id: ActiveflowId): Action | null {
    return this.store.records.activeflow.get(id)?.currentAction ?? null;
  }

  async openRecordingFile(name: string): Promise<OpenFile | undefined> {
    const bytes = this.files.get(name);
    if (bytes === undefined) return undefined;
    this.openFileCount += 1;
    return {
      sizeBytes: bytes.length,
      read: async (position, sizeBytes) => bytes.subarray(position, position + sizeBytes),
      close: async () => {
        this.openFileCount -= 1;
      },
    };
  }

  bans(): readonly BanRow[] {
    return this.banned;
  }

  liftBans(address: string, account: string | undefined): readonly BanRow[] {
    const lifted = this.banned.filter((ban) => ban.address === address && (account ?? ban.account) === ban.account);
    this.banned = this.banned.filter((ban) => !lifted.includes(ban));
    return lifted;
  }

  metricsText(): string {
    return 'tandem_live_calls 0\n';
  }

  status(): StatusReport {
    return {
      version: '0.0.0',
      pid: 1,
      state: 'serving',
      startedAt: STARTED_AT,
      dataFolder: '/data',
      providers: [],
      trunks: [],
      listeners: ['sip udp 127.0.0.1:5060'],
      figures: { liveCalls: 0 },
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

  providerNow(): ProviderNow {
    return { health: 'unknown', healthDetail: '', healthyAt: null, registration: undefined };
  }

  checkTrunk(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  report(error: unknown): void {
    this.reported.push(error);
  }

  /** Everything of a kind that is not deleted. */
  #rowsOf(kind: RowKind): ReadonlyMap<string, Rows[RowKind]> {
    const { directory, store } = this;
    const maps: { readonly [Kind in RowKind]: Held<Rows[Kind]> } = {
      accesskey: directory.accesskeys,
      extension: directory.extensions,
      trunk: directory.trunks,
      provider: directory.providers,
      route: directory.dialRoutes,
      outbound_config: directory.outboundConfigs,
      number: directory.numbers,
      flow: directory.flows,
      conference: directory.conferences,
      ...store.records,
    };
    const rows: Held<Rows[RowKind]> = maps[kind];
    return new Map([...rows.values()].filter((row) => row.deletedAt === null).map((row) => [row.id, row]));
  }

  #times(): { createdAt: WallTime; updatedAt: null; deletedAt: null } {
    return { createdAt: this.clock.wallTime(), updatedAt: null, deletedAt: null };
  }
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
