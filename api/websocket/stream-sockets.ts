import { WebSocket } from 'ws';
import type { Clock } from '../../core/kernel/clock.ts';
import type { ExternalMediaId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { StreamLinkEvent } from '../../core/ports.ts';
import type { AddressGuard } from '../address-guard.ts';
import type { Heartbeat } from './heartbeat.ts';

/** The longest text that is said at once: ten seconds at 48 kHz. */
export const STREAM_FRAME_BYTES_MAX = 1024 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;
/** What waits for a program that does not read; more is dropped, message by message. */
const WAITING_BYTES_MAX = 128 * 1024;
/** A program that takes nothing for so long is given up. */
const STUCK_MS = 10_000;
/** Messages of one program between two pings: one a millisecond. */
const FRAMES_MAX = 10_000;

const NORMAL = 1000;
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
/** RFC 6455 §5.5: a control frame carries 125 bytes, two of them the code. */
const REASON_BYTES_MAX = 123;

export interface StreamSocketsOptions {
  readonly guard: AddressGuard;
  readonly heartbeat: Heartbeat;
  readonly clock: Clock;
  /** Gets everything that comes of a connection, never inside a call of `open`, `send` or `close`. */
  readonly received: (event: StreamLinkEvent) => void;
  readonly connectTimeoutMs?: number;
  readonly waitingBytesMax?: number;
  readonly stuckMs?: number;
}

interface Link {
  readonly id: ExternalMediaId;
  /** Undefined while a program that connects to us is shaking hands. */
  socket: WebSocket | undefined;
  dropped: number;
  /** Since when it takes nothing; undefined while it does. */
  fullSince: Instant | undefined;
}

/**
 * Programs that hear and speak by WebSocket: those that we connect to, and those that connect to us. Each ends with one
 * `closed`, unless we have closed it. Nobody waits for one that is slow.
 */
export class StreamSockets {
  readonly #options: StreamSocketsOptions;
  readonly #links = new Map<ExternalMediaId, Link>();
  readonly #closing = new Set<WebSocket>();
  #isClosing = false;

  constructor(options: StreamSocketsOptions) {
    this.#options = options;
  }

  get socketCount(): number {
    return this.#links.size;
  }

  /** Connects to the program at this ws or wss URL. */
  open(id: ExternalMediaId, target: string): void {
    const link: Link = { id, socket: undefined, dropped: 0, fullSince: undefined };
    this.#links.set(id, link);
    const why = this.#whyNot(target);
    if (why === undefined) this.#connect(link, target);
    else queueMicrotask(() => this.#lose(link, why));
  }

  send(id: ExternalMediaId, message: string | Uint8Array): void {
    const link = this.#links.get(id);
    const socket = link?.socket;
    // What is said to one whose end is not yet heard of is for nobody.
    if (link === undefined || socket?.readyState !== WebSocket.OPEN) return;
    if (this.#mayTake(link, socket)) socket.send(message);
    else link.dropped += 1;
  }

  close(id: ExternalMediaId, reason: string): void {
    const link = this.#links.get(id);
    if (link === undefined) return;
    this.#links.delete(id);
    const { socket } = link;
    if (socket === undefined) return;
    if (socket.readyState === WebSocket.CONNECTING) {
      socket.terminate();
      return;
    }
    this.#closing.add(socket);
    socket.close(NORMAL, shortened(reason));
  }

  /** A program that connects to us is expected under this id. */
  reserve(id: ExternalMediaId): void {
    this.#links.set(id, { id, socket: undefined, dropped: 0, fullSince: undefined });
  }

  /** It has come; one that nobody expects any more is let go. */
  accept(id: ExternalMediaId, socket: WebSocket): void {
    const link = this.#links.get(id);
    if (link === undefined) {
      socket.close(NORMAL, 'the call has ended');
      return;
    }
    link.socket = socket;
    this.#listen(link, socket);
    this.#opened(link);
  }

  /** It does not come. */
  abandon(id: ExternalMediaId): void {
    const link = this.#links.get(id);
    if (link !== undefined) this.#lose(link, 'the program left during the handshake');
  }

  /** Tells every program that we go, and opens no more. */
  closeAll(): void {
    this.#isClosing = true;
    for (const { socket } of this.#links.values()) {
      if (socket?.readyState === WebSocket.CONNECTING) socket.terminate();
      else socket?.close(GOING_AWAY, 'Tandem is ending');
    }
  }

  /** Cuts what is still connected. */
  terminateAll(): void {
    for (const { socket } of this.#links.values()) socket?.terminate();
    for (const socket of this.#closing) socket.terminate();
  }

  /** Whether it reads; one that has not for long is cut. */
  #mayTake(link: Link, socket: WebSocket): boolean {
    const { clock, waitingBytesMax = WAITING_BYTES_MAX, stuckMs = STUCK_MS } = this.#options;
    if (socket.bufferedAmount <= waitingBytesMax) {
      link.fullSince = undefined;
      return true;
    }
    const now = clock.now();
    link.fullSince ??= now;
    if (now - link.fullSince >= stuckMs) {
      queueMicrotask(() => this.#cut(link, `the program does not read: ${socket.bufferedAmount} bytes wait for it`));
    }
    return false;
  }

  #whyNot(target: string): string | undefined {
    if (this.#isClosing) return 'the process is ending';
    const url = URL.parse(target);
    if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
      return `expected a ws or wss URL, got ${target.slice(0, 200)}`;
    }
    return this.#options.guard.whyNotHost(url.hostname);
  }

  #connect(link: Link, target: string): void {
    const { guard, connectTimeoutMs = CONNECT_TIMEOUT_MS } = this.#options;
    let socket: WebSocket;
    try {
      socket = new WebSocket(target, [], {
        lookup: guard.lookup,
        maxPayload: STREAM_FRAME_BYTES_MAX,
        perMessageDeflate: false,
        followRedirects: false,
        headers: { 'user-agent': 'Tandem' },
      });
    } catch (error) {
      queueMicrotask(() => this.#lose(link, (error as Error).message));
      return;
    }
    link.socket = socket;
    const late = AbortSignal.timeout(connectTimeoutMs);
    late.onabort = () => {
      if (socket.readyState === WebSocket.CONNECTING) this.#cut(link, `no answer in ${connectTimeoutMs} ms`);
    };
    socket.on('open', () => {
      late.onabort = null;
      if (this.#links.get(link.id) === link) this.#opened(link);
    });
    this.#listen(link, socket);
  }

  #opened({ id }: Link): void {
    this.#options.received({ kind: 'opened', id, localAddress: '', localPort: 0 });
  }

  #listen(link: Link, socket: WebSocket): void {
    let detail = '';
    this.#options.heartbeat.watch(socket, { framesMax: FRAMES_MAX });
    socket.on('error', (error) => {
      detail = error.message.slice(0, 200);
    });
    socket.on('message', (bytes, isBinary) => {
      if (this.#links.get(link.id) !== link || socket.readyState !== WebSocket.OPEN) return;
      const message = isBinary ? (bytes as Buffer) : bytes.toString();
      this.#options.received({ kind: 'received', id: link.id, message });
    });
    socket.on('close', (code, reason) => {
      this.#closing.delete(socket);
      const said = reason.length > 0 ? `: ${reason.toString()}` : '';
      this.#lose(link, detail === '' ? `closed with ${code}${said}` : detail);
    });
  }

  /** We end it, and whoever listens is told why. */
  #cut(link: Link, detail: string): void {
    const { socket } = link;
    if (this.#links.get(link.id) !== link) return;
    if (socket?.readyState === WebSocket.CONNECTING) socket.terminate();
    else if (socket !== undefined) {
      this.#closing.add(socket);
      socket.close(POLICY_VIOLATION, shortened(detail));
    }
    this.#lose(link, detail);
  }

  #lose(link: Link, detail: string): void {
    if (this.#links.get(link.id) !== link) return;
    this.#links.delete(link.id);
    this.#options.received({ kind: 'closed', id: link.id, detail, dropped: link.dropped });
  }
}

/** Cut to what a close frame carries, between characters. */
function shortened(reason: string): string {
  let text = reason.slice(0, REASON_BYTES_MAX);
  while (Buffer.byteLength(text) > REASON_BYTES_MAX) text = text.slice(0, -1);
  return text.toWellFormed();
}
