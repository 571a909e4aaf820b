import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { systemClock } from '../../core/kernel/clock.ts';
import { secure } from '../../core/kernel/random.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { QueueProbe, type QueueState } from './queue-probe.ts';
import { answerStun } from './stun.ts';
import { bindFault, type Listener, type TransportCounters, type TransportHandlers } from './transport.ts';

/** What the system holds for us while we are busy: a second of a thousand registrations. The system may grant less. */
const RECEIVE_BUFFER_BYTES = 4 << 20;
/** What may wait in the process because the system takes no more. */
const BACKLOG_MAX_BYTES = 4 << 20;

const CR = 0x0d;
const LF = 0x0a;

const TRANSIENT: ReadonlySet<string> = new Set(['EPERM', 'ENOBUFS', 'ENOMEM', 'EAGAIN']);

/** Descriptor of a socket that is bound and whose packets are marked as signalling; undefined when there is none. */
export type OpenMarked = (host: string, port: number) => number | undefined;

/** One UDP socket (RFC 3261 §18). */
export class UdpTransport {
  readonly #socket: Socket;
  readonly #handlers: TransportHandlers;
  readonly #counters: TransportCounters;
  readonly #probe = new QueueProbe(secure().bytes(16));
  readonly bound: Listener;

  private constructor(socket: Socket, host: string, handlers: TransportHandlers, counters: TransportCounters) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#counters = counters;
    this.bound = { transport: 'udp', host, port: socket.address().port };
    socket.on('error', () => {
      counters.sendErrors += 1;
    });
    socket.on('message', (bytes, { address, port }) => this.#receive(bytes, { transport: 'udp', address, port }));
  }

  /** Throws a Fault when the address cannot be bound. */
  static async open(
    listener: Listener,
    handlers: TransportHandlers,
    counters: TransportCounters,
    openMarked: OpenMarked,
  ): Promise<UdpTransport> {
    const socket = createSocket({
      type: isIP(listener.host) === 6 ? 'udp6' : 'udp4',
      ipv6Only: isIP(listener.host) === 6,
      recvBufferSize: RECEIVE_BUFFER_BYTES,
      lookup: literalOnly,
    });
    const listening = once(socket, 'listening'); // Asked for first: it may come before `bind` returns.
    try {
      const descriptor = openMarked(listener.host, listener.port);
      if (descriptor === undefined) {
        counters.unmarkedSockets += 1;
        socket.bind({ address: listener.host, port: listener.port, exclusive: true });
      } else socket.bind({ fd: descriptor });
      await listening;
    } catch (error) {
      socket.close();
      throw bindFault(listener, error as NodeJS.ErrnoException);
    }
    return new UdpTransport(socket, listener.host, handlers, counters);
  }

  send(destination: TransportAddress, bytes: Uint8Array): void {
    const { address, port } = destination;
    if (isIP(address) === 0 || port < 1 || port > 65_535) {
      this.#fail(destination);
    } else if (this.#socket.getSendQueueSize() > BACKLOG_MAX_BYTES) {
      this.#counters.droppedBacklog += 1;
    } else {
      this.#counters.sent += 1;
      this.#socket.send(bytes, port, address, (error) => {
        if (error === null) return;
        // A full buffer or a full table passes: the transaction's retransmission tries again (RFC 3261 §17).
        if (TRANSIENT.has((error as NodeJS.ErrnoException).code ?? '')) this.#counters.sendErrors += 1;
        else this.#fail(destination);
      });
    }
  }

  /** What is known of the datagrams that wait for us, by some that we sent to ourselves. Others are sent now. */
  probe(): QueueState {
    const now = systemClock.now();
    const state = this.#probe.take(now);
    const { host, port } = this.bound;
    const self = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    for (const bytes of this.#probe.send(now)) this.#socket.send(bytes, port, self, ignored);
    return state;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #receive(bytes: Uint8Array, source: TransportAddress): void {
    if (isKeepAlive(bytes)) {
      this.#counters.keepAlives += 1;
      return;
    }
    if (bytes[0] === 0 && this.#probe.receive(bytes, systemClock.now())) return;
    const answer = bytes[0] === 0 ? answerStun(bytes, source.address, source.port) : undefined;
    if (answer !== undefined) {
      this.#counters.keepAlives += 1;
      this.send(source, answer);
      return;
    }
    this.#counters.received += 1;
    this.#handlers.received({ bytes, source, localPort: this.bound.port });
  }

  #fail(destination: TransportAddress): void {
    this.#counters.sendErrors += 1;
    this.#handlers.failed(destination);
  }
}

/** A probe that could not be sent is one that does not come. */
function ignored(): void {}

/** Line ends, zeros, or nothing: phones send them to keep an address translation alive, and expect no answer. */
function isKeepAlive(bytes: Uint8Array): boolean {
  return bytes.length <= 4 && bytes.every((byte) => byte === CR || byte === LF || byte === 0);
}

/** Addresses are literal here: nothing is looked up, and sending needs no detour through the event loop. */
function literalOnly(
  host: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  const family = isIP(host);
  const error =
    family === 0 ? Object.assign(new Error(`${host} is no literal address`), { code: 'EADDRNOTAVAIL' }) : null;
  callback(error, host, family);
}
