import type { Socket } from 'node:net';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { StreamFraming } from '../stream-framing.ts';
import type { Connection, Connections } from './connections.ts';
import { Intake } from './intake.ts';

/** What may wait for a peer that does not read; then the connection is closed. */
export const BACKLOG_MAX_BYTES = 1 << 20;
/** Pings answered for one read: no peer sends more in good faith. */
const PONGS_MAX = 4;
const PING = new Uint8Array([0x0d, 0x0a, 0x0d, 0x0a]);
const PONG = new Uint8Array([0x0d, 0x0a]);
/** A peer that vanished without a word is found out by the system. */
const PROBE_AFTER_MS = 120_000;

/** When a socket can be sent over: accepted already, or at this event of one that we open. */
export type Opening = 'accepted' | 'connect' | 'secureConnect';

/**
 * One connection over TCP or TLS, accepted or opened: whole messages in (RFC 3261 §18.3), keep-alives answered, and sent on
 * connections that we opened (RFC 5626 §3.5.1, §4.4.1). What we send waits until the peer has proved to be who it should.
 */
export class StreamConnection implements Connection {
  readonly remote: TransportAddress;
  readonly #socket: Socket;
  readonly #connections: Connections;
  readonly #framing: StreamFraming;
  readonly #intake: Intake;
  readonly #isOurs: boolean;
  /** When the first or next message must be whole; Infinity while none is due. */
  #messageDue: Instant;
  /** When a message last went either way. */
  #usedAt: Instant;
  /** What waits for the connection; undefined once it is open. */
  #waiting: Uint8Array[] | undefined;
  #waitingBytes = 0;
  #hasSent = false;
  /** RFC 5626 §4.4.1: only a peer that is known to answer pings is dead when it does not. */
  #hasPonged = false;
  #awaitsPong = false;
  #resumption: NodeJS.Timeout | undefined;

  constructor(socket: Socket, opening: Opening, remote: TransportAddress, connections: Connections) {
    this.#socket = socket;
    this.remote = remote;
    this.#connections = connections;
    const { clock, timeouts } = connections;
    const now = clock.now();
    this.#isOurs = opening !== 'accepted';
    this.#framing = new StreamFraming(this.#isOurs ? 'opened' : 'accepted');
    this.#intake = new Intake(now);
    this.#waiting = this.#isOurs ? [] : undefined;
    this.#messageDue = this.#isOurs ? Infinity : now + timeouts.messageMs;
    this.#usedAt = now;
    socket.setNoDelay(true);
    socket.setTimeout(this.#isOurs ? timeouts.connectMs : timeouts.messageMs);
    if (opening !== 'accepted') socket.once(opening, () => this.#connected());
    else socket.setKeepAlive(true, PROBE_AFTER_MS);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('timeout', () => this.#timedOut());
    socket.on('error', (error) => this.#broke(error.message));
    socket.on('close', () => this.#closed());
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  get hasSent(): boolean {
    return this.#hasSent;
  }

  send(bytes: Uint8Array): void {
    this.#hasSent = true;
    this.#usedAt = this.#connections.clock.now();
    this.#write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.writableLength + this.#waitingBytes + bytes.length > BACKLOG_MAX_BYTES) {
      this.#connections.counters.droppedBacklog += 1;
      this.#socket.destroy();
    } else if (this.#waiting !== undefined) {
      this.#waiting.push(bytes);
      this.#waitingBytes += bytes.length;
    } else if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  #connected(): void {
    this.#connections.counters.connectionsOpened += 1;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    for (const bytes of waiting) this.#write(bytes);
    this.#socket.setTimeout(this.#connections.timeouts.pingMs);
  }

  #receive(bytes: Uint8Array): void {
    const { counters, clock } = this.#connections;
    this.#framing.push(bytes);
    let count = 0;
    for (let message = this.#framing.poll(); message !== undefined; message = this.#framing.poll()) {
      count += 1;
      this.#connections.received(this, message);
      if (this.#socket.destroyed) return;
    }
    if (this.#framing.defect !== undefined) {
      counters.framingDefects += 1;
      this.#socket.pause();
      this.#socket.destroySoon(); // After the refusal, if there was one.
      return;
    }
    this.#answerKeepAlives();
    const now = clock.now();
    if (count > 0) {
      this.#messageDue = Infinity;
      this.#usedAt = now;
    } else if (now >= this.#messageDue) this.#timedOut();
    this.#awaitNext(now);
    this.#slowDown(count, bytes.length, now);
  }

  #awaitNext(now: Instant): void {
    const { timeouts } = this.#connections;
    if (this.#framing.bufferedBytes > 0) this.#messageDue = Math.min(this.#messageDue, now + timeouts.messageMs);
    const silenceMs = this.#isOurs ? timeouts.pingMs : timeouts.idleMs;
    this.#socket.setTimeout(this.#messageDue === Infinity ? silenceMs : Math.max(1, this.#messageDue - now));
  }

  #slowDown(messageCount: number, bytes: number, now: Instant): void {
    const { counters } = this.#connections;
    const isKnown = (): boolean => this.#isOurs || this.#connections.isHome(this);
    const waitMs = this.#intake.take(messageCount, bytes, () => (isKnown() ? 'known' : 'stranger'), now);
    if (waitMs === 0) return;
    counters.intakePauses += 1;
    this.#socket.pause();
    this.#resumption = setTimeout(() => this.#socket.resume(), waitMs);
  }

  #answerKeepAlives(): void {
    const pings = this.#framing.takePings();
    const pongs = this.#framing.takePongs();
    this.#connections.counters.keepAlives += pings + pongs;
    if (pongs > 0) {
      this.#hasPonged = true;
      this.#awaitsPong = false;
    }
    for (let i = 0; i < Math.min(pings, PONGS_MAX); i++) this.#write(PONG);
  }

  #timedOut(): void {
    if (this.#waiting !== undefined) {
      this.#broke('no answer');
      this.#socket.destroy();
    } else if (!this.#isOurs || this.#messageDue !== Infinity) {
      this.#connections.counters.idleCloses += 1;
      this.#socket.destroy();
    } else this.#ping();
  }

  /** Keeps a connection of ours alive while it was used not long ago, and finds out whether it is. */
  #ping(): void {
    const { clock, timeouts, counters } = this.#connections;
    if (this.#awaitsPong && this.#hasPonged) {
      counters.pongsMissed += 1;
      this.#socket.destroy();
    } else if (clock.now() - this.#usedAt >= timeouts.idleMs) {
      counters.idleCloses += 1;
      this.#socket.destroy();
    } else {
      this.#awaitsPong = true;
      this.#write(PING);
      this.#socket.setTimeout(this.#hasPonged ? timeouts.pongMs : timeouts.pingMs);
    }
  }

  #broke(why: string): void {
    if (this.#waiting === undefined) return;
    this.#connections.counters.connectFailures += 1;
    this.#connections.complain(this.remote, why);
  }

  #closed(): void {
    clearTimeout(this.#resumption);
    this.#connections.closed(this);
  }
}
