import type { ExternalMediaId } from '../kernel/ids.ts';
import type { ExternalMediaPlane, MediaPlane, MixMember } from '../ports.ts';
import type { Conferencecall } from './conferencecall.ts';
import type { Externals } from './externals.ts';
import { isAmplified, MEMBER_TERMS, type MemberTerms } from './member-terms.ts';
import type { Rooms } from './rooms.ts';
import { mixTermsOf } from './who-hears-whom.ts';

export interface ConferenceSeatsPorts {
  readonly media: Pick<MediaPlane, 'join' | 'leave' | 'amplify'> & {
    readonly externals: Pick<ExternalMediaPlane, 'takePart'>;
  };
  readonly programs: Pick<Externals, 'stop'>;
}

/** How those who are in a conference are in its mix: legs that come and go there, and programs that are in it while they live. */
export class ConferenceSeats {
  readonly #ports: ConferenceSeatsPorts;
  readonly #rooms: Rooms;

  constructor(ports: ConferenceSeatsPorts, rooms: Rooms) {
    this.#ports = ports;
    this.#rooms = rooms;
  }

  /** Puts one into the mix of the conference, or changes how it takes part there. */
  take({ member, record }: Conferencecall, before: MemberTerms = MEMBER_TERMS): void {
    const { terms, conferenceId } = record;
    const { gainInDb, gainOutDb } = terms;
    const { media } = this.#ports;
    const mixTerms = mixTermsOf(terms);
    if (isProgram(member)) media.externals.takePart(member, mixTerms, gainInDb, gainOutDb);
    else {
      media.join(member, this.#rooms.mixOf(conferenceId), mixTerms);
      if (isAmplified(terms) || isAmplified(before)) media.amplify(member, gainInDb, gainOutDb);
    }
  }

  /** A program has nothing else to be there for, and is let go. */
  leave({ member, record }: Conferencecall): void {
    const { media, programs } = this.#ports;
    if (isProgram(member)) programs.stop(member);
    else {
      media.leave(member);
      if (isAmplified(record.terms)) media.amplify(member, 0, 0);
    }
  }
}

function isProgram(member: MixMember): member is ExternalMediaId {
  return typeof member === 'string';
}
