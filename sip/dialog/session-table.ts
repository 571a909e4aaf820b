import { ignore, never, type Table, to } from '../transaction/transition.ts';
import type { SessionAction, SessionEvent, SessionState, SessionTimer } from './session-state.ts';

const NO_TIMERS = {
  timerRepeat: never,
  timerAck: never,
  timerCancel: never,
  timerDial: never,
  timerGlare: never,
} as const;
const NO_INVITE_OF_OURS = {
  provisional: never,
  success: never,
  again: never,
  fork: never,
  failure: never,
  failover: never,
} as const;
const NO_REINVITE_OF_OURS = { modified: never, pending: never, unmodified: never, gone: never } as const;
/** A response that was on its way when the session went on. */
const LATE_REINVITE = { pending: ignore, unmodified: ignore, gone: ignore } as const;
/** Our user acts on what it has not yet heard to be over. */
const LATE_COMMANDS = {
  ring: ignore,
  answer: ignore,
  acceptOffer: ignore,
  acceptUpdate: ignore,
  refuseOffer: ignore,
} as const;

/** Before our answer. */
const UNANSWERED = {
  ...NO_TIMERS,
  ...NO_INVITE_OF_OURS,
  ...NO_REINVITE_OF_OURS,
  answer: to('answering', 'sendAnswer', 'reportDialog'),
  hangup: to('refusing', 'refuse'),
  reoffer: never,
  acceptOffer: never,
  acceptUpdate: never,
  refuseOffer: never,
  ack: ignore,
  bye: to('ended', 'replyOk', 'sayTerminated', 'reportCanceled'),
  cancel: to('ended', 'sayTerminated', 'reportCanceled'),
  challenge: never,
  byeDone: never,
  refused: never,
} as const;

/** Before the peer's answer. */
const UNANSWERED_BY_PEER = {
  ...NO_TIMERS,
  ...NO_REINVITE_OF_OURS,
  ring: never,
  answer: never,
  reoffer: never,
  acceptOffer: never,
  acceptUpdate: never,
  refuseOffer: never,
  ack: ignore,
  cancel: ignore,
  again: never,
  fork: never,
  byeDone: never,
  refused: never,
  failover: never,
} as const;

/** In a confirmed dialog: the 2xx of our INVITE may be repeated, or come from another branch, in each of these. */
const CONFIRMED = {
  ...NO_TIMERS,
  ...LATE_COMMANDS,
  hangup: to('ending', 'sendBye'),
  ack: ignore,
  cancel: ignore,
  bye: to('ended', 'replyOk', 'reportRemoteEnd'),
  provisional: never,
  success: never,
  failure: never,
  challenge: never,
  byeDone: never,
  refused: ignore, // Of a re-INVITE.
  failover: never,
} as const;

/** What happens at the end of a dialog, and after it. */
const LAST = {
  ...NO_TIMERS,
  ...LATE_COMMANDS,
  ...LATE_REINVITE,
  hangup: ignore,
  reoffer: ignore,
  ack: ignore,
  cancel: ignore,
  provisional: ignore,
  success: never,
  failure: ignore,
  refused: ignore,
  failover: never,
} as const;

