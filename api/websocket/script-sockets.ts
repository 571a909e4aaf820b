import { WebSocket } from 'ws';
import type { ScriptSessionId } from '../../core/kernel/ids.ts';
import type { ScriptEvent, ScriptLinks } from '../../core/ports.ts';
import type { AddressGuard } from '../address-guard.ts';
import type { Heartbeat } from './heartbeat.ts';

export const SCRIPT_PROTOCOL = 'tandem.script.v1';
export const SCRIPT_FRAME_BYTES_MAX = 256 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;
/** A program that does not read what it is told is given up. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** What a program may be told before its own handshake is over. */
const QUEUED_FRAMES_MAX = 1_000;
/** Frames of one program between two pings. */
const FRAMES_MAX = 10_000;
/** Programs at once, connected by us or to us. */
const SESSIONS_MAX = 10_000;

const NORMAL = 1000;
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
/** RFC 6455 §5.5: a control frame carries 125 bytes, two of them the code. */
const REASON_BYTES_MAX = 123;

export interface ScriptSocketsOptions {
  readonly guard: AddressGuard;
  readonly heartbeat: Heartbeat;
  /** Gets everything that comes of a session, never inside a call of `open`, `send` or `close`. */
  readonly received: (event: ScriptEvent) => void;
  readonly connectTimeoutMs?: number;
  readonly sessionsMax?: number;
}

interface Link {
  readonly session: ScriptSessionId;
  /** Undefined while a program that connects to us is shaking hands. */
  socket: WebSocket | undefined;
  readonly queued: string[];
  /** Whether the core knows of it, and is told of its end. */
  isKnown: boolean;
}

/**
 * Programs that drive calls: those that we connect to, and those that connect to us. A session ends with one `closed`,
 * unless the core has closed it itself.
 */
export class ScriptSockets implements ScriptLinks {
  readonly #options: ScriptSocketsOptions;
  readonly #connectTimeoutMs: number;
  readonly #sessionsMax: number;
  readonly #links = new Map<ScriptSessionId, Link>();
  /** Closed by the core, and not yet closed by the program. */
  readonly #closing = new Set<WebSocket>();
  #isClosing = false;

  constructor(options: ScriptSocketsOptions) {
    this.#options = options;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    this.#sessionsMax = options.sessionsMax ?? SESSIONS_MAX;
  }

  get sessionCount(): number {
    return this.#links.size;
  }

