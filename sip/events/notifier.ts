import type { Directory } from '../../core/directory/directory.ts';
import type { Extension } from '../../core/directory/records.ts';
import { assert } from '../../core/kernel/assert.ts';
import type { Calendar } from '../../core/kernel/clock.ts';
import { DeadlineHeap } from '../../core/kernel/deadline-heap.ts';
import { type CustomerId, type ExtensionId, hexToken, type LegId } from '../../core/kernel/ids.ts';
import { LiveMap } from '../../core/kernel/live-map.ts';
import type { Random } from '../../core/kernel/random.ts';
import type { Instant } from '../../core/kernel/time.ts';
import type { TransportAddress } from '../../core/ports.ts';
import { isParkSlot, parkPlaceOf, parkSlotId } from '../../core/routing/park-slot.ts';
import { ConnectionUsers } from '../dialog/connection-users.ts';
import { Dialog } from '../dialog/dialog.ts';
import type { InviteSession } from '../dialog/invite-session.ts';
import type { Flow } from '../dialog/next-hop.ts';
import { contactField, type Field } from '../dialog/session-messages.ts';
import type { Request, Response, Uri } from '../message.ts';
import type { SignalingCommand } from '../signaling.ts';
import type { Arrival, SentBy, TransactionId, TransactionLayer } from '../transaction/transaction-layer.ts';
import { decided } from '../transaction/transition.ts';
import type { Objection } from '../user-agent/objection.ts';
import { ownCopy } from '../user-agent/own-copy.ts';
import { respond } from '../writer.ts';
import type { WaitingMessages } from './documents.ts';
import { readSubscribe, type Wish } from './subscribe-request.ts';
import { Subscription, type Watched } from './subscription.ts';
import {
  SUBSCRIPTION_TIMERS,
  SUBSCRIPTION_TRANSITIONS,
  type SubscriptionAction,
  type SubscriptionEvent,
} from './subscription-table.ts';
import type { DialogSight } from './watched-dialogs.ts';
import { WatchedSlots } from './watched-slots.ts';

/** Whose dialogs can be watched. */
export interface DialogSource {
  watch(extensionId: ExtensionId): void;
  unwatch(extensionId: ExtensionId): void;
  dialogsOf(extensionId: ExtensionId): readonly DialogSight[];
  /** The session of a leg that is not over. */
  get(leg: LegId): InviteSession | undefined;
}

export interface NotifierParts {
  readonly directory: Directory;
  readonly layer: TransactionLayer;
  readonly dialogs: DialogSource;
  readonly calendar: Calendar;
  readonly random: Random;
  /** Product name for User-Agent and Server. */
  readonly userAgent: string;
  readonly contactFor: (peer: Arrival['source'], localPort: number | undefined) => SentBy;
  /** Messages that wait for an extension; none when left out. */
  readonly messagesOf?: (extensionId: ExtensionId) => WaitingMessages;
  readonly limits?: SubscriptionLimits;
}

/** All subscriptions, those of one watcher, and those to one phone. */
export interface SubscriptionLimits {
  readonly total: number;
  readonly ofWatcher: number;
  readonly toWatched: number;
}

const LIMITS: SubscriptionLimits = { total: 100_000, ofWatcher: 500, toWatched: 200 };
const NO_MESSAGES: WaitingMessages = { unheard: 0, heard: 0 };
const RETRY_AFTER: Field = ['Retry-After', '60'];
/** Responses to a NOTIFY that end the subscription (RFC 6665 §4.2.2, RFC 5057 §5.1). */
const NOBODY_LISTENS: ReadonlySet<number> = new Set([404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604]);

