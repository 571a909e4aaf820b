import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, isIPv6, type LookupFunction, type Socket } from 'node:net';
import type { Clock } from '../../core/kernel/clock.ts';
import type { ExternalMediaId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { StreamLinkEvent } from '../../core/ports.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** What waits for a program that does not read; more is dropped, message by message. */
const WAITING_BYTES_MAX = 128 * 1024;
/** A program that takes nothing for so long is given up. */
const STUCK_MS = 10_000;
/** Datagrams in a row that were refused: a second of them, and nobody listens there. */
const REFUSED_MAX = 50;
const KEEP_ALIVE_MS = 30_000;

export interface ProgramLinksOptions {
  /** What users may have us connect to. */
  readonly guard: {
    readonly lookup: LookupFunction;
    readonly whyNotHost: (hostname: string) => string | undefined;
  };
  readonly clock: Clock;
  /** Gets everything that comes of a connection, never inside a call of `open`, `send` or `close`. */
  readonly received: (event: StreamLinkEvent) => void;
  readonly connectTimeoutMs?: number;
  readonly stuckMs?: number;
}

interface Link {
  readonly id: ExternalMediaId;
  readonly socket: Socket | DatagramSocket;
  readonly send: (bytes: Uint8Array) => boolean;
  readonly end: () => void;
  dropped: number;
}

/**
 * Programs that hear and speak by a connection (TCP) or by datagrams (UDP) to a host and port. Each ends with one `closed`,
 * unless we have closed it. Datagrams are taken from that address and port alone. Nobody waits for one that is slow.
 */
export class ProgramLinks {
  readonly #options: ProgramLinksOptions;
  readonly #links = new Map<ExternalMediaId, Link>();
  /** Their addresses are looked for. */
  readonly #resolving = new Set<ExternalMediaId>();

  constructor(options: ProgramLinksOptions) {
    this.#options = options;
  }

  get linkCount(): number {
    return this.#links.size;
  }

  open(id: ExternalMediaId, transport: 'tcp' | 'udp', target: string): void {
    const url = URL.parse(`tcp://${target}`);
    const host = (url?.hostname ?? '').replace(/^\[|\]$/g, '');
    const port = Number(url?.port);
    const why = this.#options.guard.whyNotHost(host);
    if (why !== undefined || !(port > 0)) {
      const detail = why ?? `expected host:port, got ${target.slice(0, 200)}`;
      queueMicrotask(() => this.#options.received({ kind: 'closed', id, detail, dropped: 0 }));
    } else if (transport === 'tcp') this.#connect(id, host, port);
    else this.#resolve(id, host, port);
  }

  send(id: ExternalMediaId, message: string | Uint8Array): void {
    const link = this.#links.get(id);
    if (link === undefined || typeof message === 'string') return;
    if (!link.send(message)) link.dropped += 1;
  }

  close(id: ExternalMediaId): void {
    this.#resolving.delete(id);
    const link = this.#links.get(id);
    if (link === undefined) return;
    this.#links.delete(id);
    link.end();
  }

  /** Cuts what is still connected. */
  terminateAll(): void {
    for (const link of [...this.#links.values()]) this.close(link.id);
  }

  #connect(id: ExternalMediaId, host: string, port: number): void {
    const { guard, clock, connectTimeoutMs = CONNECT_TIMEOUT_MS, stuckMs = STUCK_MS } = this.#options;
    const socket = connect({ host, port, lookup: guard.lookup, noDelay: true });
    let detail = 'the program has closed the connection';
    let fullSince: Instant | undefined;
    const send = (bytes: Uint8Array): boolean => {
      if (socket.writableLength <= WAITING_BYTES_MAX) {
        fullSince = undefined;
        if (socket.writable && !socket.connecting) socket.write(bytes);
        return true;
      }
      fullSince ??= clock.now();
      if (clock.now() - fullSince >= stuckMs) {
        detail = `the program does not read: ${socket.writableLength} bytes wait for it`;
        socket.destroy();
      }
      return false;
    };
    const end = (): void => {
      // What was said last still goes out; who does not take it does not hold us up.
      socket.end();
      socket.setTimeout(connectTimeoutMs, () => socket.destroy());
    };
    const link: Link = { id, socket, send, end, dropped: 0 };
    this.#links.set(id, link);
    const late = AbortSignal.timeout(connectTimeoutMs);
    late.onabort = () => {
      if (!socket.connecting) return;
      detail = `no answer in ${connectTimeoutMs} ms`;
      socket.destroy();
    };
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('connect', () => {
      late.onabort = null;
      if (this.#links.get(id) === link) this.#opened(id, socket.localAddress ?? '', socket.localPort ?? 0);
      else socket.destroy();
    });
    socket.on('data', (message) => {
      if (this.#links.get(id) === link) this.#options.received({ kind: 'received', id, message });
    });
    socket.on('error', (error) => {
      detail = error.message.slice(0, 200);
    });
    socket.on('close', () => {
      late.onabort = null;
      this.#lose(link, detail);
    });
  }

  #resolve(id: ExternalMediaId, host: string, port: number): void {
    this.#resolving.add(id);
    this.#options.guard.lookup(host, {}, (error, address) => {
      if (!this.#resolving.delete(id)) return;
      if (error === null) this.#bind(id, String(address), port);
      else this.#options.received({ kind: 'closed', id, detail: error.message.slice(0, 200), dropped: 0 });
    });
  }

  #bind(id: ExternalMediaId, address: string, port: number): void {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    let isOpen = false;
    let refused = 0;
    const send = (bytes: Uint8Array): boolean => {
      if (isOpen) socket.send(bytes);
      return true;
    };
    const link: Link = { id, socket, send, end: () => socket.close(), dropped: 0 };
    this.#links.set(id, link);
    const lose = (detail: string): void => {
      if (this.#links.get(id) !== link) return;
      socket.close();
      this.#lose(link, detail);
    };
    socket.on('connect', () => {
      if (this.#links.get(id) !== link) return;
      isOpen = true;
      const own = socket.address();
      this.#opened(id, own.address, own.port);
    });
    socket.on('message', (message) => {
      refused = 0;
      if (this.#links.get(id) === link) this.#options.received({ kind: 'received', id, message });
    });
    socket.on('error', (error) => {
      refused += 1;
      if (!isOpen || refused >= REFUSED_MAX) lose(error.message.slice(0, 200));
    });
    socket.connect(port, address);
  }

  #opened(id: ExternalMediaId, localAddress: string, localPort: number): void {
    this.#options.received({ kind: 'opened', id, localAddress, localPort });
  }

  #lose(link: Link, detail: string): void {
    if (this.#links.get(link.id) !== link) return;
    this.#links.delete(link.id);
    this.#options.received({ kind: 'closed', id: link.id, detail, dropped: link.dropped });
  }
}
