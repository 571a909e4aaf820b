import { WebSocket } from 'ws';
import type { AddressGuard } from '../address-guard.ts';
import type { Heartbeat } from './heartbeat.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** Frames of one program between two pings. */
const FRAMES_MAX = 10_000;

const NORMAL = 1000;
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
/** RFC 6455 §5.5: a control frame carries 125 bytes, two of them the code. */
const REASON_BYTES_MAX = 123;

export interface ProgramLink<Id> {
  readonly id: Id;
  /** Undefined while a program that connects to us is shaking hands. */
  socket: WebSocket | undefined;
}

export interface ProgramSocketsOptions<Link> {
  readonly guard: AddressGuard;
  readonly heartbeat: Heartbeat;
  /** What is asked for where we connect. */
  readonly protocols: readonly string[];
  readonly frameBytesMax: number;
  readonly connectTimeoutMs?: number | undefined;
  /** One that we connect to has answered. */
  readonly opened: (link: Link) => void;
  readonly received: (link: Link, bytes: Buffer, isBinary: boolean) => void;
  /** It is gone and forgotten; not called for those that `close` ended. */
  readonly lost: (link: Link, detail: string) => void;
}

/** Programs outside by WebSocket: those that we connect to, and those that connect to us. Who they are is the caller's matter. */
export class ProgramSockets<Id, Link extends ProgramLink<Id>> {
  readonly connectTimeoutMs: number;
  readonly #options: ProgramSocketsOptions<Link>;
  readonly #links = new Map<Id, Link>();
  /** Closed by us, and not yet by the program. */
  readonly #closing = new Set<WebSocket>();
  #isClosing = false;

  constructor(options: ProgramSocketsOptions<Link>) {
    this.#options = options;
    this.connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  }

  get count(): number {
    return this.#links.size;
  }

  /** Whether `closeAll` was called. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  find(id: Id): Link | undefined {
    return this.#links.get(id);
  }

  add(link: Link): void {
    this.#links.set(link.id, link);
  }

  /** Why nobody is connected to there; undefined where that may be tried. */
  whyNot(target: string): string | undefined {
    const url = URL.parse(target);
    if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
      return `expected a ws or wss URL, got ${target.slice(0, 200)}`;
    }
    if (this.#isClosing) return 'the process is ending';
    return this.#options.guard.whyNotHost(url.hostname);
  }

  /** Connects a link that was added to the program at this URL. */
  connect(link: Link, url: string): void {
    const { guard, protocols, frameBytesMax, opened } = this.#options;
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, [...protocols], {
        lookup: guard.lookup,
        maxPayload: frameBytesMax,
        perMessageDeflate: false,
        followRedirects: false,
        headers: { 'user-agent': 'Tandem' },
      });
    } catch (error) {
      queueMicrotask(() => this.lose(link, (error as Error).message));
      return;
    }
    link.socket = socket;
    // The library's own limit begins anew with each byte of the handshake.
    const late = AbortSignal.timeout(this.connectTimeoutMs);
    late.onabort = () => {
      if (socket.readyState === WebSocket.CONNECTING) this.cut(link, `no answer in ${this.connectTimeoutMs} ms`);
    };
    socket.on('open', () => {
      late.onabort = null;
      if (this.#has(link)) opened(link);
    });
    this.#listen(link, socket);
  }

  /** The handshake of one that connects to us is over; one that nobody expects any more is told so. Undefined then. */
  accept(id: Id, socket: WebSocket, whyLate: string): Link | undefined {
    const link = this.#links.get(id);
    if (link === undefined) {
      socket.close(NORMAL, whyLate);
      return undefined;
    }
    link.socket = socket;
    this.#listen(link, socket);
    return link;
  }

  close(id: Id, reason: string): void {
    const link = this.#links.get(id);
    if (link === undefined) return;
    this.#links.delete(id);
    this.#end(link, NORMAL, reason);
  }

  /** We end it, and the caller is told why. */
  cut(link: Link, detail: string): void {
    if (!this.#has(link)) return;
    this.#end(link, POLICY_VIOLATION, detail);
    this.lose(link, detail);
  }

  lose(link: Link, detail: string): void {
    if (!this.#has(link)) return;
    this.#links.delete(link.id);
    this.#options.lost(link, detail);
  }

  /** Tells every program that we go, and connects to no more. */
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

  #has(link: Link): boolean {
    return this.#links.get(link.id) === link;
  }

  #listen(link: Link, socket: WebSocket): void {
    let detail = '';
    this.#options.heartbeat.watch(socket, { framesMax: FRAMES_MAX });
    socket.on('error', (error) => {
      detail = detailOf(error);
    });
    socket.on('message', (bytes, isBinary) => {
      if (!this.#has(link) || socket.readyState !== WebSocket.OPEN) return;
      this.#options.received(link, bytes as Buffer, isBinary);
    });
    socket.on('close', (code, reason) => {
      this.#closing.delete(socket);
      const said = reason.length > 0 ? `: ${reason.toString()}` : '';
      this.lose(link, detail === '' ? `closed with ${code}${said}` : detail);
    });
  }

  #end({ socket }: Link, code: number, reason: string): void {
    if (socket === undefined) return;
    if (socket.readyState === WebSocket.CONNECTING) {
      // Its `close` comes later, and finds nobody.
      socket.terminate();
      return;
    }
    this.#closing.add(socket);
    socket.close(code, shortened(reason));
  }
}

function detailOf(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  return first.message.slice(0, 200);
}

/** Cut to what a close frame carries, between characters. */
function shortened(reason: string): string {
  let text = reason.slice(0, REASON_BYTES_MAX);
  while (Buffer.byteLength(text) > REASON_BYTES_MAX) text = text.slice(0, -1);
  return text.toWellFormed();
}
