import type { Socket } from 'node:net';
import type { Clock } from '../../core/kernel/clock.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { networkOf } from '../user-agent/refusal-budget.ts';
import { Newcomers } from './newcomers.ts';
import { SIGNALLING_TYPE_OF_SERVICE, type TransportCounters, type TransportHandlers } from './transport.ts';

export interface ConnectionTimeouts {
  /** Until a connection that we open is there, and until a peer that connects has shaken hands (TLS, WebSocket). */
  readonly connectMs: number;
  /** Until a message that has begun is whole, and until an accepted connection brings its first. */
  readonly messageMs: number;
  /** Longer than the longest registration: a phone may be silent between two. */
  readonly idleMs: number;
  /** Silence after which a connection that we opened is pinged, as RFC 5626 §4.4.1 has it: 80 to 100 % of 120 s. */
  readonly pingMs: number;
  /** Until the pong (RFC 5626 §4.4.1). */
  readonly pongMs: number;
  /** Between pings to WebSocket clients: browsers send none, and what stands between cuts silent connections after a minute. */
  readonly beatMs: number;
}

export const CONNECTION_TIMEOUTS: ConnectionTimeouts = {
  connectMs: 5_000,
  messageMs: 32_000,
  idleMs: 3_720_000,
  pingMs: 100_000,
  pongMs: 10_000,
  beatMs: 30_000,
};

export interface ConnectionLimits {
  readonly connectionsMax: number;
  /** From one address: an office of phones behind one, not a flood. */
  readonly connectionsPerAddressMax: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = { connectionsMax: 20_000, connectionsPerAddressMax: 2_000 };

/** Connections looked at, oldest first, for one to close when there are too many. */
const EVICTION_LOOKS_MAX = 1_000;

/** One connection of any transport, accepted or opened: what is sent over it arrives in order or not at all. */
export interface Connection {
  readonly remote: TransportAddress;
  /** Our port; 0 until connected. */
  readonly localPort: number;
  /** Whether something was sent whose answer is lost when the connection is. */
  readonly hasSent: boolean;
  /** Sends, or queues until connected. A peer that does not read loses its connection. */
  send(bytes: Uint8Array): void;
  destroy(): void;
}

export interface ConnectionsOptions {
  readonly clock: Clock;
  readonly counters: TransportCounters;
  readonly timeouts?: ConnectionTimeouts;
  readonly limits?: ConnectionLimits;
}

/**
 * The connections of all transports (RFC 3261 §18). One is known by its transport and remote address, whoever opened it,
 * and serves both ways. One that was opened to a named server is only used again for that name: its certificate was
 * judged by it.
 */
export class Connections {
  readonly clock: Clock;
  readonly counters: TransportCounters;
  readonly timeouts: ConnectionTimeouts;
  readonly #limits: ConnectionLimits;
  readonly #handlers: TransportHandlers;
  readonly #byKey = new Map<string, Connection>();
  readonly #alive = new Set<Connection>();
  /** Also those that have not shaken hands. */
  readonly #sockets = new Set<Socket>();
  readonly #countByNetwork = new Map<string, number>();
  readonly #newcomers: Newcomers;
  #isClosing = false;

  constructor(handlers: TransportHandlers, { clock, counters, timeouts, limits }: ConnectionsOptions) {
    this.#handlers = handlers;
    this.clock = clock;
    this.counters = counters;
    this.timeouts = timeouts ?? CONNECTION_TIMEOUTS;
    this.#limits = limits ?? CONNECTION_LIMITS;
    this.#newcomers = new Newcomers(clock.now());
  }

