import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { mayUse } from '../../core/authorization.ts';
import type { RecordingReference } from '../../core/calls/recording-record.ts';
import type { CallCommand, Principal, Refusal } from '../../core/command.ts';
import { PERMISSION } from '../../core/directory/records.ts';
import { FAULTS } from '../../core/kernel/fault.ts';
import {
  type CallId,
  type CustomerId,
  type ExternalMediaId,
  type ScriptSessionId,
  uuid,
} from '../../core/kernel/ids.ts';
import { type Random, secure } from '../../core/kernel/random.ts';
import { type Asking, Authenticator } from '../authentication.ts';
import type { Backend } from '../backend.ts';
import { memberTermsOfQuery } from '../member-given.ts';
import { Tokens } from '../token.ts';
import type { EventSockets } from './event-sockets.ts';
import type { Heartbeat } from './heartbeat.ts';
import { SCRIPT_FRAME_BYTES_MAX, SCRIPT_PROTOCOL, type ScriptSockets } from './script-sockets.ts';
import { streamedAt, streamWishFrom } from './stream-handshake.ts';
import { STREAM_FRAME_BYTES_MAX, type StreamSockets } from './stream-sockets.ts';

export const EVENTS_PROTOCOL = 'tandem.events.v1';
const EVENTS_PATHS = new Set(['/v1.0/ws', '/v1.0/service_agents/ws']);
const SCRIPT_PATH = /^\/v1\.0\/calls\/([0-9a-f-]{36})\/script$/;
const EVENT_FRAME_BYTES_MAX = 64 * 1024;
/** Frames of a client of events between two pings: subscriptions, no stream. */
const EVENT_FRAMES_MAX = 1_000;
const SOCKETS_PER_CUSTOMER_MAX = 100;
/** What a client may take to agree to the end. */
const CLOSE_GRACE_MS = 1_000;
const GOING_AWAY = 1001;
const ADMINS = PERMISSION.customerAdmin | PERMISSION.customerManager;

export interface WebSocketsOptions {
  readonly backend: Pick<
    Backend,
    'directory' | 'clock' | 'tokenSecret' | 'operatorToken' | 'execute' | 'get' | 'report'
  >;
  readonly events: EventSockets;
  readonly scripts: ScriptSockets;
  readonly streams: StreamSockets;
  readonly heartbeat: Heartbeat;
  /** Ids of script sessions and of requests. */
  readonly random?: Random;
  readonly socketsPerCustomerMax?: number;
}

/** A request to change to WebSocket, before anybody has agreed. */
interface Upgrade {
  readonly request: IncomingMessage;
  readonly stream: Duplex;
  readonly head: Buffer;
  readonly url: URL;
  readonly asking: Asking;
  readonly by: Principal & { readonly kind: 'agent' | 'accesskey' };
}

/** The WebSockets of the HTTP server: who may open which is judged before the protocol changes, and told by HTTP. */
export class WebSockets {
  readonly #options: WebSocketsOptions;
  readonly #authenticator: Authenticator;
  readonly #random: Random;
  readonly #perCustomerMax: number;
  readonly #countOf = new Map<CustomerId, number>();
  readonly #eventServer = serverFor(EVENT_FRAME_BYTES_MAX, EVENTS_PROTOCOL);
  readonly #scriptServer = serverFor(SCRIPT_FRAME_BYTES_MAX, SCRIPT_PROTOCOL);
  readonly #streamServer = serverFor(STREAM_FRAME_BYTES_MAX, '');
  readonly #open = new Set<WebSocket>();
  #ended: (() => void) | undefined;
  #isClosing = false;

  constructor(options: WebSocketsOptions) {
    this.#options = options;
    this.#authenticator = new Authenticator(options.backend, new Tokens(options.backend.tokenSecret));
    this.#random = options.random ?? secure();
    this.#perCustomerMax = options.socketsPerCustomerMax ?? SOCKETS_PER_CUSTOMER_MAX;
  }

  get socketCount(): number {
    return this.#open.size;
  }

  /** Takes all requests of this server that ask for a WebSocket; those that ask for another protocol get HTTP. */
  attach(server: Server): void {
    (server as Upgradable).shouldUpgradeCallback = (request) => request.headers.upgrade?.toLowerCase() === 'websocket';
    server.on('upgrade', (request, stream, head) => {
      // A client that is gone before it was answered wants no answer.
      stream.on('error', () => stream.destroy());
      const refusal = this.#take(request, stream, head);
      if (refusal !== undefined) this.#refuse(stream, refusal);
    });
  }