/** Tells watchers what becomes of phones: the notifier of RFC 6665 §4.2, with the packages of `packages.ts`. */
export class Notifier {
  readonly #parts: NotifierParts;
  readonly #limits: SubscriptionLimits;
  readonly #byDialog = new LiveMap<string, Subscription>();
  readonly #users = new ConnectionUsers<Subscription>();
  readonly #slots = new WatchedSlots();
  readonly #byWatched = new LiveMap<Watched, Set<Subscription>>();
  /** Oldest first. */
  readonly #byWatcher = new LiveMap<ExtensionId, Set<Subscription>>();
  /** NOTIFYs under way. */
  readonly #requests = new LiveMap<TransactionId, Subscription>();
  readonly #deadlines = new DeadlineHeap<Subscription>();
  #sentCount = 0;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
    this.#limits = parts.limits ?? LIMITS;
  }

  get subscriptionCount(): number {
    return this.#byDialog.size;
  }

  /** NOTIFYs that were sent, without their repetitions. */
  get sentCount(): number {
    return this.#sentCount;
  }

  get timersArmed(): number {
    return this.#deadlines.size;
  }

  /** A SUBSCRIBE outside a dialog, of an extension that has proven to be it. */
  receive(arrival: Arrival, transaction: TransactionId, watcher: Extension, now: Instant): void {
    const { request } = arrival;
    const wish = readSubscribe(request);
    const begun = 'status' in wish ? wish : this.#begin(arrival, watcher, wish);
    if (!(begun instanceof Subscription)) this.#refuse(transaction, request, begun, now);
    else this.#subscribe(begun, arrival, transaction, { wish: wish as Wish, now });
  }

  /** The subscription whose dialog this request names. */
  find(request: Request): Subscription | undefined {
    const subscription = this.#byDialog.get(keyOf(request.callId, request.toTag));
    return subscription?.dialog.remoteTag === request.fromTag ? subscription : undefined;
  }

  /** A SUBSCRIBE in the dialog of a subscription: more time, or none. */
  receiveInDialog(subscription: Subscription, arrival: Arrival, transaction: TransactionId, now: Instant): void {
    const { request, source, localPort } = arrival;
    if (subscription.dialog.accept(request) === 'out of order') {
      this.#refuse(transaction, request, { status: 500, fields: [] }, now);
      return;
    }
    const wish = readSubscribe(request);
    if ('status' in wish) this.#refuse(transaction, request, wish, now);
    else {
      subscription.dialog.refresh(request, { remote: source, localPort });
      this.#users.follow(subscription, subscription.dialog.connectionKey);
      this.#subscribe(subscription, arrival, transaction, { wish, now });
    }
  }

  receiveResponse(transaction: TransactionId, { status }: Response, now: Instant): void {
    const subscription = status < 200 ? undefined : this.#requests.get(transaction);
    if (subscription === undefined) return;
    this.#requests.delete(transaction);
    const event = status < 300 ? 'delivered' : NOBODY_LISTENS.has(status) ? 'lost' : 'refused';
    this.#handle(subscription, event, now);
  }

  requestFailed(transaction: TransactionId, now: Instant): void {
    const subscription = this.#requests.get(transaction);
    if (subscription === undefined) return;
    this.#requests.delete(transaction);
    this.#handle(subscription, 'lost', now);
  }

  /** This connection is gone: who watches over it is told over another, or subscribes anew (RFC 6665 §4.2.2). */
  connectionLost(remote: TransportAddress, flowOf: (contact: Uri) => Flow | undefined, now: Instant): void {
    for (const subscription of this.#users.of(remote)) {
      const { dialog } = subscription;
      this.#requests.delete(subscription.transaction);
      const hop = dialog.leaveConnection(remote, flowOf);
      this.#users.follow(subscription, dialog.connectionKey);
      this.#handle(subscription, hop === undefined ? 'lost' : 'rerouted', now);
    }
  }

  /** Somebody can be reached or not, or waits in a slot or not. */
  execute(command: Extract<SignalingCommand, { kind: 'reachability' | 'slot' }>, now: Instant): void {
    if (command.kind === 'reachability') {
      this.moved(command.extensionId, now);
      return;
    }
    const { slot, parked } = command;
    const session = parked && this.#parts.dialogs.get(parked.leg);
    if (parked !== undefined && session !== undefined) this.#slots.put(slot, parked, session);
    else this.#slots.end(slot);
    if (this.#byWatched.has(slot)) this.moved(slot, now);
    else this.#slots.unwatch(slot);
  }

  /** The dialogs of what is watched, its registration, or the messages that wait for it, look otherwise. */
  moved(watched: Watched, now: Instant): void {
    for (const subscription of this.#byWatched.get(watched) ?? []) this.#handle(subscription, 'moved', now);
  }

  /** Acts on one due timer. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const subscription = this.#deadlines.takeDue(now);
    if (subscription === undefined) return;
    subscription.deadline = undefined;
    this.#handle(subscription, 'timerExpires', now);
  }

  deadline(): Instant {
    return this.#deadlines.next();
  }

  /** A new subscription, or why there is none: watchers see the phones and slots of their own customer. */
  #begin({ request, source, localPort }: Arrival, watcher: Extension, { kind, event }: Wish): Subscription | Objection {
    const { directory, random } = this.#parts;
    const { user, host } = request.uri;
    const customer = directory.customerForHost(host);
    const watched = customer?.id === watcher.customerId ? this.#watchedAs(watcher.customerId, user) : undefined;
    if (watched === undefined) return { status: 404, fields: [] };
    if (kind.isPrivate && watched !== watcher.id) return { status: 403, fields: [] };
    if (request.contacts.length !== 1) return { status: 400, fields: [] };
    const { total, ofWatcher, toWatched } = this.#limits;
    const own = this.#byWatcher.get(watcher.id);
    const isFull = this.#byDialog.size >= total || (this.#byWatched.get(watched)?.size ?? 0) >= toWatched;
    if (isFull) return { status: 503, fields: [RETRY_AFTER] };
    // A phone that was restarted subscribes anew, and knows nothing of what it had.
    if (own !== undefined && own.size >= ofWatcher) for (const oldest of [...own].slice(0, 1)) this.#forget(oldest);
    const dialog = Dialog.fromRequest(request, hexToken(random, 8), { remote: source, localPort });
    const parts = { dialog, watcher: watcher.id, watched, kind, event: ownCopy(event) };
    const subscription = new Subscription({ ...parts, user: ownCopy(user), host: ownCopy(host) });
    this.#keep(subscription);
    return subscription;
  }

  /** Extensions come before slots. */
  #watchedAs(customerId: CustomerId, user: string): Watched | undefined {
    const place = parkPlaceOf(user);
    const slot = typeof place === 'number' ? parkSlotId(customerId, place) : undefined;
    return this.#parts.directory.extensionByName(customerId, user)?.id ?? slot;
  }

  #keep(subscription: Subscription): void {
    const { dialog, watcher, watched, kind } = subscription;
    this.#byDialog.set(keyOf(dialog.callId, dialog.localTag), subscription);
    this.#users.follow(subscription, dialog.connectionKey);
    const watchers = addTo(this.#byWatched, watched, subscription);
    addTo(this.#byWatcher, watcher, subscription);
    const isFirst = kind.showsDialogs && [...watchers].filter((other) => other.kind.showsDialogs).length === 1;
    if (isFirst && !isParkSlot(watched)) this.#parts.dialogs.watch(watched);
  }

  #forget(subscription: Subscription): void {
    const { dialog, watcher, watched, kind } = subscription;
    subscription.state = 'ended';
    this.#disarm(subscription);
    this.#byDialog.delete(keyOf(dialog.callId, dialog.localTag));
    this.#users.follow(subscription, '');
    takeFrom(this.#byWatcher, watcher, subscription);
    const watchers = takeFrom(this.#byWatched, watched, subscription);
    const isLast = kind.showsDialogs && ![...watchers].some((other) => other.kind.showsDialogs);
    if (isParkSlot(watched)) {
      if (watchers.size === 0) this.#slots.unwatch(watched);
    } else if (isLast) this.#parts.dialogs.unwatch(watched);
  }

  #subscribe(
    subscription: Subscription,
    { request }: Arrival,
    transaction: TransactionId,
    { wish, now }: { readonly wish: Wish; readonly now: Instant },
  ): void {
    const asked = { request, transaction, expiresS: wish.expiresS };
    this.#handle(subscription, wish.expiresS === 0 ? 'unsubscribe' : 'subscribe', now, asked);
  }

  #handle(subscription: Subscription, event: SubscriptionEvent, now: Instant, asked?: Asked): void {
    // One that gave way to a newer one may still have a NOTIFY under way.
    if (subscription.state === 'ended') return;
    const step = decided(SUBSCRIPTION_TRANSITIONS[subscription.state][event], event, subscription.state);
    if (step === undefined) return;
    subscription.state = step.next;
    for (const action of step.actions) this.#perform(subscription, action, now, asked);
    if (SUBSCRIPTION_TIMERS[step.next].length === 0) this.#disarm(subscription);
    if (step.next === 'ended') this.#forget(subscription);
  }

  #perform(subscription: Subscription, action: SubscriptionAction, now: Instant, asked?: Asked): void {
    switch (action) {
      case 'grant':
        assert(asked !== undefined, 'a SUBSCRIBE is answered');
        this.#grant(subscription, asked, now);
        break;
      case 'notify':
        this.#notify(subscription, `active;expires=${Math.ceil((subscription.expiresAt - now) / 1000)}`, now);
        break;
      case 'notifyLast':
        this.#notify(subscription, 'terminated;reason=timeout', now);
        break;
      case 'sayUnknown':
        assert(asked !== undefined, 'a SUBSCRIBE is answered');
        this.#refuse(asked.transaction, asked.request, { status: 481, fields: [] }, now);
        break;
    }
  }

  #grant(subscription: Subscription, { request, transaction, expiresS }: Asked, now: Instant): void {
    const { dialog } = subscription;
    const fields: Field[] = [this.#contact(dialog), ['Expires', String(expiresS)], ['Server', this.#parts.userAgent]];
    this.#parts.layer.respond(transaction, respond(request, 200, { toTag: dialog.localTag, fields }), now);
    this.#disarm(subscription);
    subscription.expiresAt = now + 1000 * expiresS;
    if (expiresS > 0) subscription.deadline = this.#deadlines.add(subscription.expiresAt, subscription);
  }

  #notify(subscription: Subscription, state: string, now: Instant): void {
    const { layer, userAgent } = this.#parts;
    const { dialog, kind, event } = subscription;
    const body = new TextEncoder().encode(kind.document(this.#sight(subscription, now)));
    subscription.version++;
    const request = dialog.request(
      'NOTIFY',
      [
        this.#contact(dialog),
        ['Event', event],
        ['Subscription-State', state],
        ['User-Agent', userAgent],
        ['Content-Type', kind.contentType],
      ],
      body,
    );
    const { destination, localPort } = dialog.hop();
    subscription.transaction = layer.request(request, destination, localPort, now);
    this.#requests.set(subscription.transaction, subscription);
    this.#sentCount++;
  }

  #sight({ watched, user, host, version, kind }: Subscription, now: Instant) {
    const { directory, dialogs, calendar, messagesOf } = this.#parts;
    const seen = { user, host, version };
    if (isParkSlot(watched)) {
      return { ...seen, isRegistered: true, messages: NO_MESSAGES, dialogs: this.#slots.of(watched) };
    }
    const isRegistered = directory.bindings(watched, Math.floor(calendar(now))).length > 0;
    const messages = messagesOf?.(watched) ?? NO_MESSAGES;
    return { ...seen, isRegistered, messages, dialogs: kind.showsDialogs ? dialogs.dialogsOf(watched) : [] };
  }

  #refuse(transaction: TransactionId, request: Request, { status, fields }: Objection, now: Instant): void {
    const { layer, random, userAgent } = this.#parts;
    const toTag = hexToken(random, 8);
    layer.respond(transaction, respond(request, status, { toTag, fields: [...fields, ['Server', userAgent]] }), now);
  }

  #contact(dialog: Dialog): Field {
    return contactField(this.#parts.contactFor(dialog.flow.remote, dialog.flow.localPort), dialog.secure);
  }

  #disarm(subscription: Subscription): void {
    if (subscription.deadline !== undefined) this.#deadlines.remove(subscription.deadline);
    subscription.deadline = undefined;
  }
}

/** The SUBSCRIBE that is being answered. */
interface Asked {
  readonly request: Request;
  readonly transaction: TransactionId;
  readonly expiresS: number;
}

function keyOf(callId: string, localTag: string): string {
  return `${callId} ${localTag}`;
}

function addTo<Key, Value>(sets: LiveMap<Key, Set<Value>>, key: Key, value: Value): ReadonlySet<Value> {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(value));
  return set;
}

function takeFrom<Key, Value>(sets: LiveMap<Key, Set<Value>>, key: Key, value: Value): ReadonlySet<Value> {
  const set = sets.get(key) ?? new Set();
  set.delete(value);
  if (set.size === 0) sets.delete(key);
  return set;
}
