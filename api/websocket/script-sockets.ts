import { WebSocket } from 'ws';
import type { ScriptSessionId } from '../../core/kernel/ids.ts';
import type { ScriptEvent, ScriptLinks } from '../../core/ports.ts';
import type { AddressGuard } from '../address-guard.ts';
import type { Heartbeat } from './heartbeat.ts';
import { type ProgramLink, ProgramSockets } from './program-sockets.ts';

export const SCRIPT_PROTOCOL = 'tandem.script.v1';
export const SCRIPT_FRAME_BYTES_MAX = 256 * 1024;
/** A program that does not read what it is told is given up. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** What a program may be told before its own handshake is over. */
const QUEUED_FRAMES_MAX = 1_000;
/** Programs at once, connected by us or to us. */
const SESSIONS_MAX = 10_000;

export interface ScriptSocketsOptions {
  readonly guard: AddressGuard;
  readonly heartbeat: Heartbeat;
  /** Gets everything that comes of a session, never inside a call of `open`, `send` or `close`. */
  readonly received: (event: ScriptEvent) => void;
  readonly connectTimeoutMs?: number;
  readonly sessionsMax?: number;
}

interface Link extends ProgramLink<ScriptSessionId> {
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
  readonly #sessionsMax: number;
  readonly #programs: ProgramSockets<ScriptSessionId, Link>;

  constructor(options: ScriptSocketsOptions) {
    this.#options = options;
    const { guard, heartbeat, connectTimeoutMs, sessionsMax = SESSIONS_MAX } = options;
    this.#sessionsMax = sessionsMax;
    this.#programs = new ProgramSockets<ScriptSessionId, Link>({
      ...{ guard, heartbeat, connectTimeoutMs, protocols: [SCRIPT_PROTOCOL], frameBytesMax: SCRIPT_FRAME_BYTES_MAX },
      opened: (link) => {
        options.received({ kind: 'opened', session: link.id });
        flush(link);
      },
      received: (link, bytes, isBinary) => this.#receive(link, bytes, isBinary),
      lost: ({ id, isKnown }, detail) => {
        if (isKnown) options.received({ kind: 'closed', session: id, detail });
      },
    });
  }

  get sessionCount(): number {
    return this.#programs.count;
  }

  open(session: ScriptSessionId, url: string): void {
    const why = this.#whyNot(url);
    if (why !== undefined) {
      queueMicrotask(() => this.#options.received({ kind: 'closed', session, detail: why }));
      return;
    }
    const link: Link = { id: session, socket: undefined, queued: [], isKnown: true };
    this.#programs.add(link);
    this.#programs.connect(link, url);
  }

  send(session: ScriptSessionId, text: string): void {
    const link = this.#programs.find(session);
    // What the core says to a session whose end it has not yet heard of is for nobody.
    if (link === undefined) return;
    const { socket } = link;
    const cut = (why: string) => queueMicrotask(() => this.#programs.cut(link, why));
    if (socket === undefined || socket.readyState === WebSocket.CONNECTING) {
      if (link.queued.length < QUEUED_FRAMES_MAX) link.queued.push(text);
      else cut('too much to say before the handshake was over');
    } else if (socket.bufferedAmount > WAITING_BYTES_MAX) {
      cut(`the program does not read: ${socket.bufferedAmount} bytes wait for it`);
    } else if (socket.readyState === WebSocket.OPEN) {
      socket.send(text);
    }
  }

  close(session: ScriptSessionId, reason: string): void {
    this.#programs.close(session, reason);
  }

  /** A program is connecting to us: what it is told meanwhile waits for `accept` or `abandon`. False when there are too many. */
  reserve(session: ScriptSessionId): boolean {
    if (this.#programs.isClosing || this.#programs.count >= this.#sessionsMax) return false;
    this.#programs.add({ id: session, socket: undefined, queued: [], isKnown: false });
    return true;
  }

  /**
   * The handshake of a reserved session is over. `whyReturning` is undefined for one that the core has attached; else
   * it says why not: the program may resume a session whose socket it has lost, and nothing but that.
   */
  accept(session: ScriptSessionId, socket: WebSocket, whyReturning: string | undefined): void {
    const link = this.#programs.find(session);
    if (link !== undefined) {
      link.isKnown = whyReturning === undefined;
      // Before anything else hears of the first frame.
      if (whyReturning !== undefined) this.#awaitResume(link, socket, whyReturning);
    }
    if (this.#programs.accept(session, socket, 'the session has ended') !== undefined) flush(link!);
  }

  /** A reserved session comes to nothing; the core is told when it knows of it. */
  abandon(session: ScriptSessionId, isKnown: boolean): void {
    const link = this.#programs.find(session);
    if (link === undefined) return;
    link.isKnown = isKnown;
    this.#programs.lose(link, 'the program left during the handshake');
  }

  /** Tells every program that we go, and opens no more. */
  closeAll(): void {
    this.#programs.closeAll();
  }

  /** Cuts what is still connected. */
  terminateAll(): void {
    this.#programs.terminateAll();
  }

  #whyNot(url: string): string | undefined {
    if (this.#programs.count >= this.#sessionsMax) return `expected at most ${this.#sessionsMax} scripts, got one more`;
    return this.#programs.whyNot(url);
  }

  #receive(link: Link, bytes: Buffer, isBinary: boolean): void {
    if (isBinary) this.#programs.cut(link, 'expected text frames, got a binary one');
    else this.#options.received({ kind: 'received', session: link.id, text: bytes.toString() });
  }

  /** The first frame decides, and must come soon. */
  #awaitResume(link: Link, socket: WebSocket, why: string): void {
    const late = AbortSignal.timeout(this.#programs.connectTimeoutMs);
    late.onabort = () => this.#programs.cut(link, why);
    socket.once('close', () => {
      late.onabort = null;
    });
    socket.once('message', (bytes) => {
      late.onabort = null;
      if (isResume(bytes.toString())) link.isKnown = true;
      else this.#programs.cut(link, why);
    });
  }
}

function flush(link: Link): void {
  for (const text of link.queued.splice(0)) link.socket?.send(text);
}

function isResume(text: string): boolean {
  try {
    return (JSON.parse(text) as { type?: unknown } | null)?.type === 'resume';
  } catch {
    return false; // What is no JSON resumes nothing.
  }
}
