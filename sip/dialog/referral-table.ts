import { ignore, never, type Table, to } from '../transaction/transition.ts';

/** Where one REFER is, seen from us, who were asked and tell what becomes of it (RFC 3515 §2.4). */
export type ReferralState =
  /** Our user has not said whether it does what it was asked. */
  | 'offered'
  /** The referrer knows what we know. */
  | 'told'
  /** A NOTIFY has no final response yet. */
  | 'telling'
  /** As telling, and there is something newer to tell. */
  | 'stale'
  /** As telling, and what came of it all is to be told. */
  | 'settled'
  /** As telling, and the referrer wants to hear no more. */
  | 'leaving'
  /** Accepted; what comes of it is nobody's to hear, or not any more. */
  | 'silent'
  /** The last NOTIFY has no final response yet. */
  | 'closing'
  | 'ended';

export type ReferralEvent =
  | 'accept'
  /** As accept, and nothing is to be told (RFC 4488 §4). */
  | 'acceptSilently'
  | 'refuse'
  /** A provisional response of the one referred to, and the final one. */
  | 'progress'
  | 'finish'
  /** Our NOTIFY was answered, or nobody listens to it. */
  | 'delivered'
  | 'lost'
  /** Our NOTIFY is asked for credentials that we have: it goes out anew, with what is known by now. */
  | 'challenge'
  /** A SUBSCRIBE of the referrer for more time, or for none; only where there is a subscription. */
  | 'renew'
  | 'leave';

export type ReferralAction = 'sayAccepted' | 'sayRefused' | 'notify' | 'notifyLeft';

/** What our user tells of a referral that it has not accepted, or that nobody wants to hear of any more. */
const NO_NEWS = { progress: ignore, finish: ignore } as const;
const ANSWERED = { accept: never, acceptSilently: never, refuse: never } as const;
const UNSUBSCRIBED = { renew: never, leave: never } as const;

/** At most one NOTIFY is under way, so that none overtakes another. Every cell is decided. */
export const REFERRAL_TRANSITIONS: Table<ReferralState, ReferralEvent, ReferralAction> = {
  offered: {
    ...NO_NEWS,
    ...UNSUBSCRIBED,
    accept: to('telling', 'sayAccepted', 'notify'), // At once, RFC 3515 §2.4.4.
    acceptSilently: to('silent', 'sayAccepted'),
    refuse: to('ended', 'sayRefused'),
    delivered: never,
    lost: never,
    challenge: never,
  },
  silent: {
    ...ANSWERED,
    ...UNSUBSCRIBED,
    progress: ignore,
    finish: to('ended'),
    delivered: ignore,
    lost: ignore,
    challenge: to('silent', 'notifyLeft'),
  },
  told: {
    ...ANSWERED,
    progress: to('telling', 'notify'),
    finish: to('closing', 'notify'),
    delivered: never,
    lost: never,
    challenge: never,
    renew: to('telling', 'notify'),
    leave: to('silent', 'notifyLeft'),
  },
  telling: {
    ...ANSWERED,
    progress: to('stale'),
    finish: to('settled'),
    delivered: to('told'),
    lost: to('ended'),
    challenge: to('telling', 'notify'),
    renew: to('stale'),
    leave: to('leaving'),
  },
  stale: {
    ...ANSWERED,
    progress: ignore,
    finish: to('settled'),
    delivered: to('telling', 'notify'),
    lost: to('ended'),
    challenge: to('telling', 'notify'),
    renew: ignore,
    leave: to('leaving'),
  },
  leaving: {
    ...ANSWERED,
    ...UNSUBSCRIBED,
    progress: ignore,
    finish: to('settled'),
    delivered: to('silent', 'notifyLeft'),
    lost: to('silent'),
    challenge: to('silent', 'notifyLeft'),
  },
  settled: {
    ...ANSWERED,
    ...NO_NEWS,
    renew: ignore,
    leave: ignore,
    delivered: to('closing', 'notify'),
    lost: to('ended'),
    challenge: to('closing', 'notify'),
  },
  closing: {
    ...ANSWERED,
    ...UNSUBSCRIBED,
    ...NO_NEWS,
    delivered: to('ended'),
    lost: to('ended'),
    challenge: to('closing', 'notify'),
  },
  ended: {
    ...ANSWERED,
    ...UNSUBSCRIBED,
    ...NO_NEWS,
    delivered: ignore,
    lost: ignore,
    challenge: ignore,
  },
};
