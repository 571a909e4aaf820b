import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressGuard, type Resolver } from '../../../api/address-guard.ts';
import { Tokens } from '../../../api/token.ts';
import { EventSockets } from '../../../api/websocket/event-sockets.ts';
import { Heartbeat } from '../../../api/websocket/heartbeat.ts';
import { ScriptSockets } from '../../../api/websocket/script-sockets.ts';
import { StreamSockets, type StreamSocketsOptions } from '../../../api/websocket/stream-sockets.ts';
import { WebSockets, type WebSocketsOptions } from '../../../api/websocket/web-sockets.ts';
import type { CallRecord } from '../../../core/calls/call-record.ts';
import type { Command, CommandResult } from '../../../core/command.ts';
import { Directory } from '../../../core/directory/directory.ts';
import { type Agent, PERMISSION, type PhoneNumber } from '../../../core/directory/records.ts';
import type { EventBody } from '../../../core/event.ts';
import { Journal } from '../../../core/journal.ts';
import { systemClock } from '../../../core/kernel/clock.ts';
import {
  type AccesskeyId,
  type AgentId,
  type CallId,
  type CustomerId,
  NIL_UUID,
  type NumberId,
  uuid,
} from '../../../core/kernel/ids.ts';
import { seeded } from '../../../core/kernel/random.ts';
import type { ScriptEvent, StreamLinkEvent } from '../../../core/ports.ts';

const TIMES = { createdAt: 0, updatedAt: null, deletedAt: null };
const AT = Date.UTC(2026, 0, 1);

export interface SideOptions {
  readonly eventsPerCustomerMax?: number;
  readonly pingIntervalMs?: number;
  readonly deadAfterMs?: number;
  readonly socketsPerCustomerMax?: number;
  readonly connectTimeoutMs?: number;
  readonly allowPrivate?: readonly string[];
  readonly resolve?: Resolver;
  readonly streams?: Pick<StreamSocketsOptions, 'waitingBytesMax' | 'stuckMs'>;
}

/** The WebSocket side on a real port of loopback, over a real journal and directory; calls are no more than records. */
export class Side {
  readonly directory = new Directory();
  readonly journal: Journal;
  readonly customerId: CustomerId;
  readonly otherCustomerId: CustomerId;
  readonly commands: Command[] = [];
  readonly scriptEvents: ScriptEvent[] = [];
  readonly streamEvents: StreamLinkEvent[] = [];
  readonly calls = new Map<string, CallRecord>();
  readonly sockets: WebSockets;
  readonly scripts: ScriptSockets;
  readonly streams: StreamSockets;
  readonly events: EventSockets;
  answerTo: (command: Command) => Promise<CommandResult> = async () => ({ kind: 'done', id: '' });
  origin = '';
  readonly #random = seeded(11);
  readonly #server: Server;
  readonly #scriptWaiters: (() => void)[] = [];
  readonly #streamWaiters: (() => void)[] = [];

