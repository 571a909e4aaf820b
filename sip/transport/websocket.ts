import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { MAX_HEAD_BYTES } from '../grammar/head.ts';
import { MAX_BODY_BYTES } from '../stream-framing.ts';
import type { Connections } from './connections.ts';
import { bind, closed } from './tcp.ts';
import { secureOptions, serverOptions, watchHandshakes } from './tls.ts';
import type { TlsIdentity } from './tls-identity.ts';
import type { ConnectionTransport, Listener } from './transport.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** RFC 7118 §4.1. */
const SUBPROTOCOL = 'sip';
const REFUSAL = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
/** Of a handshake. */
const HEADER_BYTES_MAX = 8_192;

/** WebSocket listeners, over TCP or TLS (RFC 7118). Nobody is called over a connection that they did not open. */
export class WebSocketTransport implements ConnectionTransport {
  readonly #connections: Connections;
  readonly #servers: (Server | SecureServer)[] = [];
  readonly #alive = new Set<WebSocketConnection>();
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_HEAD_BYTES + MAX_BODY_BYTES,
    handleProtocols: () => SUBPROTOCOL,
  });
  #identity: TlsIdentity;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(connections: Connections, identity: TlsIdentity) {
    this.#connections = connections;
    this.#identity = identity;
  }

  async listen(listener: Listener): Promise<Listener> {
    const transport = listener.transport === 'wss' ? 'wss' : 'ws';
    const { connectMs, beatMs } = this.#connections.timeouts;
    const bounds = {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: connectMs,
      requestTimeout: connectMs,
      connectionsCheckingInterval: connectMs,
    };
    const server =
      transport === 'ws'
        ? createServer(bounds, refuseRequest)
        : createSecureServer(
            { ...bounds, ...serverOptions(this.#identity, this.#connections, listener) },
            refuseRequest,
          );
    watchHandshakes(server, 'clientError', this.#connections);
    server.on('upgrade', (request, stream, head) => this.#take(transport, request, stream, head));
    const bound = await bind(server, listener, this.#connections);
    this.#servers.push(server);
    this.#heartbeat ??= setInterval(() => this.#beat(), beatMs).unref();
    return bound;
  }

  /** RFC 7118 §5: only clients open WebSocket connections. */
  open(): undefined {
    return undefined;
  }

  /** Connections from now on are shown this certificate. */
  identify(identity: TlsIdentity): void {
    this.#identity = identity;
    for (const server of this.#servers)
      if ('setSecureContext' in server) server.setSecureContext(secureOptions(identity));
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    await Promise.all(this.#servers.map(closed));
  }

  #take(transport: 'ws' | 'wss', request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy());
    const asked = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim().toLowerCase());
    if (!asked.includes(SUBPROTOCOL)) {
      this.#connections.counters.handshakeFailures += 1;
      // Nobody reads from it any more, so that its end would never be seen.
      stream.end(REFUSAL, () => stream.destroy());
      return;
    }
    const { remoteAddress: address, remotePort: port } = request.socket;
    if (address === undefined || port === undefined) return;
    this.#sockets.handleUpgrade(request, stream, head, (socket) =>
      this.#adopt(socket, { transport, address, port }, request.socket),
    );
  }

  #adopt(socket: WebSocket, remote: WebSocketConnection['remote'], beneath: Socket): void {
    this.#connections.counters.connectionsAccepted += 1;
    const connection = new WebSocketConnection(socket, beneath.localPort ?? 0, remote, this.#connections);
    this.#connections.add(connection);
    this.#alive.add(connection);
    socket.once('close', () => this.#alive.delete(connection));
  }

  #beat(): void {
    for (const connection of this.#alive) connection.beat();
  }
}

/** Whoever asks for a page learns that there is none (RFC 9110 §15.5.22). */
const refuseRequest: RequestListener = (_, response) => {
  response.writeHead(426, { upgrade: 'websocket', connection: 'close', 'content-length': 0 }).end();
};
