import { assert } from '../kernel/assert.ts';
import type { LegId } from '../kernel/ids.ts';
import type { WallTime } from '../kernel/time.ts';
import type { ConferencecallRecord } from './conferencecall-record.ts';
import type { MemberTerms } from './member-terms.ts';

export type ConferencecallStatus = ConferencecallRecord['status'];

/** What can happen to a stay: media has brought it in, it is told to go, it is out. */
export type ConferencecallStep = 'enter' | 'leave' | 'end';

/** May happen, changes nothing. */
const ignore = 'ignore';
/** Cannot happen; a bug if it does. */
const never = 'never';

/** Status of a stay: forward only, `leaved` is final. A process that died may have left it in any other. */
export const CONFERENCECALL_TRANSITIONS: Readonly<
  Record<ConferencecallStatus, Readonly<Record<ConferencecallStep, ConferencecallStatus | 'ignore' | 'never'>>>
> = {
  joining: { enter: 'joined', leave: 'leaving', end: never },
  joined: { enter: never, leave: 'leaving', end: never },
  leaving: { enter: never, leave: ignore, end: 'leaved' },
  leaved: { enter: never, leave: never, end: never },
};

/** A call's stay in a conference: its record, the leg that is in the mix, and the demand that brought it in. */
export class Conferencecall {
  readonly leg: LegId;
  readonly token: number;
  #record: ConferencecallRecord;

  constructor(record: ConferencecallRecord, leg: LegId, token: number) {
    this.#record = record;
    this.leg = leg;
    this.token = token;
  }

  get record(): ConferencecallRecord {
    return this.#record;
  }

  change(terms: MemberTerms, at: WallTime): ConferencecallRecord {
    this.#record = { ...this.#record, terms, updatedAt: at };
    return this.#record;
  }

  step(step: ConferencecallStep, at: WallTime): ConferencecallRecord {
    this.#record = steppedConferencecall(this.#record, step, at);
    return this.#record;
  }
}

/** The record after the step; the same when nothing changes. */
export function steppedConferencecall(
  record: ConferencecallRecord,
  step: ConferencecallStep,
  at: WallTime,
): ConferencecallRecord {
  const status = CONFERENCECALL_TRANSITIONS[record.status][step];
  assert(status !== never, `${step} cannot happen to a conferencecall that is ${record.status}`);
  return status === ignore ? record : { ...record, status, updatedAt: at };
}
