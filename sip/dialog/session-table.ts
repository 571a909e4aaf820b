import { ignore, never, type Table, to } from '../transaction/transition.ts';
import type { SessionAction, SessionEvent, SessionState, SessionTimer } from './session-state.ts';

const NO_TIMERS = {
  timerAssure: never,
  timerPrack: never,
  timerRepeat: never,
  timerAck: never,
  timerCancel: never,
  timerDial: never,
  timerGlare: never,
  timerRefresh: never,
  timerExpiry: never,
} as const;
const NO_INVITE_OF_OURS = {
  provisional: never,
  success: never,
  again: never,
  fork: never,
  failure: never,
  failover: never,
} as const;
/** Nothing is refreshed before the answer. */
const NO_REFRESH = { renew: never, lost: never } as const;
const NO_REINVITE_OF_OURS = { modified: never, pending: never, unmodified: never, gone: never } as const;
/** A response that was on its way when the session went on. */
const LATE_REINVITE = { pending: ignore, unmodified: ignore, gone: ignore } as const;
/** Only in the states that say otherwise: what comes at another time is none of these events. */
const NOTHING_EARLY = { modifyEarly: never, prack: never, prackOffer: never } as const;
/** Our user acts on what it has not yet heard to be over. */
const LATE_COMMANDS = {
  ring: ignore,
  ringReliably: ignore,
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
  ...NOTHING_EARLY,
  ...NO_REFRESH,
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
  ...NOTHING_EARLY,
  ...NO_REFRESH,
  ring: never,
  ringReliably: never,
  answer: never,
  reoffer: never,
  acceptOffer: never,
  acceptUpdate: ignore, // Our INVITE was challenged, or we gave up, before our user had decided.
  refuseOffer: ignore,
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
  ...NOTHING_EARLY,
  ...LATE_COMMANDS,
  hangup: to('ending', 'sendBye'),
  ack: ignore,
  cancel: ignore,
  bye: to('ended', 'replyOk', 'reportRemoteEnd'),
  renew: ignore, // What is under way refreshes too, or is followed by the next try.
  lost: to('ending', 'blameNetwork', 'sendBye'),
  timerRefresh: ignore,
  timerExpiry: to('ending', 'blameExpiry', 'sendBye'),
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
  ...NOTHING_EARLY,
  ...LATE_COMMANDS,
  ...LATE_REINVITE,
  hangup: ignore,
  reoffer: ignore,
  renew: never,
  lost: ignore,
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
  offered: {
    ...UNANSWERED,
    ring: to('ringing', 'sendProvisional'),
    ringReliably: to('assuring', 'sendReliably'),
    modify: to('offered', 'sayRetry'),
  },
  ringing: {
    ...UNANSWERED,
    ring: to('ringing', 'sendProvisional'),
    ringReliably: to('assuring', 'sendReliably'),
    acceptUpdate: to('ringing', 'acceptModify'),
    refuseOffer: to('ringing', 'refuseModify'),
    modify: to('ringing', 'sayRetry'),
    modifyEarly: to('ringing', 'reportReoffer'),
  },
  assuring: {
    ...UNANSWERED,
    ring: never,
    ringReliably: to('assuring', 'deferProvisional'),
    answer: to('assuring', 'deferAnswer'),
    acceptUpdate: to('assuring', 'acceptModify'),
    refuseOffer: to('assuring', 'refuseModify'),
    modify: to('assuring', 'sayRetry'),
    prack: to('ringing', 'replyOk'),
    prackOffer: to('ringing', 'reportReoffer'),
    timerAssure: to('assuring', 'repeatProvisional'),
    timerPrack: to('refusing', 'blameNetwork', 'refuseUnassured'),
  },
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
    ...NO_REFRESH,
    hangup: ignore,
    reoffer: ignore,
    ack: to('ending', 'sendBye'),
    bye: to('ended', 'replyOk', 'reportOver'),
    modify: to('releasing', 'sayRetry'),
    timerRepeat: to('releasing', 'repeatAnswer'),
    timerAck: to('ending', 'sendBye'),
    timerRefresh: never,
    timerExpiry: never,
  },
  refusing: {
    ...LAST,
    ...NO_INVITE_OF_OURS,
    ...NO_REINVITE_OF_OURS,
    bye: to('refusing', 'replyOk'),
    modify: to('refusing', 'sayUnknown'),
    prack: to('refusing', 'replyOk'), // RFC 3262 §3: also after the final response.
    prackOffer: to('refusing', 'sayUnknown'),
    challenge: never,
    byeDone: never,
    refused: to('ended', 'reportOver'),
  },
  dialing: {
    ...UNANSWERED_BY_PEER,
    hangup: to('abandoning'),
    bye: to('dialing', 'sayUnknown'),
    modify: to('dialing', 'sayPending'),
    provisional: to('early', 'sendPrack', 'reportRinging'),
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
    acceptUpdate: to('early', 'acceptModify'),
    refuseOffer: to('early', 'refuseModify'),
    modify: to('early', 'sayPending'),
    modifyEarly: to('early', 'reportReoffer'),
    provisional: to('early', 'sendPrack', 'reportRinging'),
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
    renew: to('reoffering', 'sendReinvite'),
    timerRefresh: to('established', 'sendUpdate'),
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
    lost: to('ending', 'terminateModify', 'blameNetwork', 'sendBye'),
    timerExpiry: to('ending', 'terminateModify', 'blameExpiry', 'sendBye'),
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

/** They run for sessions alone that need to be refreshed. */
const INTERVAL = ['Refresh', 'Expiry'] as const;

/** The timers that run in each state. Entering a state starts those that do not run yet and stops the others. */
export const SESSION_TIMERS: Readonly<Record<SessionState, readonly SessionTimer[]>> = {
  offered: [],
  ringing: [],
  assuring: ['Assure', 'Prack'],
  answering: ['Repeat', 'Ack', ...INTERVAL],
  releasing: ['Repeat', 'Ack'],
  refusing: [],
  dialing: ['Dial'],
  early: ['Dial'],
  abandoning: [],
  canceling: ['Cancel'],
  established: INTERVAL,
  reoffering: INTERVAL,
  postponed: ['Glare', ...INTERVAL],
  reoffered: INTERVAL,
  reanswering: ['Repeat', 'Ack', ...INTERVAL],
  ending: [],
  ended: [],
};
