import type { TraceEntry } from '../api/backend.ts';
import type { Cursor, Journal } from '../core/journal.ts';
import type { Clock } from '../core/kernel/clock.ts';
import type { TransportAddress } from '../core/ports.ts';

/** Listeners to everything that is said over SIP and everything that happens. Costs nothing while nobody listens. */
export class TraceTap {
  readonly #listeners = new Set<(entry: TraceEntry) => void>();
  readonly #journal: Journal;
  #cursor: Cursor;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#cursor = journal.cursorOverAll();
  }

  /** Adds a listener, and returns what removes it. */
  listen(listener: (entry: TraceEntry) => void): () => void {
    if (this.#listeners.size === 0) this.#cursor = this.#journal.cursorOverAll();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  message(kind: 'received' | 'sent', peer: TransportAddress, bytes: Uint8Array, clock: Clock): void {
    if (this.#listeners.size === 0) return;
    const host = peer.address.includes(':') ? `[${peer.address}]` : peer.address;
    const at = clock.wallTime();
    this.#tell({
      at,
      kind,
      peer: `${peer.transport} ${host}:${peer.port}`,
      text: withoutKeys(Buffer.from(bytes).toString('utf8')),
    });
  }

  /** Tells the events since the last call. */
  events(): void {
    if (this.#listeners.size === 0) return;
    for (let reading = this.#cursor.poll(); reading !== undefined; reading = this.#cursor.poll()) {
      if (reading.kind === 'lagged') continue;
      const { at, customerId, number, body } = reading.event;
      this.#tell({ at, kind: 'event', peer: customerId, text: `${body.type} ${number}` });
    }
  }

  #tell(entry: TraceEntry): void {
    for (const listener of this.#listeners) listener(entry);
  }
}

/** Keys of SRTP are for who talks to each other (RFC 4568 §6.1): the trace shows that there is one. */
function withoutKeys(text: string): string {
  return text.replace(/\binline:[a-z0-9+/=]+/gi, 'inline:…');
}
