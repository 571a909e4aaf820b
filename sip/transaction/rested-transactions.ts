import { PackedTable, type TextForm } from '../../core/kernel/packed-table.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import type { Message } from '../message.ts';
import type { TransactionId, TransactionKind } from './entry.ts';
import type { LayerOutput } from './layer-output.ts';
import { Rests } from './rests.ts';

/** What is left of a transaction that only absorbs repetitions. */
export interface RestedTransaction {
  readonly id: TransactionId;
  readonly kind: TransactionKind;
  readonly destination: TransportAddress;
  readonly localPort: number | undefined;
  /** '' for none. */
  readonly mergeKey: string;
  /** What its user left for the day that something comes of it after all. */
  readonly note: string;
  /** What is sent again for each repetition; none for nothing. */
  readonly bytes: Uint8Array;
}

/**
 * Transactions at rest. There are a dozen for each call of the last half minute and they are hardly ever looked at, so
 * they lie outside the heap.
 */
export class RestedTransactions {
  readonly #byKey = new PackedTable<RestedTransaction>(FORM, 0);
  readonly #merges = new PackedTable<string>({ encode: (text) => text, decode: (text) => text }, 0);
  /** Slots of `#byKey`. */
  readonly #ends = new Rests<number>();
  #serverCount = 0;
  retransmissions = 0;

  get size(): number {
    return this.#byKey.size;
  }

  get serverCount(): number {
    return this.#serverCount;
  }

  /** It rests until `at`, or up to a second longer. No other with its key may rest. */
  add(key: string, rested: RestedTransaction, at: Instant): void {
    this.#ends.add(at, this.#byKey.set(key, rested));
    if (rested.mergeKey !== '') this.#merges.set(rested.mergeKey, '');
    if (isServer(rested)) this.#serverCount++;
  }

  get(key: string): RestedTransaction | undefined {
    return this.#byKey.size === 0 ? undefined : this.#byKey.get(key);
  }

  /**
   * What is said to a message that belongs to the one with this key: the same as before, or that its user has to look
   * at it. Undefined when no such one rests; an ACK of a 2xx is its user's in any case.
   */
  receive(key: string, message: Message): LayerOutput | 'nothing' | undefined {
    const rested = this.get(key);
    if (rested === undefined) return undefined;
    const { destination, localPort, bytes, note } = rested;
    if (message.type === 'request') {
      if (message.method === 'ACK' && note !== '') return undefined;
    } else if (message.status < 300) {
      return note === '' || message.status < 200 ? 'nothing' : { kind: 'late', key, note, response: message };
    }
    if (bytes.length === 0) return 'nothing';
    this.retransmissions++;
    return { kind: 'send', destination, localPort, bytes };
  }

  /** Leaves another note with the one that has this key. */
  leaveNote(key: string, note: string): void {
    const rested = this.#byKey.get(key);
    if (rested !== undefined) this.#byKey.set(key, { ...rested, note });
  }

  isMerged(mergeKey: string): boolean {
    return this.#merges.has(mergeKey);
  }

  /** When the next one ends, or `NEVER`. */
  next(): Instant {
    return this.#ends.next();
  }

  /** Removes and returns one that has ended, if any. */
  takeDue(now: Instant): RestedTransaction | undefined {
    const slot = this.#ends.takeDue(now);
    if (slot === undefined) return undefined;
    const key = this.#byKey.keyAt(slot);
    const rested = this.#byKey.get(key)!;
    this.#byKey.delete(key);
    if (rested.mergeKey !== '') this.#merges.delete(rested.mergeKey);
    if (isServer(rested)) this.#serverCount--;
    return rested;
  }
}

function isServer({ kind }: RestedTransaction): boolean {
  return kind === 'inviteServer' || kind === 'nonInviteServer';
}

type Columns = readonly [
  id: TransactionId,
  kind: TransactionKind,
  transport: TransportAddress['transport'],
  address: string,
  port: number,
  name: string | null,
  localPort: number | null,
  mergeKey: string,
  note: string,
];

/** A line that tells all but the bytes, and then those: JSON has no line ends of its own. */
const FORM: TextForm<RestedTransaction> = {
  encode({ id, kind, destination, localPort, mergeKey, note, bytes }) {
    const { transport, address, port, name } = destination;
    const columns: Columns = [id, kind, transport, address, port, name ?? null, localPort ?? null, mergeKey, note];
    const line = JSON.stringify(columns);
    return bytes.length === 0 ? line : `${line}\n${bufferOf(bytes).toString('latin1')}`;
  },
  decode(text) {
    const end = text.indexOf('\n');
    const line = end === -1 ? text : text.slice(0, end);
    const [id, kind, transport, address, port, name, localPort, mergeKey, note] = JSON.parse(line) as Columns;
    const destination = { transport, address, port, ...(name === null ? {} : { name }) };
    const bytes = end === -1 ? NO_BYTES : Buffer.from(text.slice(end + 1), 'latin1');
    return { id, kind, destination, localPort: localPort ?? undefined, mergeKey, note, bytes };
  },
};

const NO_BYTES = new Uint8Array(0);

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
