import { ignore, never, type Table, to } from '../transaction/transition.ts';

/** Where one REFER of ours is (RFC 3515 §2.4). */
export type SentReferralState =
  /** It has no final response yet. */
  | 'asking'
  /** As asking, and the peer tells of it already: its NOTIFY may overtake its 202. */
  | 'heard'
  /** It is accepted, and nothing was told of it yet. */
  | 'accepted'
  | 'followed'
  | 'ended';

export type SentReferralEvent =
  /** 2xx, also one by which the peer says that it will tell nothing (RFC 4488 §4). */
  | 'accept'
  | 'acceptSilently'
  /** 401 or 407 that we have an answer to. */
  | 'challenge'
  | 'refuse'
  /** No response, or the peer has lost the dialog. */
  | 'lost'
  /** A NOTIFY: of what happens, or of what came of it all. */
  | 'progress'
  | 'finish'
  /** Nothing is told any more, or never was. */
  | 'timerNotify'
  | 'timerExpires'
  /** Its dialog is over. */
  | 'over';

export type SentReferralAction = 'resend' | 'reportRefused' | 'reportProgress' | 'reportFinished' | 'reportUnknown';

export type SentReferralTimer = 'Notify' | 'Expires';

const NO_TIMERS = { timerNotify: never, timerExpires: never } as const;
/** The request has its final response. */
const ANSWERED = { accept: never, acceptSilently: never, challenge: never, refuse: never, lost: never } as const;

/** Every cell is decided. */
export const SENT_REFERRAL_TRANSITIONS: Table<SentReferralState, SentReferralEvent, SentReferralAction> = {
  asking: {
    ...NO_TIMERS,
    accept: to('accepted'),
    acceptSilently: to('ended', 'reportUnknown'),
    challenge: to('asking', 'resend'),
    refuse: to('ended', 'reportRefused'),
    lost: to('ended', 'reportRefused'),
    progress: to('heard', 'reportProgress'),
    finish: to('ended', 'reportFinished'),
    over: to('ended'),
  },
  heard: {
    ...NO_TIMERS,
    accept: to('followed'),
    acceptSilently: to('followed'), // It tells all the same.
    challenge: never, // Who tells of it has taken it: what it says then is a refusal.
    refuse: to('ended', 'reportRefused'),
    lost: to('followed'), // The response was lost, and what it said is known.
    progress: to('heard', 'reportProgress'),
    finish: to('ended', 'reportFinished'),
    over: to('ended'),
  },
  accepted: {
    ...ANSWERED,
    progress: to('followed', 'reportProgress'),
    finish: to('ended', 'reportFinished'),
    timerNotify: to('ended', 'reportUnknown'),
    timerExpires: never,
    over: to('ended'),
  },
  followed: {
    ...ANSWERED,
    progress: to('followed', 'reportProgress'),
    finish: to('ended', 'reportFinished'),
    timerNotify: never,
    timerExpires: to('ended', 'reportUnknown'),
    over: to('ended'),
  },
  ended: {
    ...NO_TIMERS,
    accept: ignore,
    acceptSilently: ignore,
    challenge: ignore,
    refuse: ignore,
    lost: ignore,
    progress: ignore,
    finish: ignore,
    over: ignore,
  },
};

/** The timer that runs in each state; entering a state starts it. */
export const SENT_REFERRAL_TIMERS: Readonly<Record<SentReferralState, SentReferralTimer | undefined>> = {
  asking: undefined, // The transaction has timer F.
  heard: undefined,
  accepted: 'Notify',
  followed: 'Expires',
  ended: undefined,
};
