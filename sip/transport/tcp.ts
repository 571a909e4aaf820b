import { once } from 'node:events';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import type { Clock } from '../../core/kernel/clock.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { networkOf } from '../user-agent/refusal-budget.ts';
import { TcpConnection, type TcpTimeouts } from './tcp-connection.ts';
import {
  bindFault,
  type Listener,
  type Transport,
  type TransportCounters,
  type TransportHandlers,
} from './transport.ts';

export const TCP_TIMEOUTS: TcpTimeouts = { connectMs: 5_000, messageMs: 32_000, idleMs: 3_720_000 };

export interface TcpLimits {
  readonly connectionsMax: number;
  /** From one address: an office of phones behind one, not a flood. */
  readonly connectionsPerAddressMax: number;
}

export const TCP_LIMITS: TcpLimits = { connectionsMax: 20_000, connectionsPerAddressMax: 2_000 };

/** Connections looked at, oldest first, for one to close when there are too many. */
const EVICTION_LOOKS_MAX = 1_000;

export interface TcpOptions {
  readonly clock: Clock;
  readonly counters: TransportCounters;
  readonly timeouts?: TcpTimeouts;
  readonly limits?: TcpLimits;
}

/**
 * All TCP listeners and connections (RFC 3261 §18). A connection is known by its remote address, whoever opened it, and
 * serves both ways. What is addressed by a flow goes over that connection or fails; for the rest one is opened.
 */
export class TcpTransport implements Transport {
  readonly #handlers: TransportHandlers;
  readonly #options: Required<TcpOptions>;
  readonly #servers: Server[] = [];
  readonly #connections = new Map<string, TcpConnection>();
  readonly #alive = new Set<TcpConnection>();
  readonly #countByNetwork = new Map<string, number>();
  #closing = false;

  constructor(handlers: TransportHandlers, options: TcpOptions) {
    this.#handlers = handlers;
    this.#options = { timeouts: TCP_TIMEOUTS, limits: TCP_LIMITS, ...options };
  }

  /** Opens a listener; what comes back has the port that was bound. Throws a Fault when it cannot be. */
  async listen(listener: Listener): Promise<Listener> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    try {
      server.listen({ host: listener.host, port: listener.port, ipv6Only: true, exclusive: true });
      await once(server, 'listening');
    } catch (error) {
      throw bindFault(listener, error as NodeJS.ErrnoException);
    }
    server.on('error', () => {
      this.#options.counters.connectionsRefused += 1;
    });
    this.#servers.push(server);
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : listener.port;
    return { ...listener, port };
  }

  send(destination: TransportAddress, localPort: number | undefined, bytes: Uint8Array): void {
    const known = this.#connections.get(keyOf(destination));
    const connection =
      localPort === undefined ? (known ?? this.#open(destination)) : known?.localPort === localPort ? known : undefined;
    if (connection === undefined) {
      this.#handlers.failed(destination);
      return;
    }
    this.#options.counters.sent += 1;
    connection.send(bytes);
  }

  async close(): Promise<void> {
    this.#closing = true;
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const connection of this.#connections.values()) connection.destroy();
    await Promise.all(closed);
  }

  #accept(socket: Socket): void {
    const { remoteAddress: address, remotePort: port } = socket;
    if (address === undefined || port === undefined || !this.#hasRoom(address)) {
      this.#options.counters.connectionsRefused += 1;
      socket.destroy();
      return;
    }
    this.#options.counters.connectionsAccepted += 1;
    this.#adopt(socket, 'accepted', { transport: 'tcp', address, port });
  }

  #open(destination: TransportAddress): TcpConnection | undefined {
    const { address, port } = destination;
    if (isIP(address) === 0 || port < 1 || port > 65_535 || this.#closing || !this.#hasRoom(address)) return undefined;
    return this.#adopt(connect({ host: address, port }), 'opened', { transport: 'tcp', address, port });
  }

  #adopt(socket: Socket, side: 'accepted' | 'opened', remote: TransportAddress): TcpConnection {
    const connection: TcpConnection = new TcpConnection(socket, side, remote, {
      clock: this.#options.clock,
      timeouts: this.#options.timeouts,
      counters: this.#options.counters,
      received: ({ localPort }, bytes) => this.#handlers.received({ bytes, source: remote, localPort }),
      closed: () => this.#forget(connection),
    });
    this.#connections.set(keyOf(remote), connection);
    this.#alive.add(connection);
    const host = hostOf(remote.address);
    this.#countByNetwork.set(host, (this.#countByNetwork.get(host) ?? 0) + 1);
    this.#options.counters.connections += 1;
    return connection;
  }

  #forget(connection: TcpConnection): void {
    if (!this.#alive.delete(connection)) return;
    const { remote } = connection;
    const host = hostOf(remote.address);
    const count = (this.#countByNetwork.get(host) ?? 0) - 1;
    if (count > 0) this.#countByNetwork.set(host, count);
    else this.#countByNetwork.delete(host);
    this.#options.counters.connections -= 1;
    if (this.#connections.get(keyOf(remote)) === connection) this.#connections.delete(keyOf(remote));
    if (connection.hasSent && !this.#closing) this.#handlers.failed(remote);
  }

  #hasRoom(address: string): boolean {
    const { connectionsMax, connectionsPerAddressMax } = this.#options.limits;
    if ((this.#countByNetwork.get(hostOf(address)) ?? 0) >= connectionsPerAddressMax) return false;
    return this.#options.counters.connections < connectionsMax || this.#evict();
  }

  /** The oldest connection from where no phone is registered makes room: who only occupies one loses it first. */
  #evict(): boolean {
    let looks = 0;
    for (const connection of this.#connections.values()) {
      if (this.#handlers.isHome?.(connection.remote.address) !== true) {
        this.#options.counters.connectionsEvicted += 1;
        connection.destroy();
        this.#forget(connection);
        return true;
      }
      if (++looks === EVICTION_LOOKS_MAX) return false;
    }
    return false;
  }
}

/** Who counts as one: an IPv4 address, or an IPv6 /64, which one host may use as it likes. */
function hostOf(address: string): string {
  return address.includes(':') ? networkOf(address) : address;
}

function keyOf({ address, port }: TransportAddress): string {
  return `${address} ${port}`;
}
