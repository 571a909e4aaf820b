import { type Address, address } from '../calls/address.ts';
import type { Cause } from '../calls/cause.ts';
import { MAY_CALL } from '../calls/incoming.ts';
import type { Directory } from '../directory/directory.ts';
import type { Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import { type CustomerId, type MessageId, timeOrderedUuid } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Random } from '../kernel/random.ts';
import { type Instant, NEVER } from '../kernel/time.ts';
import type { Caller, DialTarget, MessageOffer, Signaling, SignalingEvent } from '../ports.ts';
import { diallingOf } from '../routing/destination.ts';
import { ownNumber } from '../routing/route.ts';
import type { MessageRecord, MessageTargetStatus } from './message-record.ts';

export interface MessagesPorts {
  readonly directory: Directory;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
  readonly signaling: Signaling;
  /** ISO 3166-1 alpha-2, for national forms of numbers. */
  readonly country?: string;
}

/** A text on its way to the phones of an extension. */
interface Passage {
  readonly offer: MessageOffer;
  readonly record: MessageRecord | undefined;
  /** Deliveries that nobody has answered yet. */
  readonly underWay: Set<number>;
  readonly until: Instant;
  /** What the last phone said that did not take it. */
  cause: Cause;
}

/** The sender gives up after 32 s (RFC 3261 §17.1.2.2), and must hear before. */
const ANSWER_WITHIN_MS = 20_000;
/** Texts on their way at once: all, and those of one customer. */
const PASSAGES_MAX = 1_000;
const OF_CUSTOMER_MAX = 100;

/**
 * Texts between phones (RFC 3428). One to an extension goes to every phone that is registered for it, and is taken when
 * one of them takes it; one to a number of ours is an event and nothing more. Nothing is kept for later: who is not
 * there is not there, and the sender is told.
 */
export class Messages {
  readonly #ports: MessagesPorts;
  readonly #passages = new LiveMap<number, Passage>();
  readonly #byDelivery = new LiveMap<number, Passage>();
  readonly #counts = new Map<CustomerId, number>();
  #lastDelivery = 0;

  constructor(ports: MessagesPorts) {
    this.#ports = ports;
  }

  get liveCount(): number {
    return this.#passages.size;
  }

  receive(event: Extract<SignalingEvent, { kind: 'messaged' | 'messageSettled' }>, now: Instant): void {
    if (event.kind === 'messaged') this.#offered(event, now);
    else this.#settled(event.delivery, event.cause, now);
  }

  /** Tells one sender whose text nobody took in time. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const [passage] = this.#passages.values();
    if (passage === undefined || passage.until > now) return;
    this.#finish(passage, 'no-answer', now);
  }

  /** All wait equally long, so the oldest is the next. */
  deadline(): Instant {
    const [passage] = this.#passages.values();
    return passage?.until ?? NEVER;
  }

  #offered(offer: MessageOffer, now: Instant): void {
    const { directory, calendar, signaling, country = '' } = this.#ports;
    const { customerId } = offer.caller;
    const extension = directory.extensionByName(customerId, offer.toUser);
    const number = ownNumber(directory, customerId, offer.toUser, country);
    const status = directory.customers.get(customerId)?.status;
    if (status === undefined || !MAY_CALL.has(status)) signaling.answerMessage(offer.message, 'forbidden');
    else if (extension !== undefined) {
      const destination = address('extension', extension.extension);
      const bindings = directory.bindings(extension.id, Math.floor(calendar(now)));
      const targets = bindings.map((binding) => diallingOf(destination, extension, binding).target);
      this.#pass(offer, destination, targets, now);
    } else if (number === undefined) signaling.answerMessage(offer.message, 'not-found');
    else {
      this.#tell(this.#recordOf(offer, address('tel', number.number), 'received', now), 'message_created', now);
      signaling.answerMessage(offer.message, undefined);
    }
  }

  #pass(offer: MessageOffer, destination: Address, targets: readonly DialTarget[], now: Instant): void {
    const { signaling } = this.#ports;
    if (targets.length === 0) signaling.answerMessage(offer.message, 'unavailable');
    else if (this.#isFull(offer.caller.customerId)) signaling.answerMessage(offer.message, 'overloaded');
    else {
      const record = this.#recordOf(offer, destination, 'queued', now);
      const deliveries = targets.map(() => ++this.#lastDelivery);
      const until = now + ANSWER_WITHIN_MS;
      this.#begin({ offer, record, underWay: new Set(deliveries), until, cause: 'unavailable' });
      this.#tell(record, 'message_created', now);
      const { fromUser, fromName, toUser, contentType, body } = offer;
      for (const [index, target] of targets.entries()) {
        signaling.sendMessage(deliveries[index]!, { target, fromUser, fromName, toUser, contentType, body });
      }
    }
  }

  #settled(delivery: number, cause: Cause | undefined, now: Instant): void {
    const passage = this.#byDelivery.get(delivery);
    if (passage === undefined) return;
    this.#byDelivery.delete(delivery);
    passage.underWay.delete(delivery);
    if (cause !== undefined) passage.cause = cause;
    if (cause === undefined || passage.underWay.size === 0) this.#finish(passage, cause && passage.cause, now);
  }

  #begin(passage: Passage): void {
    const { customerId } = passage.offer.caller;
    this.#passages.set(passage.offer.message, passage);
    this.#counts.set(customerId, (this.#counts.get(customerId) ?? 0) + 1);
    for (const delivery of passage.underWay) this.#byDelivery.set(delivery, passage);
  }

  /** The sender hears what became of it; phones that answer later change nothing. */
  #finish(passage: Passage, cause: Cause | undefined, now: Instant): void {
    const { offer, record, underWay } = passage;
    const { customerId } = offer.caller;
    this.#passages.delete(offer.message);
    for (const delivery of underWay) this.#byDelivery.delete(delivery);
    const left = this.#counts.get(customerId)! - 1;
    if (left === 0) this.#counts.delete(customerId);
    else this.#counts.set(customerId, left);
    this.#ports.signaling.answerMessage(offer.message, cause);
    const updatedAt = this.#ports.calendar(now);
    const status = cause === undefined ? 'delivered' : 'failed';
    this.#tell(record && { ...record, status, updatedAt }, 'message_updated', now);
  }

  #isFull(customerId: CustomerId): boolean {
    return this.#passages.size >= PASSAGES_MAX || (this.#counts.get(customerId) ?? 0) >= OF_CUSTOMER_MAX;
  }

  /** Undefined for what is no text: that somebody is typing is nothing to tell of (RFC 3994). */
  #recordOf(
    offer: MessageOffer,
    destination: Address,
    status: MessageTargetStatus,
    now: Instant,
  ): MessageRecord | undefined {
    if (!offer.contentType.toLowerCase().startsWith('text/')) return undefined;
    const { random, calendar } = this.#ports;
    const createdAt = calendar(now);
    const { caller, fromUser, fromName, body } = offer;
    return {
      id: timeOrderedUuid(random, createdAt) as MessageId,
      customerId: caller.customerId,
      direction: 'inbound',
      source: address(sourceTypeOf(caller), fromUser, fromName),
      destination,
      status,
      text: new TextDecoder().decode(body),
      createdAt,
      updatedAt: null,
      deletedAt: null,
    };
  }

  #tell(message: MessageRecord | undefined, type: 'message_created' | 'message_updated', now: Instant): void {
    const { journal, calendar } = this.#ports;
    if (message !== undefined) journal.append(message.customerId, { type, message }, calendar(now));
  }
}

function sourceTypeOf({ kind }: Caller): Address['type'] {
  return kind === 'extension' ? 'extension' : 'tel';
}