  constructor(options: SideOptions = {}) {
    const { eventsPerCustomerMax = 10_000 } = options;
    this.journal = new Journal({ epoch: 'epoch-1', eventsPerCustomerMax });
    this.customerId = this.#customer();
    this.otherCustomerId = this.#customer();
    this.accesskey('vb_first', this.customerId);
    const heartbeat = new Heartbeat({
      clock: systemClock,
      intervalMs: options.pingIntervalMs ?? 10_000,
      deadAfterMs: options.deadAfterMs ?? 60_000,
    });
    this.events = new EventSockets({ journal: this.journal, directory: this.directory, clock: systemClock });
    this.scripts = new ScriptSockets({
      guard: new AddressGuard(options.allowPrivate ?? ['127.0.0.0/8'], options.resolve),
      heartbeat,
      connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
      received: (event) => {
        this.scriptEvents.push(event);
        for (const tell of this.#scriptWaiters.splice(0)) tell();
      },
    });
    this.streams = new StreamSockets({
      guard: new AddressGuard(options.allowPrivate ?? ['127.0.0.0/8'], options.resolve),
      heartbeat,
      clock: systemClock,
      connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
      ...options.streams,
      received: (event) => {
        this.streamEvents.push(event);
        for (const tell of this.#streamWaiters.splice(0)) tell();
      },
    });
    const { events, scripts, streams } = this;
    this.sockets = new WebSockets({
      backend: this.#backend(),
      events,
      scripts,
      streams,
      heartbeat,
      random: this.#random,
      socketsPerCustomerMax: options.socketsPerCustomerMax ?? 100,
    });
    this.#server = createServer((_request, response) => response.end('plain'));
    this.sockets.attach(this.#server);
  }

  static async open(options: SideOptions = {}): Promise<Side> {
    const side = new Side(options);
    await new Promise<void>((done) => side.#server.listen(0, '127.0.0.1', done));
    side.origin = `ws://127.0.0.1:${(side.#server.address() as AddressInfo).port}`;
    return side;
  }

  async close(): Promise<void> {
    await this.sockets.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  accesskey(token: string, customerId: CustomerId): AccesskeyId {
    const id = uuid(this.#random) as AccesskeyId;
    const tokenHash = createHash('sha256').update(token).digest('hex');
    const key = { id, customerId, name: '', detail: '', tokenHash, tokenPrefix: 'vb_', expiresAt: null, ...TIMES };
    this.directory.putAccesskey(key);
    return id;
  }

  revoke(id: AccesskeyId): void {
    this.directory.putAccesskey({ ...this.directory.accesskeys.get(id)!, deletedAt: 1 });
  }

  agent(permission: number): { readonly agent: Agent; readonly token: string } {
    const id = uuid(this.#random) as AgentId;
    const { customerId } = this;
    const username = `${id}@example.org`;
    const agent: Agent = { id, customerId, username, passwordHash: 'x', name: '', detail: '', permission, ...TIMES };
    this.directory.putAgent(agent);
    return { agent, token: new Tokens(SECRET).issue(agent, { id }, systemClock.wallTime()) };
  }

  admin(): string {
    return this.agent(PERMISSION.customerAdmin).token;
  }

  /** A digit, the smallest event: its call and its number are returned. */
  digit(digit: string, customerId = this.customerId): { readonly callId: CallId; readonly number: number } {
    const callId = uuid(this.#random) as CallId;
    return { callId, number: this.publish({ type: 'dtmf_received', callId, digit, durationMs: 100 }, customerId) };
  }

  /** An event that the reference tells of as well; the id of the number is returned. */
  numberCreated(name: string, customerId = this.customerId): string {
    const id = uuid(this.#random) as NumberId;
    const number: PhoneNumber = {
      id,
      customerId,
      number: '+4930123456',
      shortCode: '',
      type: 'normal',
      callFlowId: null,
      messageFlowId: null,
      name,
      detail: '',
      status: 'active',
      isRtpDebugged: false,
      purchasedAt: null,
      renewedAt: null,
      ...TIMES,
    };
    this.publish({ type: 'number_created', number }, customerId);
    return id;
  }

  publish(body: EventBody, customerId = this.customerId): number {
    const number = this.journal.append(customerId, body, AT);
    this.events.notify();
    return number;
  }

  call(customerId = this.customerId): string {
    const id = uuid(this.#random);
    this.calls.set(id, { id, customerId } as CallRecord);
    return id;
  }

  /** What the runner was told so far, at least so many events. */
  async scriptEventsFrom(count: number): Promise<readonly ScriptEvent[]> {
    while (this.scriptEvents.length < count) await new Promise<void>((tell) => this.#scriptWaiters.push(tell));
    return this.scriptEvents;
  }

  /** What came of the ways to programs that hear and speak, at least so many events. */
  async streamEventsFrom(count: number): Promise<readonly StreamLinkEvent[]> {
    while (this.streamEvents.length < count) await new Promise<void>((tell) => this.#streamWaiters.push(tell));
    return this.streamEvents;
  }

  #customer(): CustomerId {
    const id = uuid(this.#random) as CustomerId;
    const ordinal = this.directory.customers.size + 1;
    this.directory.putCustomer({ id, name: '', detail: '', email: '', status: 'active', ordinal, ...TIMES });
    return id;
  }

  #backend(): WebSocketsOptions['backend'] {
    return {
      directory: this.directory,
      clock: systemClock,
      tokenSecret: SECRET,
      operatorToken: 'operator-token',
      execute: async (command) => {
        this.commands.push(command);
        return await this.answerTo(command);
      },
      get: async (_kind, id) => this.calls.get(id) as never,
      report: (error) => {
        throw error;
      },
    };
  }
}

const SECRET = 'a secret of thirty-two characters';
export const NOBODY = NIL_UUID;
