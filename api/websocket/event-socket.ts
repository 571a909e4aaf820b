import type { WebSocket } from 'ws';
import type { Principal } from '../../core/command.ts';
import type { Directory } from '../../core/directory/directory.ts';
import type { Cursor, Journal } from '../../core/journal.ts';
import type { FaultCode } from '../../core/kernel/fault.ts';
import type { CustomerId } from '../../core/kernel/ids.ts';
import type { EventTexts } from './event-texts.ts';
import { customerOf, type Topic, topicOf } from './topic.ts';

/** Topics of one socket. */
const TOPICS_MAX = 100;
/** Events handed to one socket before the others have their turn. */
const EVENTS_PER_TURN = 64;
/** What may wait for a reader; beyond it the socket is not fed, and goes on where it was when half of it has left. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** Answers to a client that asks and does not read. */
const ANSWERS_BYTES_MAX = 2 * WAITING_BYTES_MAX;

const TOPIC_CHARACTERS_SHOWN = 200;

/** RFC 6455 §7.4.1: the message breaks the rules of whoever received it. */
const POLICY_VIOLATION = 1008;

/** What is left to say after a turn: nothing, more at once, or more when the reader has taken what it was given. */
export type Feeding = 'done' | 'more' | 'full';

export interface EventSocketParts {
  readonly socket: WebSocket;
  readonly journal: Journal;
  readonly directory: Directory;
  readonly texts: EventTexts;
  /** Whether it speaks `tandem.events.v1`; else the frames of the reference. */
  readonly isNumbered: boolean;
  /** Told when its topics changed, and when a reader who was full can be fed again. */
  readonly changed: (socket: EventSocket) => void;
}

/** One client that is told of events: its topics, and how far in the journal it is. */
export class EventSocket {
  readonly #parts: EventSocketParts;
  readonly #topics = new Map<string, Topic>();
  readonly #cursors = new Map<CustomerId, Cursor>();
  #principal: Principal;
  #isFull = false;

  constructor(parts: EventSocketParts, principal: Principal) {
    this.#parts = parts;
    this.#principal = principal;
  }

  /** Customers whose events it reads. */
  get customerIds(): Iterable<CustomerId> {
    return this.#cursors.keys();
  }

  /** One frame of the client. What is wrong with it changes nothing. */
  receive(text: string): void {
    const frame = frameOf(text);
    const defect = defectOf(frame);
    if (frame === undefined || defect !== undefined) this.#refuse(defect!);
    else if (frame['type'] === 'unsubscribe') this.#unsubscribe(frame['topics'] as unknown[]);
    else this.#subscribe(frame['topics'] as unknown[], frame['after'] as number | undefined);
  }

