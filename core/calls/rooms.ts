import type { ConferencecallId, ConferenceId, MixId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { MixMember } from '../media-port.ts';
import type { Conferencecall } from './conferencecall.ts';
import type { ConferencecallRecord, MemberReference } from './conferencecall-record.ts';
import { NOBODY, ROSTER_NAMES_MAX, type Roster } from './roster.ts';

/** Those who are in one conference, in the order in which they came. */
export interface Room {
  readonly stays: Map<MemberReference['id'], Conferencecall>;
  /** Nobody comes in any more but moderators, until it is opened or empty. */
  isLocked: boolean;
}

/** Who is in which conference, and which mix is whose. */
export class Rooms {
  /** Those with somebody in them. */
  readonly #rooms = new LiveMap<ConferenceId, Room>();
  readonly #stays = new LiveMap<MemberReference['id'], Conferencecall>();
  readonly #stayByMember = new LiveMap<MixMember, Conferencecall>();
  readonly #stayById = new LiveMap<ConferencecallId, Conferencecall>();
  readonly #mixes = new Map<ConferenceId, MixId>();
  readonly #conferences = new Map<MixId, ConferenceId>();
  #lastMix = 0;

  /** Who is in a conference, and conferences with somebody in them. */
  get stayCount(): number {
    return this.#stays.size;
  }

  get count(): number {
    return this.#rooms.size;
  }

  of(id: ConferenceId): Room | undefined {
    return this.#rooms.get(id);
  }

  /** Nobody comes in any more but moderators. */
  isLocked(id: ConferenceId): boolean {
    return this.#rooms.get(id)?.isLocked === true;
  }

  stayOf(id: MemberReference['id']): Conferencecall | undefined {
    return this.#stays.get(id);
  }

  stay(id: ConferencecallId): Conferencecall | undefined {
    return this.#stayById.get(id);
  }

  /** In the order in which they came. */
  staysOf(id: ConferenceId): readonly Conferencecall[] {
    return [...(this.#rooms.get(id)?.stays.values() ?? [])];
  }

  /** The same, as it is told. */
  rosterOf(id: ConferenceId): Roster {
    const room = this.#rooms.get(id);
    if (room === undefined) return NOBODY;
    const { size } = room.stays;
    const stays = size <= ROSTER_NAMES_MAX ? [...room.stays.values()] : [];
    return { count: size, ids: stays.map(({ record }) => record.id) };
  }

  recordsOf(id: ConferenceId): readonly ConferencecallRecord[] {
    return this.staysOf(id).map((stay) => stay.record);
  }

  /** The mix of a conference; it stays the same until the conference is deleted. */
  mixOf(id: ConferenceId): MixId {
    let mix = this.#mixes.get(id);
    if (mix === undefined) {
      mix = ++this.#lastMix as MixId;
      this.#mixes.set(id, mix);
      this.#conferences.set(mix, id);
    }
    return mix;
  }

  /** The conference that has this mix. */
  conferenceOf(mix: MixId): ConferenceId | undefined {
    return this.#conferences.get(mix);
  }

  /** Whose voice that is in this mix. */
  stayIn(mix: MixId, member: MixMember): Conferencecall | undefined {
    const stay = this.#stayByMember.get(member);
    return stay !== undefined && this.#mixes.get(stay.record.conferenceId) === mix ? stay : undefined;
  }

  enter(stay: Conferencecall): void {
    const { reference, conferenceId, id } = stay.record;
    this.#stays.set(reference.id, stay);
    this.#stayByMember.set(stay.member, stay);
    this.#stayById.set(id, stay);
    const room = this.#rooms.get(conferenceId) ?? { stays: new Map(), isLocked: false };
    this.#rooms.set(conferenceId, room);
    room.stays.set(reference.id, stay);
  }

  leave(stay: Conferencecall): void {
    const { reference, conferenceId, id } = stay.record;
    this.#stays.delete(reference.id);
    this.#stayByMember.delete(stay.member);
    this.#stayById.delete(id);
    const room = this.#rooms.get(conferenceId);
    if (room === undefined) return;
    room.stays.delete(reference.id);
    if (room.stays.size === 0) this.#rooms.delete(conferenceId);
  }

  /** The conference is deleted. */
  forget(id: ConferenceId): void {
    const mix = this.#mixes.get(id);
    this.#mixes.delete(id);
    if (mix !== undefined) this.#conferences.delete(mix);
  }
}
