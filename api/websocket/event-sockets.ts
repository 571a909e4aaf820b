import type { WebSocket } from 'ws';
import type { Principal } from '../../core/command.ts';
import type { Directory } from '../../core/directory/directory.ts';
import type { Cursor, Journal } from '../../core/journal.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import { Driver } from '../../core/kernel/driver.ts';
import type { CustomerId } from '../../core/kernel/ids.ts';
import { NEVER } from '../../core/kernel/time.ts';
import { EventSocket } from './event-socket.ts';
import { EventTexts } from './event-texts.ts';

export interface EventSocketsOptions {
  readonly journal: Journal;
  readonly directory: Directory;
  readonly clock: Clock;
}

/**
 * Everybody who is told of events over WebSocket. `notify` after each drain of the core: who reads a customer with new
 * events is fed, a slice each, until all have read everything or wait for their network.
 */
export class EventSockets {
  readonly #options: EventSocketsOptions;
  readonly #texts = new EventTexts();
  readonly #sockets = new Set<EventSocket>();
  readonly #readers = new Map<CustomerId, Set<EventSocket>>();
  /** Sockets that may have something to read. */
  readonly #ready = new Set<EventSocket>();
  readonly #driver: Driver;
  /** Tells which customers have new events. */
  #news: Cursor;

  constructor(options: EventSocketsOptions) {
    this.#options = options;
    this.#news = options.journal.cursorOverAll();
    this.#driver = new Driver(
      options.clock,
      () => this.#turn(),
      () => (this.#ready.size > 0 ? 0 : NEVER),
    );
  }

  get socketCount(): number {
    return this.#sockets.size;
  }

  /** Takes over an open socket. What is returned renews who it belongs to, undefined when nobody is proved any more. */
  add(socket: WebSocket, by: Principal, isNumbered: boolean): (principal: Principal | undefined) => void {
    const { journal, directory } = this.#options;
    const changed = (one: EventSocket): void => this.#changed(one);
    const client = new EventSocket({ socket, journal, directory, texts: this.#texts, isNumbered, changed }, by);
    this.#sockets.add(client);
    socket.on('message', (bytes, isBinary) => {
      if (socket.readyState === socket.OPEN) client.receive(isBinary ? '' : bytes.toString());
    });
    socket.on('close', () => this.#remove(client));
    return (principal) => client.renew(principal);
  }

  /** The journal may have grown. */
  notify(): void {
    if (this.#options.journal.sequence === this.#news.position) return;
    if (this.#readers.size === 0) this.#news = this.#options.journal.cursorOverAll();
    else this.#driver.wake();
  }

  /** Nobody is fed after this. */
  close(): void {
    this.#driver.stop();
  }

  #turn(): void {
    for (let news = this.#news.poll(); news !== undefined; news = this.#news.poll()) {
      const readers = news.kind === 'event' ? (this.#readers.get(news.event.customerId) ?? []) : this.#sockets;
      for (const reader of readers) if (!reader.isFull) this.#ready.add(reader);
    }
    for (const socket of this.#ready) if (socket.feed() !== 'more') this.#ready.delete(socket);
  }

  #changed(socket: EventSocket): void {
    if (!this.#sockets.has(socket)) return;
    this.#forget(socket);
    for (const customerId of socket.customerIds) {
      const readers = this.#readers.get(customerId) ?? new Set();
      this.#readers.set(customerId, readers.add(socket));
    }
    if (!socket.isFull) this.#ready.add(socket);
    this.#driver.wake();
  }

  #remove(socket: EventSocket): void {
    this.#sockets.delete(socket);
    this.#ready.delete(socket);
    this.#forget(socket);
  }

  #forget(socket: EventSocket): void {
    for (const [customerId, readers] of this.#readers) {
      if (readers.delete(socket) && readers.size === 0) this.#readers.delete(customerId);
    }
  }
}
