import type { Settled } from '../accounts.ts';
import type { Refusal } from '../command.ts';
import type { Conference } from '../directory/records.ts';
import type { Cursor } from '../journal.ts';
import type { CallId, ConferencecallId, ConferenceId, CustomerId, MixId } from '../kernel/ids.ts';
import { LiveMap } from '../kernel/live-map.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaEvent, StoreEvent } from '../ports.ts';
import { notFound } from '../refusal.ts';
import type { Write } from '../write.ts';
import { admissionRefusal } from './conference-admission.ts';
import { ConferenceNews } from './conference-news.ts';
import { type ConferenceCommand, carryOut, isAboutOne } from './conference-orders.ts';
import { ConferenceSeats } from './conference-seats.ts';
import { ConferenceSounds } from './conference-sounds.ts';
import { ConferenceTimeouts } from './conference-timeouts.ts';
import {
  Conferencecall,
  type ConferencecallStep,
  joining,
  type Newcomer,
  steppedConferencecall,
} from './conferencecall.ts';
import type { ConferencecallRecord, MemberReference } from './conferencecall-record.ts';
import type { ConferencesPorts } from './conferences-ports.ts';
import type { ExternalMediaRecord } from './external-media-record.ts';
import { MEMBER_TERMS, type MemberTerms } from './member-terms.ts';
import type { Party } from './party.ts';
import { Rooms } from './rooms.ts';

/** What waits for a commit. */
type Pending =
  | {
      readonly kind: 'stay';
      readonly ticket: number;
      readonly id: ConferencecallId;
      readonly writes: readonly Write[];
    }
  /** `was` is the row to go back to when the commit fails. */
  | { readonly kind: 'end'; readonly tickets: number[]; readonly row: Conference; readonly was: Conference };

