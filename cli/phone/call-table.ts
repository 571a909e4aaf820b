import { ignore, never, type Table, to } from '../../sip/transaction/transition.ts';

/** Where a call of the phone is. */
export type PhoneState =
  | 'dialing'
  | 'ringing'
  | 'talking'
  /** Hung up before an answer: CANCEL is sent, or waits for its time. */
  | 'canceling'
  /** Hung up after the answer: BYE is sent. */
  | 'releasing'
  /** Signalling is over; the stream's numbers are on their way. */
  | 'closing'
  | 'over';

export type PhoneTimer = 'Limit' | 'Digits' | 'Goodbye' | 'Report';

export type PhoneEvent =
  | 'ringing'
  | 'answered'
  /** Answered with a session description that is no answer to ours. */
  | 'unusable'
  | 'failed'
  | 'ended'
  | 'reoffered'
  /** The user has heard enough. */
  | 'hangup'
  | 'silent'
  | 'mediaLost'
  | 'played'
  | 'reported'
  | `timer${PhoneTimer}`;

export type PhoneAction =
  /** Early media. */
  | 'hearEarly'
  | 'tellRinging'
  | 'talk'
  | 'sendDigits'
  | 'playSilence'
  | 'answerOffer'
  /** Hang up, each for its own reason. */
  | 'cancel'
  | 'release'
  | 'refuseAnswer'
  | 'leaveSilence'
  | 'leaveBrokenMedia'
  | 'noteEnd'
  | 'closeMedia'
  | 'tellOver';

const NO_TIMERS = { timerLimit: never, timerDigits: never, timerGoodbye: never, timerReport: never } as const;

const UNANSWERED = {
  ...NO_TIMERS,
  ringing: to('ringing', 'hearEarly', 'tellRinging'),
  answered: to('talking', 'talk'),
  unusable: to('releasing', 'refuseAnswer'),
  failed: to('closing', 'noteEnd', 'closeMedia'),
  ended: never,
  reoffered: never,
  hangup: to('canceling', 'cancel'),
  silent: ignore, // Early media that stopped.
  mediaLost: to('canceling', 'leaveBrokenMedia'),
  played: ignore,
  reported: never,
} as const;

/** We have hung up; what was already on its way changes nothing. */
const LEAVING = {
  ...NO_TIMERS,
  ringing: ignore,
  answered: ignore,
  unusable: ignore,
  failed: to('closing', 'closeMedia'),
  ended: to('closing', 'closeMedia'),
  reoffered: ignore,
  hangup: ignore,
  silent: ignore,
  mediaLost: ignore,
  played: ignore,
  reported: never,
  timerGoodbye: to('closing', 'closeMedia'),
} as const;

const LAST = {
  ...LEAVING,
  failed: ignore,
  ended: ignore, // The goodbye came later than we waited for it.
  timerGoodbye: never,
} as const;

/** One call of the phone on the command line. Every cell is decided. */
export const PHONE_TRANSITIONS: Table<PhoneState, PhoneEvent, PhoneAction> = {
  dialing: UNANSWERED,
  ringing: UNANSWERED,
  talking: {
    ...NO_TIMERS,
    ringing: ignore,
    answered: never,
    unusable: never,
    failed: never,
    ended: to('closing', 'noteEnd', 'closeMedia'),
    reoffered: to('talking', 'answerOffer'),
    hangup: to('releasing', 'release'),
    silent: to('releasing', 'leaveSilence'),
    mediaLost: to('releasing', 'leaveBrokenMedia'),
    played: to('talking', 'playSilence'),
    reported: never,
    timerLimit: to('releasing', 'release'),
    timerDigits: to('talking', 'sendDigits'),
  },
  canceling: LEAVING,
  releasing: LEAVING,
  closing: { ...LAST, reported: to('over', 'tellOver'), timerReport: to('over', 'tellOver') },
  over: { ...LAST, reported: ignore },
};

/** The timers that run in each state: entering it starts them, leaving it stops them. */
export const PHONE_TIMERS: Readonly<Record<PhoneState, readonly PhoneTimer[]>> = {
  dialing: [],
  ringing: [],
  talking: ['Limit', 'Digits'],
  canceling: ['Goodbye'],
  releasing: ['Goodbye'],
  closing: ['Report'],
  over: [],
};
