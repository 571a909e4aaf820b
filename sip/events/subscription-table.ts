import { ignore, never, type Table, to } from '../transaction/transition.ts';

/** Where one subscription is, seen from us, who notify (RFC 6665 §4.2). */
export type SubscriptionState =
  /** The watcher knows what we know. */
  | 'active'
  /** A NOTIFY has no final response yet. */
  | 'notifying'
  /** As notifying, and there is something newer to tell. */
  | 'stale'
  /** It is over; the last NOTIFY waits for the response to the one before. */
  | 'leaving'
  /** The last NOTIFY has no final response yet. */
  | 'closing'
  | 'ended';

export type SubscriptionEvent =
  /** A SUBSCRIBE that asks for time, and one with `Expires: 0`. */
  | 'subscribe'
  | 'unsubscribe'
  /** What is watched looks otherwise. */
  | 'moved'
  | 'timerExpires'
  /** Our NOTIFY got 2xx; another final response; one that says that nobody listens, or none (RFC 6665 §4.2.2). */
  | 'delivered'
  | 'refused'
  | 'lost'
  /** The watcher's connection is gone, and there is another way to it. */
  | 'rerouted';

export type SubscriptionAction = 'grant' | 'notify' | 'notifyLast' | 'sayUnknown';

/** At most one NOTIFY is under way: news that come meanwhile are told in one, when it is answered. */
export const SUBSCRIPTION_TRANSITIONS: Table<SubscriptionState, SubscriptionEvent, SubscriptionAction> = {
  active: {
    subscribe: to('notifying', 'grant', 'notify'),
    unsubscribe: to('closing', 'grant', 'notifyLast'),
    moved: to('notifying', 'notify'),
    timerExpires: to('closing', 'notifyLast'),
    delivered: never,
    refused: never,
    lost: to('ended'),
    rerouted: ignore,
  },
  notifying: {
    subscribe: to('stale', 'grant'),
    unsubscribe: to('leaving', 'grant'),
    moved: to('stale'),
    timerExpires: to('leaving'),
    delivered: to('active'),
    refused: to('active'),
    lost: to('ended'),
    rerouted: to('notifying', 'notify'),
  },
  stale: {
    subscribe: to('stale', 'grant'),
    unsubscribe: to('leaving', 'grant'),
    moved: ignore,
    timerExpires: to('leaving'),
    delivered: to('notifying', 'notify'),
    refused: to('active'), // It is told with what comes next: a watcher in trouble is not pressed.
    lost: to('ended'),
    rerouted: to('notifying', 'notify'),
  },
  leaving: {
    subscribe: to('leaving', 'sayUnknown'),
    unsubscribe: to('leaving', 'sayUnknown'),
    moved: ignore,
    timerExpires: never,
    delivered: to('closing', 'notifyLast'),
    refused: to('closing', 'notifyLast'),
    lost: to('ended'),
    rerouted: to('closing', 'notifyLast'),
  },
  closing: {
    subscribe: to('closing', 'sayUnknown'),
    unsubscribe: to('closing', 'sayUnknown'),
    moved: ignore,
    timerExpires: never,
    delivered: to('ended'),
    refused: to('ended'),
    lost: to('ended'),
    rerouted: to('closing', 'notifyLast'),
  },
  ended: {
    subscribe: never,
    unsubscribe: never,
    moved: ignore,
    timerExpires: never,
    delivered: never,
    refused: never,
    lost: never,
    rerouted: never,
  },
};

/** The timers that run in each state. */
export const SUBSCRIPTION_TIMERS: Readonly<Record<SubscriptionState, readonly 'Expires'[]>> = {
  active: ['Expires'],
  notifying: ['Expires'],
  stale: ['Expires'],
  leaving: [],
  closing: [],
  ended: [],
};
