import { isIP } from 'node:net';
import { type Clock, systemClock } from '../../core/kernel/clock.ts';
import { Fault } from '../../core/kernel/fault.ts';
import type { TransportAddress, TransportProtocol } from '../../core/ports.ts';
import { type ConnectionLimits, Connections, type ConnectionTimeouts } from './connections.ts';
import type { QueueState } from './queue-probe.ts';
import { TcpTransport } from './tcp.ts';
import { TlsTransport } from './tls.ts';
import type { TlsIdentity } from './tls-identity.ts';
import {
  type ConnectionTransport,
  type Listener,
  type TransportCounters,
  type TransportHandlers,
  zeroCounters,
} from './transport.ts';
import { type OpenMarked, UdpTransport } from './udp.ts';
import { WebSocketTransport } from './websocket.ts';

export interface TransportsOptions {
  readonly clock?: Clock;
  /** Without one nothing listens over TLS or secure WebSocket. */
  readonly identity?: TlsIdentity;
  readonly timeouts?: ConnectionTimeouts;
  readonly limits?: ConnectionLimits;
  /** Datagrams are not marked without it. */
  readonly openMarked?: OpenMarked;
}

const NOBODY: TlsIdentity = { certificate: '', key: '', authorities: '', clients: 'anyone' };

/** All sockets of the SIP side. */
export class SipTransports {
  readonly counters: Readonly<TransportCounters>;
  readonly #counters: TransportCounters = zeroCounters();
  readonly #handlers: TransportHandlers;
  readonly #udp: UdpTransport[] = [];
  readonly #connections: Connections;
  readonly #tls: TlsTransport;
  readonly #webSocket: WebSocketTransport;
  readonly #byProtocol: Readonly<Record<Exclude<TransportProtocol, 'udp'>, ConnectionTransport>>;
  readonly #bound: Listener[] = [];
  readonly #openMarked: OpenMarked;
  #closing: Promise<unknown> | undefined;

  private constructor(handlers: TransportHandlers, options: TransportsOptions) {
    const { clock = systemClock, identity, openMarked = () => undefined, ...bounds } = options;
    this.#openMarked = openMarked;
    this.counters = this.#counters;
    this.#handlers = {
      isHome: (address) => handlers.isHome?.(address) ?? false,
      complained: (destination, why) => handlers.complained?.(destination, why),
      received: (packet) => {
        if (this.#closing === undefined) handlers.received(packet);
      },
      failed: (destination) =>
        setImmediate(() => {
          if (this.#closing === undefined) handlers.failed(destination);
        }),
    };
    this.#connections = new Connections(this.#handlers, { clock, counters: this.#counters, ...bounds });
    this.#tls = new TlsTransport(this.#connections, identity ?? NOBODY);
    this.#webSocket = new WebSocketTransport(this.#connections, identity ?? NOBODY);
    this.#byProtocol = {
      tcp: new TcpTransport(this.#connections),
      tls: this.#tls,
      ws: this.#webSocket,
      wss: this.#webSocket,
    };
  }

  /**
   * Opens every listener or none. Throws PORT_IN_USE, ADDRESS_UNAVAILABLE or INVALID_SETTING (a certificate that is
   * missing or wrong).
   */
  static async open(
    listeners: readonly Listener[],
    handlers: TransportHandlers,
    options: TransportsOptions = {},
  ): Promise<SipTransports> {
    const transports = new SipTransports(handlers, options);
    try {
      for (const listener of listeners) await transports.#listen(listener);
    } catch (error) {
      await transports.close();
      throw error;
    }
    return transports;
  }

  /** The listeners, in the order asked for, with the ports that were bound. */
  get bound(): readonly Listener[] {
    return this.#bound;
  }

  /** Connections from now on show this certificate. Throws INVALID_SETTING, and nothing has changed. */
  identify(identity: TlsIdentity): void {
    this.#tls.identify(identity);
    this.#webSocket.identify(identity);
  }

  /**
   * Sends one message. `localPort` names the flow (RFC 5626): the socket or the connection that received from there,
   * which must still exist; without it, any socket of the address's family serves, and a connection is opened.
   */
  send(destination: TransportAddress, localPort: number | undefined, bytes: Uint8Array): void {
    if (this.#closing !== undefined) return;
    if (destination.transport === 'udp') {
      const udp = this.#udpTowards(destination.address, localPort);
      if (udp === undefined) this.#handlers.failed(destination);
      else udp.send(destination, bytes);
      return;
    }
    const known = this.#connections.towards(destination, localPort);
    const connection =
      known ?? (localPort === undefined ? this.#byProtocol[destination.transport].open(destination) : undefined);
    if (connection === undefined) {
      this.#handlers.failed(destination);
      return;
    }
    this.#counters.sent += 1;
    connection.send(bytes);
  }

  /** Nothing is received or reported after this; calling it again waits for the same end. */
  /** What is known of the datagrams that wait for us, of all sockets together (`UdpTransport.probe`). */
  probe(): QueueState {
    const states = this.#udp.map((udp) => udp.probe());
    return {
      isOverflowing: states.some(({ isOverflowing }) => isOverflowing),
      delayMs: Math.max(0, ...states.map(({ delayMs }) => delayMs)),
    };
  }

  async close(): Promise<void> {
    this.#connections.close();
    this.#closing ??= Promise.all(
      [...this.#udp, ...new Set(Object.values(this.#byProtocol))].map((transport) => transport.close()),
    );
    await this.#closing;
  }

  async #listen(listener: Listener): Promise<void> {
    const { transport, host } = listener;
    if (isIP(host) === 0) {
      throw new Fault('ADDRESS_UNAVAILABLE', `sip listens on literal addresses, got ${host}`, { transport, host });
    }
    if (transport === 'udp') {
      const udp = await UdpTransport.open(listener, this.#handlers, this.#counters, this.#openMarked);
      this.#udp.push(udp);
      this.#bound.push(udp.bound);
      return;
    }
    this.#bound.push(await this.#byProtocol[transport].listen(listener));
  }

  /** The socket with that port, else the first that can reach the address: one bound to loopback reaches only loopback. */
  #udpTowards(address: string, localPort: number | undefined): UdpTransport | undefined {
    const family = isIP(address);
    const able = this.#udp.filter(({ bound: { host } }) => isIP(host) === family && reaches(host, address));
    return able.find(({ bound }) => bound.port === localPort) ?? able[0];
  }
}

function reaches(host: string, address: string): boolean {
  return !isLoopback(host) || isLoopback(address);
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
