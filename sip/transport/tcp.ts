import { once } from 'node:events';
import { connect, createServer, isIP, type Server } from 'node:net';
import type { TransportAddress } from '../../core/ports.ts';
import type { Connection, Connections } from './connections.ts';
import { StreamConnection } from './stream-connection.ts';
import { bindFault, type ConnectionTransport, type Listener } from './transport.ts';

/** TCP listeners, and connections to others (RFC 3261 §18). */
export class TcpTransport implements ConnectionTransport {
  readonly #connections: Connections;
  readonly #servers: Server[] = [];

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  async listen(listener: Listener): Promise<Listener> {
    const connections = this.#connections;
    const server = createServer({ noDelay: true }, (socket) => {
      const { remoteAddress: address, remotePort: port } = socket;
      if (!connections.greet(socket) || address === undefined || port === undefined) return;
      connections.counters.connectionsAccepted += 1;
      connections.add(new StreamConnection(socket, 'accepted', { transport: 'tcp', address, port }, connections));
    });
    const bound = await bind(server, listener, connections);
    this.#servers.push(server);
    return bound;
  }

  open(destination: TransportAddress): Connection | undefined {
    if (!isReachable(destination)) return undefined;
    const { address, port } = destination;
    const socket = connect({ host: address, port });
    if (!this.#connections.admit(socket, address)) return undefined;
    const connection = new StreamConnection(socket, 'connect', { transport: 'tcp', address, port }, this.#connections);
    this.#connections.add(connection);
    return connection;
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(closed));
  }
}

/** Whether there can be such a place: a literal address, and a port that is one. */
export function isReachable({ address, port }: TransportAddress): boolean {
  return isIP(address) !== 0 && port >= 1 && port <= 65_535;
}

/** Binds a server of any kind; what comes back has the port that was bound. Throws a Fault when it cannot be. */
export async function bind(server: Server, listener: Listener, connections: Connections): Promise<Listener> {
  try {
    server.listen({ host: listener.host, port: listener.port, ipv6Only: true, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    throw bindFault(listener, error as NodeJS.ErrnoException);
  }
  server.on('error', () => {
    connections.counters.connectionsRefused += 1;
  });
  const address = server.address();
  return { ...listener, port: typeof address === 'object' && address !== null ? address.port : listener.port };
}

/** Resolves when the server has let go of its port and its connections are closed. */
export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