  /** As `admit`, for one that comes to us: strangers may not come too fast. */
  greet(socket: Socket): boolean {
    const { remoteAddress: address } = socket;
    const isWelcome =
      address !== undefined &&
      (isLoopback(address) ||
        this.#handlers.isHome?.(address) === true ||
        this.#newcomers.take(hostOf(address), this.clock.now()));
    return this.admit(socket, isWelcome ? address : undefined);
  }

  /** Counts a socket for as long as it is open. When there are too many, it is closed instead: false. */
  admit(socket: Socket, address: string | undefined): boolean {
    if (address === undefined || this.#isClosing || !this.#hasRoom(address)) {
      this.counters.connectionsRefused += 1;
      socket.destroy();
      return false;
    }
    if (socket.connecting) socket.once('connect', () => this.#mark(socket));
    else this.#mark(socket);
    const host = hostOf(address);
    this.#countByNetwork.set(host, (this.#countByNetwork.get(host) ?? 0) + 1);
    this.counters.connections += 1;
    this.#sockets.add(socket);
    socket.once('close', () => this.#leave(socket, host));
    return true;
  }

  /** A connection that can be sent over from now on, until it is closed. */
  add(connection: Connection): void {
    this.#byKey.set(keyOf(connection.remote), connection);
    this.#alive.add(connection);
  }

  closed(connection: Connection): void {
    if (!this.#alive.delete(connection)) return;
    const key = keyOf(connection.remote);
    if (this.#byKey.get(key) === connection) this.#byKey.delete(key);
    if (connection.hasSent && !this.#isClosing) this.#handlers.failed(connection.remote);
  }

  /** With a port, the connection that came in there, or nothing. */
  towards(destination: TransportAddress, localPort: number | undefined): Connection | undefined {
    const known = this.#byKey.get(keyOf(destination));
    return localPort === undefined || known?.localPort === localPort ? known : undefined;
  }

  received(connection: Connection, bytes: Uint8Array): void {
    this.counters.received += 1;
    this.#handlers.received({ bytes, source: connection.remote, localPort: connection.localPort });
  }

  /** Whether a phone or trunk that is known is at the other end. */
  isHome({ remote }: Connection): boolean {
    return this.#handlers.isHome?.(remote.address) === true;
  }

  /** Tells the operator why a connection did not come about. */
  complain(remote: TransportAddress, why: string): void {
    this.#handlers.complained?.(remote, why);
  }

  close(): void {
    this.#isClosing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #hasRoom(address: string): boolean {
    const { connectionsMax, connectionsPerAddressMax } = this.#limits;
    if ((this.#countByNetwork.get(hostOf(address)) ?? 0) >= connectionsPerAddressMax) return false;
    return this.counters.connections < connectionsMax || this.#evict();
  }

  /** The oldest connection from where no phone is registered makes room: who only occupies one loses it first. */
  #evict(): boolean {
    let looks = 0;
    for (const connection of this.#alive) {
      if (!this.isHome(connection)) {
        this.counters.connectionsEvicted += 1;
        connection.destroy();
        this.closed(connection);
        return true;
      }
      if (++looks === EVICTION_LOOKS_MAX) return false;
    }
    return false;
  }

  /** A wish, not a condition: a connection that the system does not mark, or that broke this moment, is none the worse. */
  #mark(socket: Socket): void {
    try {
      socket.setTypeOfService(SIGNALLING_TYPE_OF_SERVICE);
    } catch {
      this.counters.unmarkedSockets += 1;
    }
  }

  #leave(socket: Socket, host: string): void {
    this.#sockets.delete(socket);
    const count = (this.#countByNetwork.get(host) ?? 0) - 1;
    if (count > 0) this.#countByNetwork.set(host, count);
    else this.#countByNetwork.delete(host);
    this.counters.connections -= 1;
  }
}

/** It cannot be forged, and whoever is there has the machine already. */
function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** Who counts as one: an IPv4 address, or an IPv6 /64, which one host may use as it likes. */
function hostOf(address: string): string {
  return address.includes(':') ? networkOf(address) : address;
}

function keyOf({ transport, address, port, name }: TransportAddress): string {
  return name === undefined ? `${transport} ${address} ${port}` : `${transport} ${address} ${port} ${name}`;
}
