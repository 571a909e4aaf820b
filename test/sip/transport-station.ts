import type { TransportAddress, TransportProtocol } from '../../core/ports.ts';
import type { Listener, Packet } from '../../sip/transport/transport.ts';
import { SipTransports, type TransportsOptions } from '../../sip/transport/transports.ts';

export const CRLF = '\r\n';

export const on = (transport: TransportProtocol, host = '127.0.0.1', port = 0): Listener => ({ transport, host, port });

/** A message that names itself. */
export function message(name: string, body = ''): Buffer {
  return Buffer.from(
    ['OPTIONS sip:x SIP/2.0', `Subject: ${name}`, `Content-Length: ${body.length}`, '', body].join(CRLF),
  );
}

/** Transports with queues instead of a stack. */
export class Station {
  readonly packets: Packet[] = [];
  readonly failures: TransportAddress[] = [];
  readonly complaints: string[] = [];
  transports!: SipTransports;
  #wake = () => {};

  /** `received` hears of each packet at once. */
  static async open(
    listeners: readonly Listener[],
    options: TransportsOptions = {},
    received: (packet: Packet) => void = () => {},
  ): Promise<Station> {
    const station = new Station();
    const handlers = {
      received: (packet: Packet) => {
        station.packets.push(packet);
        received(packet);
        station.#wake();
      },
      failed: (destination: TransportAddress) => {
        station.failures.push(destination);
        station.#wake();
      },
      complained: (_: TransportAddress, why: string) => {
        station.complaints.push(why);
      },
    };
    station.transports = await SipTransports.open(listeners, handlers, options);
    return station;
  }

  close(): Promise<void> {
    return this.transports.close();
  }

  address(transport: TransportProtocol): TransportAddress {
    const listener = this.transports.bound.find((bound) => bound.transport === transport)!;
    return { transport, address: listener.host, port: listener.port };
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  get subjects(): string[] {
    return this.packets.map(({ bytes }) => /Subject: (.*)\r/.exec(Buffer.from(bytes).toString())![1]!);
  }
}
