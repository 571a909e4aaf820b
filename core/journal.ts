import type { EventBody } from './event.ts';
import type { CustomerId } from './kernel/ids.ts';
import { LIMITS } from './kernel/limits.ts';
import type { WallTime } from './kernel/time.ts';

/** Something that has happened, as the journal keeps it. */
export interface JournalEvent {
  readonly customerId: CustomerId;
  /** Counts per customer from 1, without holes. */
  readonly number: number;
  /** Counts over all customers from 1, without holes. */
  readonly sequence: number;
  readonly at: WallTime;
  readonly body: EventBody;
}

/** What a cursor reads: the next event, or that the numbers `from` to `to` were dropped before they were read. */
export type JournalReading =
  | { readonly kind: 'event'; readonly event: JournalEvent }
  | { readonly kind: 'lagged'; readonly from: number; readonly to: number };

export interface JournalOptions {
  /** Tells this history from any other: a number means nothing in another epoch. */
  readonly epoch: string;
  readonly eventsPerCustomerMax?: number;
  readonly eventsMax?: number;
}

/**
 * Everything observable, numbered per customer. There is no second path of notification: who wants to know holds a
 * cursor and polls it. Memory is bounded; a busy customer drops its own history first, and when the whole is full
 * the customer who has been quiet longest loses its oldest event.
 */
export class Journal {
  readonly epoch: string;
  readonly #eventsPerCustomerMax: number;
  readonly #eventsMax: number;
  readonly #overAllMax: number;
  /** In order of the last append: the first has been quiet longest. */
  readonly #histories = new Map<CustomerId, History>();
  readonly #all: History;
  /** Whose history stands last. */
  #newest: CustomerId | undefined;
  #eventCount = 0;
  #droppedCount = 0;

  constructor(options: JournalOptions) {
    this.epoch = options.epoch;
    this.#eventsPerCustomerMax = options.eventsPerCustomerMax ?? LIMITS.journalEventsPerCustomerMax;
    this.#eventsMax = options.eventsMax ?? LIMITS.journalEventsMax;
    this.#overAllMax = Math.min(this.#eventsMax, LIMITS.journalEventsOverAllMax);
    this.#all = new History();
  }

  /** Events appended since the start; grows with every append, so it tells whether there is anything to poll for. */
  get sequence(): number {
    return this.#all.last;
  }

  /** Events in memory that customers' cursors can still read. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** Events dropped to stay within the limits, read or not. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Number of the customer's last event, 0 when there is none. */
  lastNumber(customerId: CustomerId): number {
    return this.#histories.get(customerId)?.last ?? 0;
  }

  /** Number of the new event. */
  append(customerId: CustomerId, body: EventBody, at: WallTime): number {
    const history = this.#histories.get(customerId) ?? new History();
    const number = history.last + 1;
    const event: JournalEvent = { customerId, number, sequence: this.#all.last + 1, at, body };
    if (this.#newest !== customerId) {
      this.#newest = customerId;
      this.#histories.delete(customerId);
      this.#histories.set(customerId, history);
    }
    history.push(event);
    this.#all.push(event);
    this.#eventCount += 1;
    if (history.size > this.#eventsPerCustomerMax) this.#drop(history);
    if (this.#eventCount > this.#eventsMax) this.#drop(this.#quietest());
    if (this.#all.size > this.#overAllMax) this.#all.dropOldest();
    return number;
  }

  /** Reads a customer's events after the number `after`, or from now on without it. */
  cursor(customerId: CustomerId, after?: number): Cursor {
    const read = (): History | undefined => this.#histories.get(customerId);
    return new Cursor(read, startingAfter(after, this.lastNumber(customerId)));
  }

  /** Reads everybody's events after the sequence `after`, or from now on without it; numbers are sequences. */
  cursorOverAll(after?: number): Cursor {
    return new Cursor(() => this.#all, startingAfter(after, this.#all.last));
  }

  #drop(history: History): void {
    history.dropOldest();
    this.#eventCount -= 1;
    this.#droppedCount += 1;
  }

  /** An emptied history stays for its number, behind the others, where it is not looked at again. */
  #quietest(): History {
    for (const [customerId, history] of this.#histories) {
      if (history.size > 0) return history;
      this.#histories.delete(customerId);
      this.#histories.set(customerId, history);
      this.#newest = customerId;
    }
    throw new RangeError('a journal above its limit holds an event');
  }
}

/** A number from the future belongs to another epoch: there is nothing to catch up with. */
function startingAfter(after: number | undefined, last: number): number {
  return after === undefined ? last : Math.max(0, Math.min(after, last));
}

/** A place in the journal. Forward only; costs nothing while it is not polled. */
export class Cursor {
  readonly #read: () => History | undefined;
  #position: number;

  constructor(read: () => History | undefined, position: number) {
    this.#read = read;
    this.#position = position;
  }

  /** Number last read. */
  get position(): number {
    return this.#position;
  }

  /** The next event, a gap, or undefined when everything was read. */
  poll(): JournalReading | undefined {
    const history = this.#read();
    if (history === undefined || this.#position >= history.last) return undefined;
    const next = this.#position + 1;
    if (next < history.first) {
      this.#position = history.first - 1;
      return { kind: 'lagged', from: next, to: this.#position };
    }
    this.#position = next;
    return { kind: 'event', event: history.at(next) };
  }
}

/** A row of events whose numbers follow each other, oldest dropped first. */
class History {
  #slots: (JournalEvent | undefined)[] = new Array(8);
  /** Number of the oldest event held; one above `last` when none is. */
  #first = 1;
  #last = 0;

  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#last;
  }

  get size(): number {
    return this.#last - this.#first + 1;
  }

  at(number: number): JournalEvent {
    return this.#slots[number % this.#slots.length]!;
  }

  push(event: JournalEvent): void {
    if (this.size === this.#slots.length) this.#grow();
    this.#last += 1;
    this.#slots[this.#last % this.#slots.length] = event;
  }

  dropOldest(): void {
    this.#slots[this.#first % this.#slots.length] = undefined;
    this.#first += 1;
  }

  #grow(): void {
    const slots = new Array<JournalEvent | undefined>(this.#slots.length * 2);
    for (let number = this.#first; number <= this.#last; number++) slots[number % slots.length] = this.at(number);
    this.#slots = slots;
  }
}
