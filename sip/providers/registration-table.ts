import { ignore, never, type Table, to } from '../transaction/transition.ts';

/**
 * `waiting`: not registered, until the back-off is over. `refreshing`: registered, and asking again before it ends.
 * `removing`: takes the binding away, and gives up soon.
 */
export type RegistrationState = 'waiting' | 'registering' | 'registered' | 'refreshing' | 'removing' | 'stopped';
export type RegistrationEvent =
  | 'begin'
  | 'accepted'
  /** 423: the provider wants a longer time (RFC 3261 §10.2.8). */
  | 'tooBrief'
  | 'refused'
  | 'unanswered'
  /** The connection that the binding hangs on broke (RFC 5626 §4.5). */
  | 'flowFailed'
  | 'stop'
  | `timer${RegistrationTimer}`;
export type RegistrationAction = 'register' | 'remove' | 'backOff' | 'schedule' | 'report' | 'abandon';
export type RegistrationTimer = 'Retry' | 'Refresh' | 'Expiry' | 'Removal';

const refused = to<RegistrationState, RegistrationAction>('waiting', 'backOff', 'report');

/** Every cell is decided. */
export const REGISTRATION_TRANSITIONS: Table<RegistrationState, RegistrationEvent, RegistrationAction> = {
  waiting: {
    begin: to('registering', 'register', 'report'),
    accepted: never,
    tooBrief: never,
    refused: never,
    unanswered: never,
    flowFailed: ignore,
    stop: to('stopped', 'report'),
    timerRetry: to('registering', 'register', 'report'),
    timerRefresh: never,
    timerExpiry: never,
    timerRemoval: never,
  },
  registering: {
    begin: never,
    accepted: to('registered', 'schedule', 'report'),
    tooBrief: to('registering', 'register'),
    refused,
    unanswered: refused,
    // The request itself ends with the connection.
    flowFailed: ignore,
    // It may have been accepted meanwhile.
    stop: to('removing', 'abandon', 'remove'),
    timerRetry: never,
    timerRefresh: never,
    timerExpiry: never,
    timerRemoval: never,
  },
  registered: {
    begin: never,
    accepted: never,
    tooBrief: never,
    refused: never,
    unanswered: never,
    flowFailed: to('waiting', 'backOff', 'report'),
    stop: to('removing', 'remove'),
    timerRetry: never,
    timerRefresh: to('refreshing', 'register'),
    timerExpiry: never,
    timerRemoval: never,
  },
  refreshing: {
    begin: never,
    accepted: to('registered', 'schedule', 'report'),
    tooBrief: to('refreshing', 'register'),
    refused,
    unanswered: refused,
    flowFailed: to('waiting', 'abandon', 'backOff', 'report'),
    stop: to('removing', 'abandon', 'remove'),
    timerRetry: never,
    timerRefresh: never,
    timerExpiry: to('registering', 'report'),
    timerRemoval: never,
  },
  removing: {
    begin: never,
    accepted: to('stopped', 'report'),
    tooBrief: to('stopped', 'report'),
    refused: to('stopped', 'report'),
    unanswered: to('stopped', 'report'),
    flowFailed: ignore,
    stop: ignore,
    timerRetry: never,
    timerRefresh: never,
    timerExpiry: never,
    timerRemoval: to('stopped', 'abandon', 'report'),
  },
  stopped: {
    begin: never,
    accepted: never,
    tooBrief: never,
    refused: never,
    unanswered: never,
    flowFailed: ignore,
    stop: ignore,
    timerRetry: never,
    timerRefresh: never,
    timerExpiry: never,
    timerRemoval: never,
  },
};

/** The timers that run in each state. One that runs in the next state as well goes on. */
export const REGISTRATION_TIMERS: Readonly<Record<RegistrationState, readonly RegistrationTimer[]>> = {
  waiting: ['Retry'],
  registering: [],
  registered: ['Refresh', 'Expiry'],
  refreshing: ['Expiry'],
  removing: ['Removal'],
  stopped: [],
};
