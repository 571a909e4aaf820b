import type { Directory } from '../directory/directory.ts';
import type { Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { ConferenceId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/time.ts';
import type { ConferencecallRecord } from './conferencecall-record.ts';
import type { Rooms } from './rooms.ts';

export interface ConferenceNewsPorts {
  readonly directory: Directory;
  readonly journal: Journal;
  readonly calendar: Calendar;
}

/** What is told of conferences and of who is in them. */
export class ConferenceNews {
  readonly #ports: ConferenceNewsPorts;
  readonly #rooms: Rooms;

  constructor(ports: ConferenceNewsPorts, rooms: Rooms) {
    this.#ports = ports;
    this.#rooms = rooms;
  }

  stay(happening: ConferencecallRecord['status'] | 'updated', record: ConferencecallRecord, now: Instant): void {
    const { journal, calendar } = this.#ports;
    const body = { type: `conferencecall_${happening}`, conferencecall: record } as const;
    journal.append(record.customerId, body, calendar(now));
  }

  /** Who is in it has changed, or it is in another state. */
  room(id: ConferenceId, now: Instant): void {
    const { directory, journal, calendar } = this.#ports;
    const conference = directory.conferences.get(id);
    if (conference === undefined) return;
    const conferencecalls = this.#rooms.rosterOf(id);
    const isLocked = this.#rooms.isLocked(id);
    const body = { type: 'conference_updated', conference, conferencecalls, isLocked } as const;
    journal.append(conference.customerId, body, calendar(now));
  }
}