  open(session: ScriptSessionId, url: string): void {
    const why = this.#whyNot(url);
    if (why !== undefined) {
      queueMicrotask(() => this.#options.received({ kind: 'closed', session, detail: why }));
      return;
    }
    const link: Link = { session, socket: undefined, queued: [], isKnown: true };
    this.#links.set(session, link);
    try {
      this.#connect(link, url);
    } catch (error) {
      queueMicrotask(() => this.#lose(link, (error as Error).message));
    }
  }

  send(session: ScriptSessionId, text: string): void {
    const link = this.#links.get(session);
    // What the core says to a session whose end it has not yet heard of is for nobody.
    if (link === undefined) return;
    const { socket } = link;
    if (socket === undefined || socket.readyState === WebSocket.CONNECTING) {
      if (link.queued.length < QUEUED_FRAMES_MAX) link.queued.push(text);
      else queueMicrotask(() => this.#cut(link, 'too much to say before the handshake was over'));
    } else if (socket.bufferedAmount > WAITING_BYTES_MAX) {
      queueMicrotask(() => this.#cut(link, `the program does not read: ${socket.bufferedAmount} bytes wait for it`));
    } else if (socket.readyState === WebSocket.OPEN) {
      socket.send(text);
    }
  }

  close(session: ScriptSessionId, reason: string): void {
    const link = this.#links.get(session);
    if (link === undefined) return;
    this.#links.delete(session);
    const { socket } = link;
    if (socket === undefined) return;
    this.#closing.add(socket);
    if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
    else socket.close(NORMAL, shortened(reason));
  }

  /** A program is connecting to us: what it is told meanwhile waits for `accept` or `abandon`. False when there are too many. */
  reserve(session: ScriptSessionId): boolean {
    if (this.#isClosing || this.#links.size >= this.#sessionsMax) return false;
    this.#links.set(session, { session, socket: undefined, queued: [], isKnown: false });
    return true;
  }

  /**
   * The handshake of a reserved session is over. `whyReturning` is undefined for one that the core has attached; else
   * it says why not: the program may resume a session whose socket it has lost, and nothing but that.
   */
  accept(session: ScriptSessionId, socket: WebSocket, whyReturning: string | undefined): void {
    const link = this.#links.get(session);
    if (link === undefined) {
      socket.close(NORMAL, 'the session has ended');
      return;
    }
    link.socket = socket;
    link.isKnown = whyReturning === undefined;
    if (whyReturning !== undefined) this.#awaitResume(link, socket, whyReturning);
    this.#listen(link, socket);
    this.#flush(link);
  }

  /** A reserved session comes to nothing; the core is told when it knows of it. */
  abandon(session: ScriptSessionId, isKnown: boolean): void {
    const link = this.#links.get(session);
    if (link === undefined) return;
    link.isKnown = isKnown;
    this.#lose(link, 'the program left during the handshake');
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

  #whyNot(text: string): string | undefined {
    const url = URL.parse(text);
    if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
      return `expected a ws or wss URL, got ${text.slice(0, 200)}`;
    }
    if (this.#isClosing) return 'the process is ending';
    if (this.#links.size >= this.#sessionsMax) return `expected at most ${this.#sessionsMax} scripts, got one more`;
    return this.#options.guard.whyNotHost(url.hostname);
  }

  #connect(link: Link, url: string): void {
    const socket = new WebSocket(url, [SCRIPT_PROTOCOL], {
      lookup: this.#options.guard.lookup,
      maxPayload: SCRIPT_FRAME_BYTES_MAX,
      perMessageDeflate: false,
      followRedirects: false,
      headers: { 'user-agent': 'Tandem' },
    });
    link.socket = socket;
    // The library's own limit begins anew with each byte of the handshake.
    const late = AbortSignal.timeout(this.#connectTimeoutMs);
    late.onabort = () => {
      if (socket.readyState === WebSocket.CONNECTING) this.#cut(link, `no answer in ${this.#connectTimeoutMs} ms`);
    };
    socket.on('open', () => {
      late.onabort = null;
      if (this.#links.get(link.session) !== link) return;
      this.#options.received({ kind: 'opened', session: link.session });
      this.#flush(link);
    });
    this.#listen(link, socket);
  }

  #listen(link: Link, socket: WebSocket): void {
    let detail = '';
    this.#options.heartbeat.watch(socket, { framesMax: FRAMES_MAX });
    socket.on('error', (error) => {
      detail = detailOf(error);
    });
    socket.on('message', (bytes, isBinary) => {
      if (this.#links.get(link.session) !== link || socket.readyState !== WebSocket.OPEN) return;
      if (isBinary) this.#cut(link, 'expected text frames, got a binary one');
      else this.#options.received({ kind: 'received', session: link.session, text: bytes.toString() });
    });
    socket.on('close', (code, reason) => {
      this.#closing.delete(socket);
      const said = reason.length > 0 ? `: ${reason.toString()}` : '';
      this.#lose(link, detail === '' ? `closed with ${code}${said}` : detail);
    });
  }

  /** The first frame decides, and must come soon. */
  #awaitResume(link: Link, socket: WebSocket, why: string): void {
    const late = AbortSignal.timeout(this.#connectTimeoutMs);
    late.onabort = () => this.#cut(link, why);
    socket.once('close', () => {
      late.onabort = null;
    });
    socket.once('message', (bytes) => {
      late.onabort = null;
      if (isResume(bytes.toString())) link.isKnown = true;
      else this.#cut(link, why);
    });
  }

  #flush(link: Link): void {
    for (const text of link.queued.splice(0)) link.socket?.send(text);
  }

  /** We end it, and the core is told why. */
  #cut(link: Link, detail: string): void {
    const { socket } = link;
    if (this.#links.get(link.session) !== link) return;
    if (socket?.readyState === WebSocket.CONNECTING) {
      socket.terminate();
    } else if (socket !== undefined) {
      this.#closing.add(socket);
      socket.close(POLICY_VIOLATION, shortened(detail));
    }
    this.#lose(link, detail);
  }

  #lose(link: Link, detail: string): void {
    if (this.#links.get(link.session) !== link) return;
    this.#links.delete(link.session);
    if (link.isKnown) this.#options.received({ kind: 'closed', session: link.session, detail });
  }
}

function isResume(text: string): boolean {
  try {
    return (JSON.parse(text) as { type?: unknown } | null)?.type === 'resume';
  } catch {
    return false; // What is no JSON resumes nothing.
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
