import { connect as connectPlain, isIP, type Server as PlainServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, createServer, type Server } from 'node:tls';
import { Fault } from '../../core/kernel/fault.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Connection, Connections } from './connections.ts';
import { StreamConnection } from './stream-connection.ts';
import { bind, closed, isReachable } from './tcp.ts';
import { serverObjection, type TlsContexts, type TlsIdentity, tlsContexts } from './tls-identity.ts';
import type { ConnectionTransport, Listener } from './transport.ts';

/** TLS listeners, and connections to servers whose certificate is that of the name they were found by (RFC 5922). */
export class TlsTransport implements ConnectionTransport {
  readonly #connections: Connections;
  readonly #servers: Server[] = [];
  #identity: TlsIdentity;
  #contexts: TlsContexts | undefined;

  /** Throws INVALID_SETTING when what is given cannot be used. */
  constructor(connections: Connections, identity: TlsIdentity) {
    this.#connections = connections;
    this.#identity = identity;
    // The usual roots alone cannot be wrong, and cost nothing before somebody is called.
    if (identity.certificate !== '' || identity.authorities !== '') this.#contexts = tlsContexts(identity);
  }

  async listen(listener: Listener): Promise<Listener> {
    const server = createServer(serverOptions(this.#identity, this.#connections, listener));
    watchHandshakes(server, 'tlsClientError', this.#connections);
    server.on('secureConnection', (socket) => {
      const { remoteAddress: address, remotePort: port } = socket;
      if (address === undefined || port === undefined) return;
      this.#connections.counters.connectionsAccepted += 1;
      const remote = { transport: 'tls', address, port } as const;
      this.#connections.add(new StreamConnection(socket, 'accepted', remote, this.#connections));
    });
    const bound = await bind(server, listener, this.#connections);
    this.#servers.push(server);
    return bound;
  }

  /** A name that came with the destination is what the server must prove, else its address. */
  open(destination: TransportAddress): Connection | undefined {
    if (!isReachable(destination)) return undefined;
    const { address, port, name } = destination;
    this.#contexts ??= tlsContexts(this.#identity);
    // A socket of its own beneath: only that can be marked.
    const plain = connectPlain({ host: address, port });
    if (!this.#connections.admit(plain, address)) return undefined;
    const socket = connect({
      socket: plain,
      host: address,
      secureContext: this.#contexts.client,
      ...(name !== undefined && isIP(name) === 0 && { servername: name }),
      checkServerIdentity: (_, certificate) => serverObjection(name ?? address, certificate),
    });
    const connection = new StreamConnection(socket, 'secureConnect', destination, this.#connections);
    this.#connections.add(connection);
    return connection;
  }

  /** Connections from now on show this identity. Throws INVALID_SETTING, and nothing has changed. */
  identify(identity: TlsIdentity): void {
    this.#contexts = tlsContexts(identity);
    this.#identity = identity;
    for (const server of this.#servers) server.setSecureContext(secureOptions(identity));
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(closed));
  }
}

/** What a TLS server of any protocol is made with. Throws INVALID_SETTING without a certificate. */
export function serverOptions(identity: TlsIdentity, connections: Connections, listener: Listener) {
  const { transport, host } = listener;
  if (identity.certificate === '') {
    const message = `SIP cannot listen on ${transport}: expected --tls-certificate and --tls-key, got none`;
    throw new Fault('INVALID_SETTING', message, { transport, host });
  }
  const isCertified = identity.clients === 'certified';
  return {
    ...secureOptions(identity),
    noDelay: true,
    handshakeTimeout: connections.timeouts.connectMs,
    requestCert: isCertified,
    rejectUnauthorized: isCertified,
  };
}

export function secureOptions({ certificate, key, authorities }: TlsIdentity) {
  return { cert: certificate, key, ...(authorities !== '' && { ca: authorities }) };
}

/** Sockets count from the start; those whose handshake fails or never comes are closed. */
export function watchHandshakes(
  server: PlainServer,
  failure: 'tlsClientError' | 'clientError',
  connections: Connections,
): void {
  server.prependListener('connection', (socket: Socket) => connections.greet(socket));
  server.on(failure, (_: Error, socket: Duplex) => {
    connections.counters.handshakeFailures += 1;
    socket.destroy();
  });
}
