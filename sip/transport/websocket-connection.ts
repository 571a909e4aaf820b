import { isUtf8 } from 'node:buffer';
import type { RawData, WebSocket } from 'ws';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Connection, Connections } from './connections.ts';
import { Intake } from './intake.ts';
import { BACKLOG_MAX_BYTES } from './stream-connection.ts';

const PONG = '\r\n';
const CR = 0x0d;
const LF = 0x0a;

/** One WebSocket connection that a client opened: each of its messages is one of SIP (RFC 7118 §5). */
export class WebSocketConnection implements Connection {
  readonly remote: TransportAddress;
  readonly localPort: number;
  readonly #socket: WebSocket;
  readonly #connections: Connections;
  readonly #intake: Intake;
  readonly #firstDue: NodeJS.Timeout;
  #resumption: NodeJS.Timeout | undefined;
  /** When a message last went either way. */
  #usedAt: Instant;
  /** Whether anything came since the last ping. */
  #isHeard = true;
  #hasSent = false;

  constructor(socket: WebSocket, localPort: number, remote: TransportAddress, connections: Connections) {
    this.#socket = socket;
    this.localPort = localPort;
    this.remote = remote;
    this.#connections = connections;
    const { clock, timeouts } = connections;
    this.#usedAt = clock.now();
    this.#intake = new Intake(this.#usedAt);
    this.#firstDue = setTimeout(() => this.#give('idleCloses'), timeouts.messageMs);
    socket.on('message', (message) => this.#receive(message));
    socket.on('ping', (bytes) => this.#take(bytes.length));
    socket.on('pong', (bytes) => this.#take(bytes.length));
    socket.on('error', () => this.#give('framingDefects'));
    socket.once('close', () => this.#closed());
  }

  get hasSent(): boolean {
    return this.#hasSent;
  }

  send(bytes: Uint8Array): void {
    this.#hasSent = true;
    this.#usedAt = this.#connections.clock.now();
    // RFC 7118 §4.2: text is for what is UTF-8; a browser gives up a connection where it is not.
    if (this.#hasRoom(bytes.length)) this.#socket.send(bytes, { binary: !isUtf8(bytes) });
  }

  destroy(): void {
    this.#socket.terminate();
  }

  /** Now and then: asks whether the client is there, and closes when it was not since the last time. */
  beat(): void {
    const isIdle = this.#connections.clock.now() - this.#usedAt >= this.#connections.timeouts.idleMs;
    if (isIdle) this.#give('idleCloses');
    else if (!this.#isHeard) this.#give('pongsMissed');
    else {
      this.#isHeard = false;
      this.#socket.ping();
    }
  }

  #receive(message: RawData): void {
    const bytes = bytesOf(message);
    this.#take(bytes.length);
    if (isPing(bytes)) {
      this.#connections.counters.keepAlives += 1;
      if (bytes.length === 4 && this.#hasRoom(PONG.length)) this.#socket.send(PONG);
      return;
    }
    clearTimeout(this.#firstDue);
    this.#usedAt = this.#connections.clock.now();
    this.#connections.received(this, bytes);
  }

  /** What one frame brought counts, whatever it is; one that brings too much is not read for a while. */
  #take(bytes: number): void {
    this.#isHeard = true;
    const sender = (): 'known' | 'stranger' => (this.#connections.isHome(this) ? 'known' : 'stranger');
    const waitMs = this.#intake.take(1, bytes, sender, this.#connections.clock.now());
    if (waitMs === 0 || !this.#hasRoom(0)) return;
    this.#connections.counters.intakePauses += 1;
    this.#socket.pause();
    clearTimeout(this.#resumption);
    this.#resumption = setTimeout(() => this.#socket.resume(), waitMs);
  }

  /** A client that does not read loses its connection. */
  #hasRoom(bytes: number): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#socket.bufferedAmount + bytes <= BACKLOG_MAX_BYTES) return true;
    this.#give('droppedBacklog');
    return false;
  }

  #give(reason: 'idleCloses' | 'pongsMissed' | 'framingDefects' | 'droppedBacklog'): void {
    this.#connections.counters[reason] += 1;
    this.#socket.terminate();
  }

  #closed(): void {
    clearTimeout(this.#firstDue);
    clearTimeout(this.#resumption);
    this.#connections.closed(this);
  }
}

function bytesOf(message: RawData): Uint8Array {
  if (Array.isArray(message)) return Buffer.concat(message);
  return message instanceof ArrayBuffer ? new Uint8Array(message) : message;
}

/** Line ends alone (RFC 5626 §3.5.1); two of them are a ping, as old clients send it. */
function isPing(bytes: Uint8Array): boolean {
  return bytes.length <= 4 && bytes.every((byte) => byte === CR || byte === LF);
}
