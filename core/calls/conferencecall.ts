import { assert } from '../kernel/assert.ts';
import {
  type ActiveflowId,
  type ConferencecallId,
  type ConferenceId,
  type CustomerId,
  timeOrderedUuid,
} from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import type { WallTime } from '../kernel/time.ts';
import type { MixMember } from '../media-port.ts';
import type { ConferencecallRecord, MemberReference } from './conferencecall-record.ts';
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

/** Who comes to a conference, and what of it is in the mix. */
export interface Newcomer {
  readonly reference: MemberReference;
  readonly member: MixMember;
  readonly customerId: CustomerId;
  readonly activeflowId: ActiveflowId | null;
}

/** A stay in a conference: its record, what of it is in the mix, and the demand that brought it in. */
export class Conferencecall {
  readonly member: MixMember;
  readonly token: number;
  #record: ConferencecallRecord;

  constructor(record: ConferencecallRecord, member: MixMember, token: number) {
    this.#record = record;
    this.member = member;
    this.token = token;
  }

  get record(): ConferencecallRecord {
    return this.#record;
  }

  /** Somebody who has something to say to others: not a program that listens alone. */
  get isParty(): boolean {
    return this.#record.reference.type === 'call' || this.#record.terms.role !== 'listener';
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

/** Somebody is about to be in it. */
export function joining(
  { reference, customerId, activeflowId }: Newcomer,
  conferenceId: ConferenceId,
  terms: MemberTerms,
  random: Random,
  createdAt: WallTime,
): ConferencecallRecord {
  return {
    id: timeOrderedUuid(random, createdAt) as ConferencecallId,
    customerId,
    activeflowId,
    conferenceId,
    reference,
    terms,
    status: 'joining',
    createdAt,
    updatedAt: null,
    deletedAt: null,
  };
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
