import type { WebSocket } from 'ws';
import type { Clock } from '../../core/kernel/clock.ts';
import { Driver } from '../../core/kernel/driver.ts';
import { type Instant, NEVER } from '../../core/kernel/time.ts';

const INTERVAL_MS = 10_000;
const DEAD_AFTER_MS = 60_000;
const POLICY_VIOLATION = 1008;

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** How often everybody is pinged. */
  readonly intervalMs?: number;
  /** Who was not heard for so long is cut off. */
  readonly deadAfterMs?: number;
}

export interface Watching {
  /** More frames than that between two pings are no conversation. */
  readonly framesMax: number;
  /** Called at each ping. */
  readonly beat?: () => void;
}

interface Watched extends Watching {
  heardAt: Instant;
  frameCount: number;
}

/** Pings sockets, and ends those that do not answer or talk too much (RFC 6455 §5.5.2). */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #deadAfterMs: number;
  readonly #watched = new Map<WebSocket, Watched>();
  readonly #driver: Driver;
  #nextAt: Instant = NEVER;

  constructor({ clock, intervalMs = INTERVAL_MS, deadAfterMs = DEAD_AFTER_MS }: HeartbeatOptions) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#deadAfterMs = deadAfterMs;
    this.#driver = new Driver(
      clock,
      (now) => this.#turn(now),
      () => this.#nextAt,
    );
  }

  /** From now on until it closes. */
  watch(socket: WebSocket, watching: Watching): void {
    const watched: Watched = { ...watching, heardAt: this.#clock.now(), frameCount: 0 };
    this.#watched.set(socket, watched);
    socket.on('pong', () => {
      watched.heardAt = this.#clock.now();
    });
    socket.on('message', () => {
      watched.heardAt = this.#clock.now();
      watched.frameCount += 1;
      if (watched.frameCount > 2 * watched.framesMax) socket.terminate();
      else if (watched.frameCount > watched.framesMax) socket.close(POLICY_VIOLATION, 'too many frames');
    });
    socket.on('close', () => this.#watched.delete(socket));
    this.#driver.wake();
  }

  /** Nobody is pinged after this. */
  close(): void {
    this.#driver.stop();
  }

  #turn(now: Instant): void {
    if (this.#nextAt <= now) for (const [socket, watched] of this.#watched) this.#beat(socket, watched, now);
    if (this.#watched.size === 0) this.#nextAt = NEVER;
    else if (this.#nextAt <= now || this.#nextAt === NEVER) this.#nextAt = now + this.#intervalMs;
  }

  #beat(socket: WebSocket, watched: Watched, now: Instant): void {
    watched.frameCount = 0;
    if (now - watched.heardAt >= this.#deadAfterMs) {
      socket.terminate();
    } else if (socket.readyState === socket.OPEN) {
      socket.ping();
      watched.beat?.();
    }
  }
}