  /** Hands over events until there are none, the reader is full, or others have their turn. */
  feed(): Feeding {
    for (let count = 0; count < EVENTS_PER_TURN; count++) {
      if (this.#parts.socket.bufferedAmount >= WAITING_BYTES_MAX) {
        this.#isFull = true;
        return 'full';
      }
      if (!this.#hasToldNext()) return 'done';
    }
    return 'more';
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Who it is was proved anew. Cut off when the rights do not suffice any more. */
  renew(principal: Principal | undefined): void {
    if (principal !== undefined) {
      this.#principal = principal;
      const isAllowed = (topic: Topic): boolean => customerOf(topic, principal, this.#parts.directory) !== undefined;
      if ([...this.#topics.values()].every(isAllowed)) return;
    }
    this.#parts.socket.close(POLICY_VIOLATION, 'the credentials do not hold any more');
  }

  #subscribe(texts: readonly unknown[], after: number | undefined): void {
    const { isNumbered, journal } = this.#parts;
    const wanted = this.#wantedBy(texts);
    if ('reason' in wanted) {
      this.#refuse(wanted);
      return;
    }
    for (const { topic, customerId } of wanted) {
      this.#topics.set(topic.text, topic);
      // Numbers are known to those alone who are told them.
      const start = isNumbered ? after : undefined;
      if (start !== undefined || !this.#cursors.has(customerId)) {
        this.#cursors.set(customerId, journal.cursor(customerId, start));
      }
    }
    this.#acknowledge();
  }

  /** All of the topics, or what is wrong with the first that is not to be had. */
  #wantedBy(texts: readonly unknown[]): readonly Wanted[] | Defect {
    const found: Wanted[] = [];
    const customers = new Set(this.#cursors.keys());
    for (const text of texts) {
      const topic = topicOf(text);
      if (topic === undefined) return noTopic(text);
      const customerId = customerOf(topic, this.#principal, this.#parts.directory);
      if (customerId === undefined) {
        return { reason: 'PERMISSION_DENIED', topic: topic.text, message: 'these events are not yours to read' };
      }
      // A number means nothing without its customer.
      if (this.#parts.isNumbered && customers.size > 0 && !customers.has(customerId)) {
        return invalid('expected topics of one customer on one connection', topic.text);
      }
      customers.add(customerId);
      found.push({ topic, customerId });
    }
    const names = new Set([...this.#topics.keys(), ...found.map(({ topic }) => topic.text)]);
    return names.size > TOPICS_MAX ? invalid(`topics: expected at most ${TOPICS_MAX} on one connection`) : found;
  }

  #unsubscribe(texts: readonly unknown[]): void {
    const wrong = texts.find((text) => topicOf(text) === undefined);
    if (wrong !== undefined) {
      this.#refuse(noTopic(wrong));
      return;
    }
    for (const text of texts) this.#topics.delete(topicOf(text)!.text);
    const left = new Set<CustomerId | undefined>();
    for (const topic of this.#topics.values()) left.add(customerOf(topic, this.#principal, this.#parts.directory));
    for (const customerId of this.#cursors.keys()) if (!left.has(customerId)) this.#cursors.delete(customerId);
    this.#acknowledge();
  }

  #acknowledge(): void {
    const { isNumbered, journal } = this.#parts;
    const number = this.#cursors.values().next().value?.position ?? 0;
    if (isNumbered)
      this.#answer({ type: 'subscribed', topics: [...this.#topics.keys()], epoch: journal.epoch, number });
    this.#parts.changed(this);
  }

  /** The reference knows no answer: it closes. */
  #refuse(defect: Defect): void {
    if (this.#parts.isNumbered) this.#answer({ type: 'refused', ...defect });
    else this.#parts.socket.close(POLICY_VIOLATION, defect.message);
  }

  #answer(frame: object): void {
    if (this.#parts.socket.bufferedAmount > ANSWERS_BYTES_MAX) this.#parts.socket.terminate();
    else this.#send(JSON.stringify(frame));
  }

  #hasToldNext(): boolean {
    for (const cursor of this.#cursors.values()) {
      const reading = cursor.poll();
      if (reading === undefined) continue;
      const { isNumbered, texts } = this.#parts;
      if (reading.kind === 'lagged') {
        if (isNumbered) this.#send(JSON.stringify({ type: 'lagged', from: reading.from, to: reading.to }));
        return true;
      }
      const event = texts.of(reading.event);
      const text = isNumbered ? event.numbered : event.bare;
      if (text !== undefined && event.topics.some((topic) => this.#isWanted(topic))) this.#send(text);
      return true;
    }
    return false;
  }

  #isWanted(published: string): boolean {
    for (const wanted of this.#topics.keys()) if (published.startsWith(wanted)) return true;
    return false;
  }

  #send(text: string): void {
    this.#parts.socket.send(text, this.#written);
  }

  readonly #written = (): void => {
    if (!this.#isFull || this.#parts.socket.bufferedAmount > WAITING_BYTES_MAX / 2) return;
    this.#isFull = false;
    this.#parts.changed(this);
  };
}

interface Wanted {
  readonly topic: Topic;
  readonly customerId: CustomerId;
}

/** Why a frame is refused; `topic` is '' when it is no topic's fault. */
interface Defect {
  readonly reason: FaultCode;
  readonly topic: string;
  readonly message: string;
}

function invalid(message: string, topic = ''): Defect {
  return { reason: 'INVALID_ARGUMENT', topic, message };
}

function noTopic(text: unknown): Defect {
  const shown = typeof text === 'string' ? text.slice(0, TOPIC_CHARACTERS_SHOWN) : '';
  return invalid('expected a topic: customer_id or agent_id, its id, a resource, its id, with colons between', shown);
}

function defectOf(frame: Record<string, unknown> | undefined): Defect | undefined {
  if (frame === undefined) return { reason: 'INVALID_JSON_BODY', topic: '', message: 'expected a JSON object' };
  const { type, topics, after } = frame;
  if (type !== 'subscribe' && type !== 'unsubscribe') return invalid('type: expected subscribe or unsubscribe');
  if (!Array.isArray(topics) || topics.length === 0 || topics.length > TOPICS_MAX) {
    return invalid(`topics: expected a list of 1 to ${TOPICS_MAX} topics`);
  }
  const isNumber = Number.isSafeInteger(after) && (after as number) >= 0;
  return after === undefined || isNumber ? undefined : invalid('after: expected the number of an event, or 0');
}

function frameOf(text: string): Record<string, unknown> | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    return typeof frame === 'object' && frame !== null && !Array.isArray(frame)
      ? (frame as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined; // What is wrong with it does not matter to whoever has sent it.
  }
}
