import { fail } from '../kernel/assert.ts';
import type { LegId, TrunkId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { CallRecord, CallStatus, HangupBy, HangupReason } from './call-record.ts';
import type { Cause } from './cause.ts';
import type { MediaFigures } from './media-figures.ts';

/** What can happen to a call: it rings, is answered, is told by us to end, or is over. */
export type CallStep = 'ring' | 'answer' | 'terminate' | 'cancel' | 'end';

/** May happen, changes nothing. */
const ignore = 'ignore';
/** Cannot happen; a bug if it does. */
const never = 'never';

/**
 * Status of a call: forward only, `hangup` is final. A local end before the answer cancels an outgoing call and
 * terminates an incoming one.
 */
export const CALL_TRANSITIONS: Readonly<
  Record<CallStatus, Readonly<Record<CallStep, CallStatus | 'ignore' | 'never'>>>
> = {
  dialing: { ring: 'ringing', answer: 'progressing', terminate: 'terminating', cancel: 'canceling', end: 'hangup' },
  ringing: { ring: ignore, answer: 'progressing', terminate: 'terminating', cancel: 'canceling', end: 'hangup' },
  progressing: { ring: ignore, answer: ignore, terminate: 'terminating', cancel: never, end: 'hangup' },
  // The peer's answer may cross our CANCEL or refusal; signalling ends it with BYE.
  terminating: { ring: ignore, answer: ignore, terminate: ignore, cancel: ignore, end: 'hangup' },
  canceling: { ring: ignore, answer: ignore, terminate: ignore, cancel: ignore, end: 'hangup' },
  hangup: { ring: ignore, answer: ignore, terminate: ignore, cancel: ignore, end: never },
};

/** What may change while the status stays. */
export type CallChanges = Partial<
  Pick<CallRecord, 'masterCallId' | 'flowId' | 'activeflowId' | 'muteDirection' | 'recordingId' | 'recordingIds'>
>;

/** A live call: its record and the leg that carries it. */
export class Call {
  readonly leg: LegId;
  /** Its row is to be written after this input; the ledger's mark. */
  isUnsaved = false;
  #record: CallRecord;
  /** Why we ended it, remembered from `terminate` or `cancel` until the end. */
  #localCause: Cause | undefined;

  constructor(record: CallRecord, leg: LegId) {
    this.#record = record;
    this.leg = leg;
  }

  get record(): CallRecord {
    return this.#record;
  }

  get status(): CallStatus {
    return this.#record.status;
  }

  get isAnswered(): boolean {
    return this.#record.progressingAt !== null;
  }

  /** Neither over nor told to end. */
  get isGoingOn(): boolean {
    return GOING_ON.has(this.#record.status);
  }

  /** True when the status changed. */
  ring(at: WallTime): boolean {
    const status = this.#next('ring');
    if (status === undefined) return false;
    this.#record = { ...this.#record, status, ringingAt: at, updatedAt: at };
    return true;
  }

  answer(at: WallTime): boolean {
    const status = this.#next('answer');
    if (status === undefined) return false;
    this.#record = { ...this.#record, status, progressingAt: at, updatedAt: at };
    return true;
  }

  /** We end it. True when the status changed; false when it is ending already. */
  endLocally(cause: Cause, at: WallTime): boolean {
    const cancels = this.#record.direction === 'outgoing' && !this.isAnswered;
    const status = this.#next(cancels ? 'cancel' : 'terminate');
    if (status === undefined) return false;
    this.#record = { ...this.#record, status, updatedAt: at };
    this.#localCause = cause;
    return true;
  }

  /** It is over, with the cause that signalling saw unless we had one of our own. */
  end(cause: Cause, at: WallTime, media: MediaFigures | null = null): void {
    const last = this.#record.status;
    const final = this.#localCause ?? cause;
    const by: HangupBy = last === 'terminating' || last === 'canceling' ? 'local' : 'remote';
    const hangupReason = hangupReasonOf(this.#record.direction, last, final);
    const status = this.#next('end');
    if (status === undefined) return;
    this.#record = {
      ...this.#record,
      status,
      hangupAt: at,
      updatedAt: at,
      hangupBy: by,
      hangupReason,
      cause: final,
      media,
      // What still records it is told to stop, and ends by itself.
      recordingId: null,
    };
  }

  /** Calls that end with this one. */
  chain(calls: CallRecord['chainedCallIds']): void {
    this.#record = { ...this.#record, chainedCallIds: [...this.#record.chainedCallIds, ...calls] };
  }

  /** Another trunk carries it, or a provider: told with its next news. */
  carriedBy(trunkId: TrunkId | null): void {
    if (trunkId !== this.#record.trunkId) this.#record = { ...this.#record, trunkId };
  }

  change(changes: CallChanges, at: WallTime): void {
    this.#record = { ...this.#record, ...changes, updatedAt: at };
  }

  markDeleted(at: WallTime): void {
    this.#record = { ...this.#record, deletedAt: at, updatedAt: at };
  }

  /** The status after the step; undefined when it changes nothing. */
  #next(step: CallStep): CallStatus | undefined {
    const next = CALL_TRANSITIONS[this.#record.status][step];
    if (next === never) fail(`${step} cannot happen to a call that is ${this.#record.status}`);
    return next === ignore ? undefined : next;
  }
}

const GOING_ON: ReadonlySet<CallStatus> = new Set(['dialing', 'ringing', 'progressing']);
const NO_ANSWER: ReadonlySet<Cause> = new Set(['no-answer', 'unavailable', 'declined']);
const CLEARED: ReadonlySet<Cause> = new Set(['normal', 'answered-elsewhere', 'canceled']);

/** The reference's reason (platform §5.4), from the last status before the end and our finer cause. */
export function hangupReasonOf(direction: CallRecord['direction'], last: CallStatus, cause: Cause): HangupReason {
  if (cause === 'machine') return 'amd';
  if (last === 'progressing') return cause === 'timeout' ? 'timeout' : 'normal';
  if (last === 'canceling') return 'cancel';
  if (direction === 'incoming') {
    if (NO_ANSWER.has(cause)) return 'noanswer';
    return cause === 'busy' ? 'busy' : last === 'terminating' && !CLEARED.has(cause) ? 'failed' : 'normal';
  }
  if (last === 'terminating') return cause === 'timeout' ? 'timeout' : 'normal';
  if (NO_ANSWER.has(cause)) return 'noanswer';
  if (cause === 'busy') return 'busy';
  if (CLEARED.has(cause)) return 'normal';
  return cause === 'timeout' ? 'dialout' : 'failed';
}
