import type { Settled } from '../accounts.ts';
import type { CallCommand } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { CallNews } from '../flows/call-control.ts';
import type { Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { CallId, ConferencecallId, ConferenceId, MixId } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import { type Instant, NEVER } from '../kernel/time.ts';
import type { MediaPlane, Store, StoreEvent } from '../ports.ts';
import type { ConferencecallRecord } from './conferencecall-record.ts';
import type { Party } from './party.ts';
import type { Recordings } from './recordings.ts';

export interface ConferencesPorts {
  readonly directory: Directory;
  readonly media: Pick<MediaPlane, 'join' | 'leave'>;
  readonly store: Store;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
  /** Receipts of the calls' own range: nobody else's writes carry them. */
  readonly nextReceipt: () => number;
  /** Queues news for the flow of a call, if one runs on it. */
  readonly tell: (call: CallId, news: CallNews) => void;
  /** Whose recordings end with a conference. */
  readonly recordings: Pick<Recordings, 'over'>;
}

export type ConferenceCommand = Extract<CallCommand, { kind: 'deleteConference' | 'kickConferencecall' }>;

/** The live conferences: who is in which, and when they end. What a verb changed is handed to the store at its end. */
export class Conferences {
  readonly counters = { joined: 0, left: 0, kicked: 0, refused: 0, ended: 0 };
  readonly #ports: ConferencesPorts;

  constructor(ports: ConferencesPorts) {
    this.#ports = ports;
  }

  /** Calls that are in a conference now. */
  get liveCount(): number {
    return 0;
  }

  /** Who is in the conference, in the order in which they came. */
  conferencecallsOf(_id: ConferenceId): readonly ConferencecallRecord[] {
    return [];
  }

  conferencecall(_id: ConferencecallId): ConferencecallRecord | undefined {
    return undefined;
  }

  /** The mix of a conference, for whoever records it; it stays the same until the conference is deleted. */
  mixOf(_id: ConferenceId): MixId {
    return 0 as MixId;
  }

  /**
   * Brings an answered call into the conference, out of the one that it was in. News: joined with the token, later left.
   * Text of why not, when nothing was changed.
   */
  join(_party: Party, _conferenceId: ConferenceId, _token: number, _now: Instant): string | undefined {
    return 'not built yet';
  }

  /** The call leaves and goes on with its flow. News: left. False when it was in none. */
  leave(_call: CallId, _now: Instant): boolean {
    return false;
  }

  /** The call ends. To be said before its leg is closed; without news. */
  over(_call: CallId, _now: Instant): void {}

  /** A command that was judged already; told by `poll` once what it changed is committed. */
  execute(_ticket: number, _command: ConferenceCommand, _now: Instant): void {}

  /** To be told of every store event, after the accounts have been: changes of conferences by command are seen here. */
  receive(_event: StoreEvent, _now: Instant): void {}

  /** Ends the stays that an earlier process left behind, and takes up the time-outs of all conferences. */
  restore(_left: readonly ConferencecallRecord[], _now: Instant): void {}

  /** Acts on one due time-out. Call again while `deadline()` is not after `now`. */
  expire(_now: Instant): void {}

  deadline(): Instant {
    return this.#ports === undefined ? 0 : NEVER;
  }

  /** The next command that has ended. */
  poll(): Settled | undefined {
    return undefined;
  }
}
