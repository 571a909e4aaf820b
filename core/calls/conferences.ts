import type { Settled } from '../accounts.ts';
import type { CallCommand, Refusal } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { Conference } from '../directory/records.ts';
import type { CallNews } from '../flows/call-control.ts';
import type { Cursor, Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { CallId, ConferencecallId, ConferenceId, MixId } from '../kernel/ids.ts';
import { timeOrderedUuid } from '../kernel/ids.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaEvent, MediaPlane, Store, StoreEvent } from '../ports.ts';
import { notFound } from '../refusal.ts';
import type { Write } from '../write.ts';
import { admissionRefusal } from './conference-admission.ts';
import { ConferenceNews } from './conference-news.ts';
import { type ConferenceOrder, carryOut } from './conference-orders.ts';
import { ConferenceSounds, type ConferenceSoundsPorts } from './conference-sounds.ts';
import { ConferenceTimeouts } from './conference-timeouts.ts';
import { Conferencecall, type ConferencecallStep, steppedConferencecall } from './conferencecall.ts';
import type { ConferencecallRecord } from './conferencecall-record.ts';
import { isAmplified, MEMBER_TERMS, type MemberTerms } from './member-terms.ts';
import type { Party } from './party.ts';
import type { Recordings } from './recordings.ts';
import { Rooms } from './rooms.ts';
import { mixTermsOf } from './who-hears-whom.ts';

export interface ConferencesPorts {
  readonly directory: Directory;
  readonly media: Pick<MediaPlane, 'join' | 'leave' | 'amplify' | 'mixes'>;
  readonly store: Store;
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly random: Random;
  /** Receipts of the calls' own range: nobody else's writes carry them. */
  readonly nextReceipt: () => number;
  /** Queues news for the flow of a call, if one runs on it. */
  readonly tell: (call: CallId, news: CallNews) => void;
  /** What ends with a conference: its recordings, and the programs that hear it. */
  readonly recordings: Pick<Recordings, 'over'>;
  readonly sounds: ConferenceSoundsPorts['sounds'];
}

type AboutOne = Extract<CallCommand, { kind: 'kickConferencecall' | 'updateConferencecall' }>;

export type ConferenceCommand = AboutOne | ConferenceOrder | Extract<CallCommand, { kind: 'deleteConference' }>;

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
  readonly #parts: { readonly rooms: Rooms; readonly sounds: ConferenceSounds; readonly news: ConferenceNews };
  readonly #timeouts: ConferenceTimeouts;
  readonly #pending = new Map<number, Pending>();
  readonly #ending = new Map<ConferenceId, Pending & { kind: 'end' }>();
  readonly #settled: Settled[] = [];
  readonly #changes: Cursor;
  #writes: Write[] = [];

  constructor(ports: ConferencesPorts) {
    this.#ports = ports;
    const rooms = new Rooms();
    this.#parts = { rooms, sounds: new ConferenceSounds(ports, rooms), news: new ConferenceNews(ports, rooms) };
    this.#timeouts = new ConferenceTimeouts(ports.calendar);
    this.#changes = ports.journal.cursorOverAll();
  }

  /** Calls that are in a conference now. */
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
    const conference = this.#ports.directory.conferences.get(conferenceId);
    const room = this.#parts.rooms.of(conferenceId);
    const refusal = this.#ending.has(conferenceId)
      ? `conference ${conferenceId} must be progressing, is terminating`
      : admissionRefusal(party, conferenceId, conference, terms, room, this.#parts.rooms.count);
    if (refusal !== undefined) {
      this.counters.refused += 1;
      return refusal;
    }
    const before = this.#parts.rooms.stayOf(party.id);
    if (before !== undefined) this.#part(before, 'untold', now);
    const stay = this.#create(party, conferenceId, token, terms, now);
    this.#seat(stay);
    this.#step(stay, 'enter', now);
    this.#parts.sounds.entered(conference!);
    this.counters.joined += 1;
    this.#parts.news.room(conferenceId, now);
    this.#ports.tell(party.id, { kind: 'joined', token });
    this.#save(stay.record);
    this.#commit();
    return undefined;
  }

  /** The call leaves and goes on with its flow. News: left. False when it was in none. */
  leave(call: CallId, now: Instant): boolean {
    const stay = this.#parts.rooms.stayOf(call);
    if (stay === undefined) return false;
    this.#part(stay, 'told', now);
    this.#commit();
    return true;
  }

  /** The call ends. To be said before its leg is closed; without news. */
  over(call: CallId, now: Instant): void {
    const stay = this.#parts.rooms.stayOf(call);
    if (stay === undefined) return;
    this.#part(stay, 'untold', now);
    this.#commit();
  }

  /** A command that was judged already; told by `poll` once what it changed is committed. */
  execute(ticket: number, command: ConferenceCommand, now: Instant): void {
    if (isAboutOne(command)) {
      const stay = this.#parts.rooms.stay(command.id);
      if (stay === undefined) this.#refuse(ticket, notFound('live conferencecall', command.id));
      else if (command.kind === 'kickConferencecall') this.#kick(ticket, stay, now);
      else this.#change(ticket, stay, command.changes, now);
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

  #create(party: Party, conferenceId: ConferenceId, token: number, terms: MemberTerms, now: Instant): Conferencecall {
    const createdAt = this.#ports.calendar(now);
    const record: ConferencecallRecord = {
      id: timeOrderedUuid(this.#ports.random, createdAt) as ConferencecallId,
      customerId: party.customerId,
      activeflowId: party.activeflowId,
      conferenceId,
      callId: party.id,
      terms,
      status: 'joining',
      createdAt,
      updatedAt: null,
      deletedAt: null,
    };
    const stay = new Conferencecall(record, party.leg, token);
    this.#parts.rooms.enter(stay);
    this.#parts.news.stay('joining', record, now);
    return stay;
  }

  /** One leaves, and of a conference of two the other as well when it is there to connect them. */
  #part(stay: Conferencecall, news: 'told' | 'untold', now: Instant): void {
    const id = stay.record.conferenceId;
    this.#remove(stay, news, now);
    const stays = this.#parts.rooms.staysOf(id);
    const isOver = this.#ports.directory.conferences.get(id)?.type === 'connect' && stays.length === 1;
    if (isOver) for (const last of stays) this.#remove(last, 'told', now);
    this.#parts.sounds.left(id);
    this.#parts.news.room(id, now);
  }

  #remove(stay: Conferencecall, news: 'told' | 'untold', now: Instant): void {
    const { callId, terms } = stay.record;
    this.#step(stay, 'leave', now);
    this.#ports.media.leave(stay.leg);
    if (isAmplified(terms)) this.#ports.media.amplify(stay.leg, 0, 0);
    this.#parts.rooms.leave(stay);
    this.#step(stay, 'end', now);
    this.counters.left += 1;
    if (news === 'told') this.#ports.tell(callId, { kind: 'left', token: stay.token });
    this.#save(stay.record);
  }

  #kick(ticket: number, stay: Conferencecall, now: Instant): void {
    this.#part(stay, 'told', now);
    this.counters.kicked += 1;
    this.#commit({ kind: 'stay', ticket, id: stay.record.id, writes: this.#writes });
  }

  /** Media first: who is muted is not heard while it is written down. */
  #change(ticket: number, stay: Conferencecall, changes: Partial<MemberTerms>, now: Instant): void {
    const before = stay.record.terms;
    const record = stay.change({ ...before, ...changes }, this.#ports.calendar(now));
    this.#seat(stay, before);
    this.#parts.news.stay('updated', record, now);
    this.#save(record);
    this.#commit({ kind: 'stay', ticket, id: record.id, writes: this.#writes });
  }

  /** Puts a call into the mix of its conference, or changes how it takes part there. */
  #seat({ leg, record }: Conferencecall, before: MemberTerms = MEMBER_TERMS): void {
    const { terms, conferenceId } = record;
    const { media } = this.#ports;
    media.join(leg, this.mixOf(conferenceId), mixTermsOf(terms));
    if (isAmplified(terms) || isAmplified(before)) media.amplify(leg, terms.gainInDb, terms.gainOutDb);
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

function isAboutOne(command: ConferenceCommand): command is AboutOne {
  return command.kind === 'kickConferencecall' || command.kind === 'updateConferencecall';
}
