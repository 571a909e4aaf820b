import { Fault } from '../../core/kernel/fault.ts';
import type { TransportAddress, TransportProtocol } from '../../core/ports.ts';
import type { Connection } from './connections.ts';

/** DSCP class selector 3 (RFC 2474 §4.2.2), which networks take for signalling, in the upper six bits of the byte. */
export const SIGNALLING_TYPE_OF_SERVICE = 24 << 2;

/** One datagram, or one message cut from a stream. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly source: TransportAddress;
  /** Our port that received it: the listener's, or that of a connection which we opened. */
  readonly localPort: number;
}

export interface TransportHandlers {
  received(packet: Packet): void;
  /** Something sent there did not arrive: refused, unreachable, connection lost. Never called from within `send`. */
  failed(destination: TransportAddress): void;
  /** Why a connection to there did not come about, for people. */
  complained?(destination: TransportAddress, why: string): void;
  /** Whether a phone lives at this address, so that its connection is kept when connections run short. */
  isHome?(address: string): boolean;
}

/** Where to listen. `host` is a literal address without brackets; `0.0.0.0` and `::` mean every one of their family. */
export interface Listener {
  readonly transport: TransportProtocol;
  readonly host: string;
  readonly port: number;
}

/** Listeners of one connection-oriented transport, and connections that it opens. */
export interface ConnectionTransport {
  /** Opens a listener; what comes back has the port that was bound. Throws a Fault when it cannot be. */
  listen(listener: Listener): Promise<Listener>;
  /** A connection that is being opened; undefined when there can be none. */
  open(destination: TransportAddress): Connection | undefined;
  close(): Promise<void>;
}

/** What went through, and what was dropped and why. */
export interface TransportCounters {
  received: number;
  sent: number;
  keepAlives: number;
  /** Sends that the system refused. */
  sendErrors: number;
  /** Messages not sent because the socket or connection had too much to send already. */
  droppedBacklog: number;
  connections: number;
  connectionsOpened: number;
  connectionsAccepted: number;
  /** Connections refused because there were too many, in all or from their address. */
  connectionsRefused: number;
  connectFailures: number;
  /** Connections of strangers closed to make room for others. */
  connectionsEvicted: number;
  /** Connections closed because what came could not be cut into messages. */
  framingDefects: number;
  /** TLS and WebSocket connections that ended before they began. */
  handshakeFailures: number;
  /** Sockets whose packets are not marked as signalling. */
  unmarkedSockets: number;
  /** Times that a connection was not read for a while because it brought too much. */
  intakePauses: number;
  /** Connections closed because a peer that answered pings did so no more. */
  pongsMissed: number;
  /** Connections closed because nothing, or never a whole message, came. */
  idleCloses: number;
}

export function zeroCounters(): TransportCounters {
  return {
    received: 0,
    sent: 0,
    keepAlives: 0,
    sendErrors: 0,
    connectionsEvicted: 0,
    droppedBacklog: 0,
    connections: 0,
    connectionsOpened: 0,
    connectionsAccepted: 0,
    connectionsRefused: 0,
    connectFailures: 0,
    framingDefects: 0,
    handshakeFailures: 0,
    unmarkedSockets: 0,
    intakePauses: 0,
    pongsMissed: 0,
    idleCloses: 0,
  };
}

/** Why a socket could not be bound: PORT_IN_USE or ADDRESS_UNAVAILABLE, with transport, host, port and the system's code. */
export function bindFault(listener: Listener, error: NodeJS.ErrnoException): Fault {
  const { transport, host, port } = listener;
  const context = { transport, host, port, code: error.code ?? error.message };
  const where = `SIP cannot listen on ${transport}:${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (error.code === 'EADDRINUSE')
    return new Fault(
      'PORT_IN_USE',
      `${where}: expected a free port, got one that another program uses`,
      context,
      error,
    );
  const why =
    error.code === 'EACCES'
      ? 'expected a port that this user may use, got one that it may not'
      : `expected an address of this machine, got another (${context.code})`;
  return new Fault('ADDRESS_UNAVAILABLE', `${where}: ${why}`, context, error);
}