  /** Tells everybody that we go (1001), opens no more, and after 1 s cuts whoever has not agreed. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#options.events.close();
    this.#options.scripts.closeAll();
    this.#options.streams.closeAll();
    for (const socket of this.#open) socket.close(GOING_AWAY, 'Tandem is ending');
    const grace = AbortSignal.timeout(CLOSE_GRACE_MS);
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
      grace.onabort = () => resolve();
      if (this.#open.size === 0) resolve();
    });
    grace.onabort = null;
    for (const socket of this.#open) socket.terminate();
    this.#options.scripts.terminateAll();
    this.#options.streams.terminateAll();
    this.#options.heartbeat.close();
  }

  /** Why not, or undefined when somebody takes care of it. */
  #take(request: IncomingMessage, stream: Duplex, head: Buffer): Refusal | undefined {
    const url = URL.parse(request.url ?? '', 'http://localhost');
    const callId = SCRIPT_PATH.exec(url?.pathname ?? '')?.[1];
    const streamed = streamedAt(url?.pathname ?? '');
    if (url === null || !(EVENTS_PATHS.has(url.pathname) || callId !== undefined || streamed !== undefined)) {
      return { code: 'ROUTE_NOT_FOUND', message: `no WebSocket ${url?.pathname ?? ''}` };
    }
    if (this.#isClosing) return { code: 'SERVICE_UNAVAILABLE', message: 'the process is ending' };
    const asking = { headers: request.headers, query: Object.fromEntries(url.searchParams) };
    const outcome = this.#authenticator.authenticate(asking);
    if (outcome.kind === 'refused') return outcome.refusal;
    const { principal } = outcome;
    if (principal.kind === 'operator') {
      return { code: 'PERMISSION_DENIED', message: 'this needs an agent or an access key' };
    }
    if (this.#count(principal.customerId) >= this.#perCustomerMax) {
      const message = `expected at most ${this.#perCustomerMax} WebSockets of one customer, got one more`;
      return { code: 'RATE_LIMIT_EXCEEDED', message };
    }
    const upgrade = { request, stream, head, url, asking, by: principal };
    if (streamed !== undefined) return this.#openStream(upgrade, streamed);
    if (callId === undefined) this.#openEvents(upgrade);
    else return this.#openScript(upgrade, callId as CallId);
    return undefined;
  }

