import { WebSocket } from 'ws';
import type { Clock } from '../../core/kernel/clock.ts';
import type { ExternalMediaId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { StreamLinkEvent } from '../../core/ports.ts';
import type { AddressGuard } from '../address-guard.ts';
import type { Heartbeat } from './heartbeat.ts';
import { type ProgramLink, ProgramSockets } from './program-sockets.ts';

/** The longest text that is said at once: ten seconds at 48 kHz. */
export const STREAM_FRAME_BYTES_MAX = 1024 * 1024;
/** What waits for a program that does not read; more is dropped, message by message. */
const WAITING_BYTES_MAX = 128 * 1024;
/** A program that takes nothing for so long is given up. */
const STUCK_MS = 10_000;

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

interface Link extends ProgramLink<ExternalMediaId> {
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
  readonly #programs: ProgramSockets<ExternalMediaId, Link>;

  constructor(options: StreamSocketsOptions) {
    this.#options = options;
    const { guard, heartbeat, connectTimeoutMs, received } = options;
    this.#programs = new ProgramSockets<ExternalMediaId, Link>({
      ...{ guard, heartbeat, connectTimeoutMs, protocols: [], frameBytesMax: STREAM_FRAME_BYTES_MAX },
      opened: (link) => this.#opened(link),
      received: ({ id }, bytes, isBinary) =>
        received({ kind: 'received', id, message: isBinary ? bytes : bytes.toString() }),
      lost: ({ id, dropped }, detail) => received({ kind: 'closed', id, detail, dropped }),
    });
  }

  get socketCount(): number {
    return this.#programs.count;
  }

  /** Connects to the program at this ws or wss URL. */
  open(id: ExternalMediaId, target: string): void {
    const link = linkOf(id);
    this.#programs.add(link);
    const why = this.#programs.whyNot(target);
    if (why === undefined) this.#programs.connect(link, target);
    else queueMicrotask(() => this.#programs.lose(link, why));
  }

  send(id: ExternalMediaId, message: string | Uint8Array): void {
    const link = this.#programs.find(id);
    const socket = link?.socket;
    // What is said to one whose end is not yet heard of is for nobody.
    if (link === undefined || socket?.readyState !== WebSocket.OPEN) return;
    if (this.#mayTake(link, socket)) socket.send(message);
    else link.dropped += 1;
  }

  close(id: ExternalMediaId, reason: string): void {
    this.#programs.close(id, reason);
  }

  /** A program that connects to us is expected under this id. */
  reserve(id: ExternalMediaId): void {
    this.#programs.add(linkOf(id));
  }

  /** It has come; one that nobody expects any more is let go. */
  accept(id: ExternalMediaId, socket: WebSocket): void {
    const link = this.#programs.accept(id, socket, 'the call has ended');
    if (link !== undefined) this.#opened(link);
  }

  /** It does not come. */
  abandon(id: ExternalMediaId): void {
    const link = this.#programs.find(id);
    if (link !== undefined) this.#programs.lose(link, 'the program left during the handshake');
  }

  /** Tells every program that we go, and opens no more. */
  closeAll(): void {
    this.#programs.closeAll();
  }

  /** Cuts what is still connected. */
  terminateAll(): void {
    this.#programs.terminateAll();
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
      const why = `the program does not read: ${socket.bufferedAmount} bytes wait for it`;
      queueMicrotask(() => this.#programs.cut(link, why));
    }
    return false;
  }

  #opened({ id }: Link): void {
    this.#options.received({ kind: 'opened', id, localAddress: '', localPort: 0 });
  }
}

function linkOf(id: ExternalMediaId): Link {
  return { id, socket: undefined, dropped: 0, fullSince: undefined };
}