/** The live conferences: who is in which, and when they end. What a verb changed is handed to the store at its end. */
export class Conferences {
  readonly counters = { joined: 0, left: 0, kicked: 0, refused: 0, ended: 0 };
  readonly #ports: ConferencesPorts;
  readonly #parts: {
    readonly rooms: Rooms;
    readonly seats: ConferenceSeats;
    readonly sounds: ConferenceSounds;
    readonly news: ConferenceNews;
  };
  readonly #timeouts: ConferenceTimeouts;
  readonly #pending = new LiveMap<number, Pending>();
  readonly #ending = new LiveMap<ConferenceId, Pending & { kind: 'end' }>();
  readonly #settled: Settled[] = [];
  readonly #changes: Cursor;
  #writes: Write[] = [];

  constructor(ports: ConferencesPorts) {
    this.#ports = ports;
    const rooms = new Rooms();
    const seats = new ConferenceSeats(ports, rooms);
    this.#parts = { rooms, seats, sounds: new ConferenceSounds(ports, rooms), news: new ConferenceNews(ports, rooms) };
    this.#timeouts = new ConferenceTimeouts(ports.calendar);
    this.#changes = ports.journal.cursorOverAll();
  }

  /** Calls and programs that are in a conference now. */
  get liveCount(): number {
    return this.#parts.rooms.stayCount;
  }

  isIn(call: CallId): boolean {
    return this.#parts.rooms.stayOf(call) !== undefined;
  }

  /** Conferences with somebody in them. */
  get roomCount(): number {
    return this.#parts.rooms.count;
  }

  /** Who is in the conference, in the order in which they came. */
  conferencecallsOf(id: ConferenceId): readonly ConferencecallRecord[] {
    return this.#parts.rooms.recordsOf(id);
  }

  rosterOf(id: ConferenceId): ReturnType<Rooms['rosterOf']> {
    return this.#parts.rooms.rosterOf(id);
  }

  conferencecall(id: ConferencecallId): ConferencecallRecord | undefined {
    return this.#parts.rooms.stay(id)?.record;
  }

  /** The mix of a conference, for whoever records it; it stays the same until the conference is deleted. */
  mixOf(id: ConferenceId): MixId {
    return this.#parts.rooms.mixOf(id);
  }

  isLocked(id: ConferenceId): boolean {
    return this.#parts.rooms.isLocked(id);
  }

  /**
   * Brings an answered call into the conference, out of the one that it was in. News: joined with the token, later left.
   * Text of why not, when nothing was changed.
   */
  join(
    party: Party,
    conferenceId: ConferenceId,
    token: number,
    now: Instant,
    terms: MemberTerms = MEMBER_TERMS,
  ): string | undefined {
    const reference = { type: 'call', id: party.id } as const;
    const refusal = this.#admit({ ...party, reference, member: party.leg }, conferenceId, token, terms, now);
    if (refusal === undefined) this.#ports.tell(party.id, { kind: 'joined', token });
    return refusal;
  }

  /** A program that was attached to the mix of the conference is a member from now on; undefined when it may not be. */
  enter(
    { id, customerId }: ExternalMediaRecord,
    conferenceId: ConferenceId,
    terms: MemberTerms,
    now: Instant,
  ): ConferencecallId | undefined {
    const reference = { type: 'external_media', id } as const;
    this.#admit({ reference, member: id, customerId, activeflowId: null }, conferenceId, 0, terms, now);
    return this.#parts.rooms.stayOf(id)?.record.id;
  }

  /** Why nobody of this customer would be let in on these terms; undefined when they would. */
  whyNot(customerId: CustomerId, id: ConferenceId, terms: MemberTerms): string | undefined {
    if (this.#ending.has(id)) return `conference ${id} must be progressing, is terminating`;
    const { rooms } = this.#parts;
    const conference = this.#ports.directory.conferences.get(id);
    return admissionRefusal(customerId, id, conference, terms, rooms.of(id), rooms.count);
  }

  /** The call leaves and goes on with its flow. News: left. False when it was in none. */
  leave(call: CallId, now: Instant): boolean {
    const stay = this.#parts.rooms.stayOf(call);
    if (stay === undefined) return false;
    this.#part(stay, 'told', now);
    this.#commit();
    return true;
  }

  /** The call, or the program, ends. Of a call to be said before its leg is closed; without news. */
  over(id: MemberReference['id'], now: Instant): void {
    const stay = this.#parts.rooms.stayOf(id);
    if (stay === undefined) return;
    this.#part(stay, 'untold', now);
    this.#commit();
  }

  /** The flow of a call puts a live member out, or changes how it takes part: done at once, and stored. */
  steer(id: ConferencecallId, order: Partial<MemberTerms> | 'kick', now: Instant): void {
    const stay = this.#parts.rooms.stay(id);
    if (stay === undefined) return;
    if (order === 'kick') this.#kick(stay, now);
    else this.#change(stay, order, now);
    this.#commit();
  }

  /** A command that was judged already; told by `poll` once what it changed is committed. */
  execute(ticket: number, command: ConferenceCommand, now: Instant): void {
    if (isAboutOne(command)) {
      const stay = this.#parts.rooms.stay(command.id);
      if (stay === undefined) {
        this.#refuse(ticket, notFound('live conferencecall', command.id));
        return;
      }
      if (command.kind === 'kickConferencecall') this.#kick(stay, now);
      else this.#change(stay, command.changes, now);
      this.#commit({ kind: 'stay', ticket, id: command.id, writes: this.#writes });
      return;
    }
    const row = this.#ports.directory.conferences.get(command.id);
    if (row === undefined) this.#refuse(ticket, notFound('conference', command.id));
    else if (command.kind === 'deleteConference') this.#end(row, [ticket], now);
    else {
      const refusal = carryOut(command, row, this.#parts, now);
      if (refusal === undefined) this.#done(ticket, row.id);
      else this.#refuse(ticket, refusal);
    }
  }

  /** What media says of the conferences' own sounds, and of who talks. */
  hear(event: Extract<MediaEvent, { kind: 'mixPlayed' | 'talkerChanged' }>, now: Instant): void {
    this.#parts.sounds.receive(event, now);
  }

  /** To be told of every store event, after the accounts have been: changes of conferences by command are seen here. */
  receive(event: StoreEvent, now: Instant): void {
    this.#follow(now);
    const pending = this.#pending.get(event.receipt);
    if (pending === undefined) return;
    this.#pending.delete(event.receipt);
    if (pending.kind === 'end') this.#ended(pending, event, now);
    else if (event.kind === 'stored') this.#done(pending.ticket, pending.id);
    else {
      // It is out, or otherwise in it, all the same, and the row shall say so.
      this.#ports.store.write(pending.writes, 0);
      this.#refuseUnstored(pending.ticket, event.detail);
    }
  }

  /** Ends the stays that an earlier process left behind, and takes up the time-outs of all conferences. */
  restore(left: readonly ConferencecallRecord[], now: Instant): void {
    const at = this.#ports.calendar(now);
    for (const record of left) {
      const final = steppedConferencecall(steppedConferencecall(record, 'leave', at), 'end', at);
      this.#parts.news.stay('leaved', final, now);
      this.#save(final);
    }
    for (const conference of this.#ports.directory.conferences.values()) this.#timeouts.put(conference, now);
    this.#commit();
  }

  /** Acts on one due time-out. Call again while `deadline()` is not after `now`. */
  expire(now: Instant): void {
    const id = this.#timeouts.takeDue(now);
    const row = id === undefined ? undefined : this.#ports.directory.conferences.get(id);
    if (row !== undefined) this.#end(row, [], now);
  }

  deadline(): Instant {
    return this.#timeouts.deadline();
  }

  /** The next command that has ended. */
  poll(): Settled | undefined {
    return this.#settled.shift();
  }

  // ── Coming and going ──────────────────────────────────────────────────────────────────────────────────────

  #admit(newcomer: Newcomer, id: ConferenceId, token: number, terms: MemberTerms, now: Instant): string | undefined {
    const refusal = this.whyNot(newcomer.customerId, id, terms);
    if (refusal !== undefined) {
      this.counters.refused += 1;
      return refusal;
    }
    const { rooms, news, seats, sounds } = this.#parts;
    const before = rooms.stayOf(newcomer.reference.id);
    if (before !== undefined) this.#part(before, 'untold', now);
    const record = joining(newcomer, id, terms, this.#ports.random, this.#ports.calendar(now));
    const stay = new Conferencecall(record, newcomer.member, token);
    rooms.enter(stay);
    news.stay('joining', record, now);
    seats.take(stay);
    this.#step(stay, 'enter', now);
    sounds.entered(this.#ports.directory.conferences.get(id)!);
    this.counters.joined += 1;
    news.room(id, now);
    this.#save(stay.record);
    this.#commit();
    return undefined;
  }

  /** One leaves, and of a conference of two the other as well when it is there to connect them. */
  #part(stay: Conferencecall, news: 'told' | 'untold', now: Instant): void {
    const id = stay.record.conferenceId;
    this.#remove(stay, news, now);
    if (this.#ports.directory.conferences.get(id)?.type === 'connect' && stay.isParty) {
      const stays = this.#parts.rooms.staysOf(id);
      const isOver = stays.filter(({ isParty }) => isParty).length < 2;
      if (isOver) for (const last of stays) this.#remove(last, 'told', now);
    }
    this.#parts.sounds.left(id);
    this.#parts.news.room(id, now);
  }

  #remove(stay: Conferencecall, news: 'told' | 'untold', now: Instant): void {
    const { reference } = stay.record;
    this.#step(stay, 'leave', now);
    this.#parts.seats.leave(stay);
    this.#parts.rooms.leave(stay);
    this.#step(stay, 'end', now);
    this.counters.left += 1;
    if (news === 'told' && reference.type === 'call') {
      this.#ports.tell(reference.id, { kind: 'left', token: stay.token });
    }
    this.#save(stay.record);
  }

  #kick(stay: Conferencecall, now: Instant): void {
    this.#part(stay, 'told', now);
    this.counters.kicked += 1;
  }

  /** Media first: who is muted is not heard while it is written down. */
  #change(stay: Conferencecall, changes: Partial<MemberTerms>, now: Instant): void {
    const before = stay.record.terms;
    const record = stay.change({ ...before, ...changes }, this.#ports.calendar(now));
    this.#parts.seats.take(stay, before);
    this.#parts.news.stay('updated', record, now);
    this.#save(record);
  }

  // ── The end of a conference ───────────────────────────────────────────────────────────────────────────────

  /** Everybody leaves; the row is deleted once that is committed. */
  #end(row: Conference, tickets: number[], now: Instant): void {
    const running = this.#ending.get(row.id);
    if (running !== undefined) {
      running.tickets.push(...tickets);
      return;
    }
    const at = this.#ports.calendar(now);
    const final: Conference = { ...row, status: 'terminated', endedAt: at, updatedAt: at, deletedAt: at };
    const pending = { kind: 'end', tickets, row: final, was: row } as const;
    this.#ending.set(row.id, pending);
    this.#timeouts.remove(row.id);
    this.#ports.directory.putConference({ ...row, status: 'terminating', updatedAt: at });
    this.#parts.news.room(row.id, now);
    const stays = this.#parts.rooms.staysOf(row.id);
    for (const stay of stays) this.#remove(stay, 'told', now);
    this.#parts.sounds.left(row.id);
    if (stays.length > 0) this.#parts.news.room(row.id, now);
    this.#ports.recordings.over({ type: 'confbridge', id: row.id }, now);
    // Who has left has left, also when the conference cannot be deleted.
    this.#commit();
    this.#writes.push({ kind: 'saveConference', row: final });
    this.#commit(pending);
  }

  #ended({ tickets, row, was }: Pending & { kind: 'end' }, event: StoreEvent, now: Instant): void {
    const { directory, journal, calendar } = this.#ports;
    this.#ending.delete(row.id);
    if (event.kind === 'stored') {
      directory.putConference(row);
      this.#parts.rooms.forget(row.id);
      this.counters.ended += 1;
      const body = { type: 'conference_deleted', conference: row, conferencecalls: this.rosterOf(row.id) } as const;
      journal.append(row.customerId, body, calendar(now));
      for (const ticket of tickets) this.#done(ticket, row.id);
    } else {
      // What was changed of it by command in the meantime stays.
      const present = directory.conferences.get(row.id) ?? was;
      directory.putConference({ ...present, status: was.status, updatedAt: calendar(now) });
      this.#timeouts.retry(was, now);
      this.#parts.news.room(row.id, now);
      for (const ticket of tickets) this.#refuseUnstored(ticket, event.detail);
    }
  }

  /** Conferences are made and changed by command elsewhere: the journal tells of it. */
  #follow(now: Instant): void {
    for (let reading = this.#changes.poll(); reading !== undefined; reading = this.#changes.poll()) {
      if (reading.kind === 'lagged') {
        for (const conference of this.#ports.directory.conferences.values()) this.#timeouts.put(conference, now);
        continue;
      }
      const { body } = reading.event;
      if (body.type === 'conference_created' || body.type === 'conference_updated') {
        const conference = this.#ports.directory.conferences.get(body.conference.id);
        if (conference === undefined) continue;
        this.#timeouts.put(conference, now);
        this.#parts.sounds.follow(conference);
      }
    }
  }

  // ── What is told and stored ───────────────────────────────────────────────────────────────────────────────

  #step(stay: Conferencecall, step: ConferencecallStep, now: Instant): void {
    const record = stay.step(step, this.#ports.calendar(now));
    this.#parts.news.stay(record.status, record, now);
  }

  #save(row: ConferencecallRecord): void {
    this.#writes.push({ kind: 'saveConferencecall', row });
  }

  #commit(pending?: Pending): void {
    if (this.#writes.length === 0) return;
    const receipt = pending === undefined ? 0 : this.#ports.nextReceipt();
    if (pending !== undefined) this.#pending.set(receipt, pending);
    this.#ports.store.write(this.#writes, receipt);
    this.#writes = [];
  }

  #done(ticket: number, id: string): void {
    this.#settled.push({ ticket, result: { kind: 'done', id } });
  }

  #refuse(ticket: number, refusal: Refusal): void {
    this.#settled.push({ ticket, result: { kind: 'refused', refusal } });
  }

  #refuseUnstored(ticket: number, detail: string): void {
    this.#refuse(ticket, { code: 'STORE_FAILED', message: `the change could not be stored: ${detail}` });
  }
}