/** One leg as a machine over both roles (RFC 3261 §9, §13 to §15). Every cell is decided. */
export const SESSION_TRANSITIONS: Table<SessionState, SessionEvent, SessionAction> = {
  offered: { ...UNANSWERED, ring: to('ringing', 'sendProvisional'), modify: to('offered', 'sayRetry') },
  ringing: { ...UNANSWERED, ring: to('ringing', 'sendProvisional'), modify: to('ringing', 'sayRetry') },
  answering: {
    ...CONFIRMED,
    ...NO_INVITE_OF_OURS,
    ...NO_REINVITE_OF_OURS,
    hangup: to('releasing'),
    reoffer: to('answering', 'reportPending'),
    ack: to('established', 'reportConfirmed'),
    modify: to('answering', 'sayRetry'),
    timerRepeat: to('answering', 'repeatAnswer'),
    timerAck: to('ending', 'blameNetwork', 'sendBye'),
  },
  releasing: {
    ...CONFIRMED,
    ...NO_INVITE_OF_OURS,
    ...NO_REINVITE_OF_OURS,
    hangup: ignore,
    reoffer: ignore,
    ack: to('ending', 'sendBye'),
    bye: to('ended', 'replyOk', 'reportOver'),
    modify: to('releasing', 'sayRetry'),
    timerRepeat: to('releasing', 'repeatAnswer'),
    timerAck: to('ending', 'sendBye'),
  },
  refusing: {
    ...LAST,
    ...NO_INVITE_OF_OURS,
    ...NO_REINVITE_OF_OURS,
    bye: to('refusing', 'replyOk'),
    modify: to('refusing', 'sayUnknown'),
    challenge: never,
    byeDone: never,
    refused: to('ended', 'reportOver'),
  },
  dialing: {
    ...UNANSWERED_BY_PEER,
    hangup: to('abandoning'),
    bye: to('dialing', 'sayUnknown'),
    modify: to('dialing', 'sayPending'),
    provisional: to('early', 'reportRinging'),
    success: to('established', 'establish', 'reportAnswered'),
    failure: to('ended', 'reportOver'),
    challenge: to('dialing', 'resend'),
    failover: to('dialing', 'inviteNext'),
    timerDial: to('abandoning', 'blameNoAnswer'),
  },
  early: {
    ...UNANSWERED_BY_PEER,
    hangup: to('canceling', 'cancelInvite'),
    bye: to('early', 'sayUnknown'),
    modify: to('early', 'sayPending'),
    provisional: to('early', 'reportRinging'),
    success: to('established', 'establish', 'reportAnswered'),
    failure: to('ended', 'reportOver'),
    challenge: to('dialing', 'resend'),
    failover: to('dialing', 'inviteNext'),
    timerDial: to('canceling', 'blameNoAnswer', 'cancelInvite'),
  },
  abandoning: {
    ...UNANSWERED_BY_PEER,
    hangup: ignore,
    bye: to('abandoning', 'sayUnknown'),
    modify: to('abandoning', 'sayPending'),
    provisional: to('canceling', 'cancelInvite'),
    success: to('ending', 'establish', 'reportDialog', 'sendBye'), // It answered before it could be told.
    failure: to('ended', 'reportOver'),
    challenge: to('ended', 'reportOver'),
  },
  canceling: {
    ...UNANSWERED_BY_PEER,
    hangup: ignore,
    bye: to('canceling', 'sayUnknown'),
    modify: to('canceling', 'sayPending'),
    provisional: ignore,
    success: to('ending', 'establish', 'reportDialog', 'sendBye'), // The answer crossed our CANCEL.
    failure: to('ended', 'reportOver'),
    challenge: to('ended', 'reportOver'),
    timerCancel: to('ended', 'abandonInvite', 'reportOver'),
  },
  established: {
    ...CONFIRMED,
    ...LATE_REINVITE,
    reoffer: to('reoffering', 'sendReinvite'),
    modify: to('reoffered', 'reportReoffer'),
    again: to('established', 'acknowledge'),
    fork: to('established', 'releaseFork'),
    modified: to('established', 'acknowledge'),
  },
  reoffering: {
    ...CONFIRMED,
    reoffer: to('reoffering', 'reportPending'),
    modify: to('reoffering', 'sayPending'),
    again: to('reoffering', 'acknowledge'),
    fork: to('reoffering', 'releaseFork'),
    modified: to('established', 'acknowledge', 'reportModified'),
    pending: to('postponed'),
    unmodified: to('established', 'reportUnmodified'),
    gone: to('ending', 'blameNetwork', 'sendBye'),
    challenge: to('reoffering', 'resend'),
  },
  postponed: {
    ...CONFIRMED,
    ...LATE_REINVITE,
    reoffer: to('postponed', 'reportPending'),
    modify: to('reoffered', 'reportPending', 'reportReoffer'),
    again: to('postponed', 'acknowledge'),
    fork: to('postponed', 'releaseFork'),
    modified: to('postponed', 'acknowledge'),
    timerGlare: to('reoffering', 'sendReinvite'),
  },
  reoffered: {
    ...CONFIRMED,
    ...LATE_REINVITE,
    acceptOffer: to('reanswering', 'acceptModify'),
    acceptUpdate: to('established', 'acceptModify'),
    refuseOffer: to('established', 'refuseModify'),
    hangup: to('ending', 'terminateModify', 'sendBye'),
    reoffer: to('reoffered', 'reportPending'),
    bye: to('ended', 'replyOk', 'terminateModify', 'reportRemoteEnd'),
    cancel: to('established', 'terminateModify'),
    modify: to('reoffered', 'sayRetry'),
    again: to('reoffered', 'acknowledge'),
    fork: to('reoffered', 'releaseFork'),
    modified: to('reoffered', 'acknowledge'),
  },
  reanswering: {
    ...CONFIRMED,
    ...LATE_REINVITE,
    reoffer: to('reanswering', 'reportPending'),
    ack: to('established', 'reportConfirmed'),
    modify: to('reoffered', 'reportReoffer'), // It has our answer, so its ACK was lost or is late.
    again: to('reanswering', 'acknowledge'),
    fork: to('reanswering', 'releaseFork'),
    modified: to('reanswering', 'acknowledge'),
    timerRepeat: to('reanswering', 'repeatAnswer'),
    timerAck: to('ending', 'blameNetwork', 'sendBye'),
  },
  ending: {
    ...LAST,
    bye: to('ended', 'replyOk', 'reportOver'), // Both hung up at once.
    modify: to('ending', 'sayUnknown'),
    again: to('ending', 'acknowledge'),
    fork: to('ending', 'releaseFork'),
    modified: to('ending', 'acknowledge'),
    challenge: to('ending', 'resend'),
    byeDone: to('ended', 'reportOver'),
  },
  ended: {
    ...LAST,
    bye: to('ended', 'replyOk'),
    modify: to('ended', 'sayUnknown'),
    again: to('ended', 'acknowledge'),
    fork: to('ended', 'releaseFork'),
    modified: to('ended', 'acknowledge'),
    challenge: ignore,
    byeDone: ignore,
  },
};

/** The timers that run in each state. Entering a state starts those that do not run yet and stops the others. */
export const SESSION_TIMERS: Readonly<Record<SessionState, readonly SessionTimer[]>> = {
  offered: [],
  ringing: [],
  answering: ['Repeat', 'Ack'],
  releasing: ['Repeat', 'Ack'],
  refusing: [],
  dialing: ['Dial'],
  early: ['Dial'],
  abandoning: [],
  canceling: ['Cancel'],
  established: [],
  reoffering: [],
  postponed: ['Glare'],
  reoffered: [],
  reanswering: ['Repeat', 'Ack'],
  ending: [],
  ended: [],
};
