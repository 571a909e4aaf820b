import type { Socket } from 'node:net';
import type { Clock } from '../../core/kernel/clock.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { StreamFraming } from '../stream-framing.ts';
import type { TransportCounters } from './transport.ts';

export interface TcpTimeouts {
  /** Until a connection that we open is there. */
  readonly connectMs: number;
  /** Until a message that has begun is whole, and until an accepted connection brings its first. */
  readonly messageMs: number;
  /** Longer than the longest registration: a phone may be silent between two. */
  readonly idleMs: number;
}

/** What may wait for a peer that does not read; then the connection is closed. */
const BACKLOG_MAX_BYTES = 1 << 20;
/** Pings answered for one read: no peer sends more in good faith. */
const PONGS_MAX = 4;
const PONG = new Uint8Array([0x0d, 0x0a]);

/** Of whom a connection is part. */
export interface TcpConnectionOwner {
  readonly clock: Clock;
  readonly timeouts: TcpTimeouts;
  readonly counters: TransportCounters;
  received(connection: TcpConnection, message: Uint8Array): void;
  closed(connection: TcpConnection): void;
}

/** One TCP connection, accepted or opened: whole messages in (RFC 3261 §18.3), keep-alives answered (RFC 5626 §3.5.1). */
export class TcpConnection {
  readonly remote: TransportAddress;
  readonly #socket: Socket;
  readonly #owner: TcpConnectionOwner;
  readonly #framing: StreamFraming;
  /** When the first or next message must be whole; Infinity while none is due. */
  #messageDue: Instant;
  #state: 'connecting' | 'open';
  #hasSent = false;

  constructor(socket: Socket, side: 'accepted' | 'opened', remote: TransportAddress, owner: TcpConnectionOwner) {
    this.#socket = socket;
    this.remote = remote;
    this.#owner = owner;
    this.#framing = new StreamFraming(side);
    const { connectMs, messageMs } = owner.timeouts;
    this.#state = side === 'accepted' ? 'open' : 'connecting';
    this.#messageDue = side === 'accepted' ? owner.clock.now() + messageMs : Infinity;
    socket.setNoDelay(true);
    socket.setTimeout(side === 'accepted' ? messageMs : connectMs);
    socket.on('connect', () => this.#connected());
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('timeout', () => this.#timedOut());
    socket.on('error', () => this.#countFailure());
    socket.on('close', () => owner.closed(this));
  }

  /** 0 until connected. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Whether something was sent whose answer is now lost. */
  get hasSent(): boolean {
    return this.#hasSent;
  }

  /** Sends, or queues until connected. A peer that does not read loses its connection. */
  send(bytes: Uint8Array): void {
    this.#hasSent = true;
    this.#write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.writableLength + bytes.length > BACKLOG_MAX_BYTES) {
      this.#owner.counters.droppedBacklog += 1;
      this.#socket.destroy();
    } else if (!this.#socket.destroyed) {
      this.#socket.write(bytes);
    }
  }

  #connected(): void {
    this.#state = 'open';
    this.#owner.counters.connectionsOpened += 1;
    this.#socket.setTimeout(this.#owner.timeouts.idleMs);
  }

  #receive(bytes: Uint8Array): void {
    const { counters, clock, timeouts } = this.#owner;
    this.#framing.push(bytes);
    let count = 0;
    for (let message = this.#framing.poll(); message !== undefined; message = this.#framing.poll()) {
      count += 1;
      counters.received += 1;
      this.#owner.received(this, message);
      if (this.#socket.destroyed) return;
    }
    if (this.#framing.defect !== undefined) {
      counters.framingDefects += 1;
      this.#socket.destroy();
      return;
    }
    this.#answerKeepAlives();
    const now = clock.now();
    if (count > 0) this.#messageDue = Infinity;
    else if (now >= this.#messageDue) this.#timedOut();
    if (this.#framing.bufferedBytes > 0) this.#messageDue = Math.min(this.#messageDue, now + timeouts.messageMs);
    this.#socket.setTimeout(this.#messageDue === Infinity ? timeouts.idleMs : Math.max(1, this.#messageDue - now));
  }

  #answerKeepAlives(): void {
    const pings = this.#framing.takePings();
    this.#owner.counters.keepAlives += pings + this.#framing.takePongs();
    for (let i = 0; i < Math.min(pings, PONGS_MAX); i++) this.#write(PONG);
  }

  #timedOut(): void {
    if (this.#state === 'connecting') this.#countFailure();
    else this.#owner.counters.idleCloses += 1;
    this.#socket.destroy();
  }

  #countFailure(): void {
    if (this.#state === 'connecting') this.#owner.counters.connectFailures += 1;
  }
}
