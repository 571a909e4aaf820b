import { isIP } from 'node:net';
import { type Clock, systemClock } from '../../core/kernel/clock.ts';
import { Fault } from '../../core/kernel/fault.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { TcpTransport } from './tcp.ts';
import { type Listener, type TransportCounters, type TransportHandlers, zeroCounters } from './transport.ts';
import { UdpTransport } from './udp.ts';

/** All sockets of the SIP side. */
export class SipTransports {
  readonly counters: Readonly<TransportCounters>;
  readonly #counters: TransportCounters = zeroCounters();
  readonly #handlers: TransportHandlers;
  readonly #udp: UdpTransport[] = [];
  readonly #tcp: TcpTransport;
  readonly #bound: Listener[] = [];
  #closing: Promise<unknown> | undefined;

  private constructor(handlers: TransportHandlers, clock: Clock) {
    this.counters = this.#counters;
    this.#handlers = {
      isHome: (address) => handlers.isHome?.(address) ?? false,
      received: (packet) => {
        if (this.#closing === undefined) handlers.received(packet);
      },
      failed: (destination) =>
        setImmediate(() => {
          if (this.#closing === undefined) handlers.failed(destination);
        }),
    };
    this.#tcp = new TcpTransport(this.#handlers, { clock, counters: this.#counters });
  }

  /** Opens every listener or none. Throws PORT_IN_USE, ADDRESS_UNAVAILABLE or INVALID_SETTING (a transport not built). */
  static async open(
    listeners: readonly Listener[],
    handlers: TransportHandlers,
    clock: Clock = systemClock,
  ): Promise<SipTransports> {
    const transports = new SipTransports(handlers, clock);
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

  /**
   * Sends one message. `localPort` names the flow (RFC 5626): the socket or the connection that received from there,
   * which must still exist; without it, any socket of the address's family serves, and a connection is opened.
   */
  send(destination: TransportAddress, localPort: number | undefined, bytes: Uint8Array): void {
    if (this.#closing !== undefined) return;
    const transport =
      destination.transport === 'udp' ? this.#udpTowards(destination.address, localPort) : this.#streamOf(destination);
    if (transport === undefined) this.#handlers.failed(destination);
    else transport.send(destination, localPort, bytes);
  }

  /** Nothing is received or reported after this; calling it again waits for the same end. */
  async close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#udp, this.#tcp].map((transport) => transport.close()));
    await this.#closing;
  }

  async #listen(listener: Listener): Promise<void> {
    const { transport, host } = listener;
    if (isIP(host) === 0) {
      throw new Fault('ADDRESS_UNAVAILABLE', `sip listens on literal addresses, got ${host}`, { transport, host });
    }
    if (transport === 'udp') {
      const udp = await UdpTransport.open(listener, this.#handlers, this.#counters);
      this.#udp.push(udp);
      this.#bound.push(udp.bound);
    } else if (transport === 'tcp') {
      this.#bound.push(await this.#tcp.listen(listener));
    } else {
      const message = `sip over ${transport} is not built: expected udp or tcp`;
      throw new Fault('INVALID_SETTING', message, { transport, host });
    }
  }

  #streamOf(destination: TransportAddress): TcpTransport | undefined {
    return destination.transport === 'tcp' ? this.#tcp : undefined;
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