  #openEvents({ request, stream, head, asking, by }: Upgrade): void {
    this.#eventServer.handleUpgrade(request, stream, head, (socket) => {
      const renew = this.#options.events.add(socket, by, socket.protocol === EVENTS_PROTOCOL);
      const beat = (): void => {
        const outcome = this.#authenticator.authenticate(asking);
        renew(outcome.kind === 'proved' ? outcome.principal : undefined);
      };
      this.#keep(socket, by.customerId);
      this.#options.heartbeat.watch(socket, { framesMax: EVENT_FRAMES_MAX, beat });
    });
  }

  #openScript(upgrade: Upgrade, callId: CallId): Refusal | undefined {
    const offered = upgrade.request.headers['sec-websocket-protocol'] ?? '';
    if (!offered.split(',').some((protocol) => protocol.trim() === SCRIPT_PROTOCOL)) {
      const message = `Sec-WebSocket-Protocol must be ${SCRIPT_PROTOCOL}`;
      const got = offered.slice(0, 100);
      return { code: 'INVALID_ARGUMENT', message, field: 'Sec-WebSocket-Protocol', expected: SCRIPT_PROTOCOL, got };
    }
    this.#answerLater(upgrade, this.#attachScript(upgrade, callId));
    return undefined;
  }

  #openStream(upgrade: Upgrade, reference: RecordingReference): Refusal | undefined {
    const wish = streamWishFrom(upgrade.url.searchParams);
    if ('code' in wish) return wish;
    const terms = memberTermsOfQuery(upgrade.url.searchParams);
    if ('code' in terms) return terms;
    this.#answerLater(upgrade, this.#attachStream(upgrade, { reference, wish, terms }));
    return undefined;
  }

  #answerLater({ stream }: Upgrade, attached: Promise<Refusal | undefined>): void {
    attached.then(
      (refusal) => {
        if (refusal !== undefined) this.#refuse(stream, refusal);
      },
      (error: unknown) => {
        const requestId = this.#refuse(stream, { code: 'INTERNAL', message: 'an internal error' });
        this.#options.backend.report(error, requestId);
      },
    );
  }

  /** The call or conference is asked first, so that what is wrong can be said by HTTP; then the protocol changes. */
  async #attachStream(
    { request, stream, head, by }: Upgrade,
    asked: Omit<Extract<CallCommand, { kind: 'startExternalMedia' }>, 'kind' | 'id'>,
  ): Promise<Refusal | undefined> {
    const { backend, streams } = this.#options;
    const id = uuid(this.#random) as ExternalMediaId;
    streams.reserve(id);
    const leave = (): void => streams.abandon(id);
    stream.once('close', leave);
    const result = await backend.execute({ kind: 'startExternalMedia', id, ...asked }, by);
    if (result.kind === 'refused') {
      stream.off('close', leave);
      streams.close(id, 'refused');
      return result.refusal;
    }
    if (stream.destroyed) return undefined;
    this.#streamServer.handleUpgrade(request, stream, head, (socket) => {
      stream.off('close', leave);
      this.#keep(socket, by.customerId);
      streams.accept(id, socket);
    });
    return undefined;
  }

  /**
   * The call is asked first, so that what is wrong can be said by HTTP; then the protocol changes. A call that a program
   * drives already is no reason to refuse: the program may have lost its socket, and come to resume.
   */
  async #attachScript({ request, stream, head, by }: Upgrade, callId: CallId): Promise<Refusal | undefined> {
    const { backend, scripts } = this.#options;
    const call = await backend.get('call', callId);
    if (call === undefined || !(call.customerId === by.customerId || mayUse(by, call.customerId, ADMINS))) {
      return { code: 'RESOURCE_NOT_FOUND', message: `no call ${callId}`, field: 'id', expected: 'a call', got: callId };
    }
    if (!mayUse(by, call.customerId, ADMINS)) {
      return { code: 'PERMISSION_DENIED', message: 'a script needs an admin or manager of the customer' };
    }
    const session = uuid(this.#random) as ScriptSessionId;
    if (!scripts.reserve(session)) return { code: 'SERVICE_UNAVAILABLE', message: 'too many scripts are connected' };
    const result = await backend.execute({ kind: 'attachScript', callId, session }, by);
    const isAttached = result.kind === 'done';
    if (!isAttached && result.refusal.code !== 'STATE_INVALID') {
      scripts.abandon(session, false);
      return result.refusal;
    }
    const whyReturning = isAttached ? undefined : result.refusal.message;
    const leave = (): void => scripts.abandon(session, isAttached);
    if (stream.destroyed) {
      leave();
      return undefined;
    }
    stream.once('close', leave);
    this.#scriptServer.handleUpgrade(request, stream, head, (socket) => {
      stream.off('close', leave);
      this.#keep(socket, by.customerId);
      scripts.accept(session, socket, whyReturning);
    });
    return undefined;
  }

  #keep(socket: WebSocket, customerId: CustomerId): void {
    this.#open.add(socket);
    this.#countOf.set(customerId, this.#count(customerId) + 1);
    // An error is followed by the end; why is the client's business.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#open.delete(socket);
      const left = this.#count(customerId) - 1;
      if (left === 0) this.#countOf.delete(customerId);
      else this.#countOf.set(customerId, left);
      if (this.#open.size === 0) this.#ended?.();
    });
    if (this.#isClosing) socket.close(GOING_AWAY, 'Tandem is ending');
  }

  #count(customerId: CustomerId): number {
    return this.#countOf.get(customerId) ?? 0;
  }

  /** Answers by HTTP in the error shape of the API, and ends the connection. The id of the request comes back. */
  #refuse(stream: Duplex, { code, message, field, expected = '', got = '' }: Refusal): string {
    const requestId = uuid(this.#random);
    const { http, status } = FAULTS[code];
    const details = field === undefined ? [] : [{ field, expected, got }];
    const body = JSON.stringify({ error: { status, reason: code, message, request_id: requestId, details } });
    const head = [
      `HTTP/1.1 ${http} ${STATUS_CODES[http]}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    stream.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => stream.destroy());
    return requestId;
  }
}

/** Node has it since 24.9; its types do not know it. */
type Upgradable = Server & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean };

/** The handshake alone: who is connected is kept by others. A protocol that was not offered is not chosen. */
function serverFor(maxPayload: number, protocol: string): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  });
}
