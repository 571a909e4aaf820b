import type { Settled } from '../accounts.ts';
import type { CallCommand } from '../command.ts';
import type { Directory } from '../directory/directory.ts';
import type { Conference } from '../directory/records.ts';
import type { CallNews } from '../flows/call-control.ts';
import type { Cursor, Journal } from '../journal.ts';
import type { Calendar } from '../kernel/clock.ts';
import type { CallId, ConferencecallId, ConferenceId, MixId } from '../kernel/ids.ts';
import { timeOrderedUuid } from '../kernel/ids.ts';
import { LIMITS } from '../kernel/limits.ts';
import type { Random } from '../kernel/random.ts';
import type { Instant } from '../kernel/time.ts';
import type { MediaPlane, Store, StoreEvent } from '../ports.ts';
import { notFound } from '../refusal.ts';
import type { Write } from '../write.ts';
import { ConferenceTimeouts } from './conference-timeouts.ts';
import { Conferencecall, type ConferencecallStep, steppedConferencecall } from './conferencecall.ts';
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

/** What waits for a commit. */
type Pending =
  | {
      readonly kind: 'kick';
      readonly ticket: number;
      readonly id: ConferencecallId;
      readonly writes: readonly Write[];
    }
  /** `was` is the row to go back to when the commit fails. */
  | { readonly kind: 'end'; readonly tickets: number[]; readonly row: Conference; readonly was: Conference };

/** Those who are in one conference, in the order in which they came. */
type Room = Map<CallId, Conferencecall>;

/** The live conferences: who is in which, and when they end. What a verb changed is handed to the store at its end. */
export class Conferences {
  readonly counters = { joined: 0, left: 0, kicked: 0, refused: 0, ended: 0 };
  readonly #ports: ConferencesPorts;
  /** Those with somebody in them. */
  readonly #rooms = new Map<ConferenceId, Room>();
  readonly #mixes = new Map<ConferenceId, MixId>();
  readonly #stays = new Map<CallId, Conferencecall>();
  readonly #stayById = new Map<ConferencecallId, Conferencecall>();
  readonly #timeouts: ConferenceTimeouts;
  readonly #pending = new Map<number, Pending>();
  readonly #ending = new Map<ConferenceId, Pending & { kind: 'end' }>();
  readonly #settled: Settled[] = [];
  readonly #changes: Cursor;
  #writes: Write[] = [];
  #lastMix = 0;

  constructor(ports: ConferencesPorts) {
    this.#ports = ports;
    this.#timeouts = new ConferenceTimeouts(ports.calendar);
    this.#changes = ports.journal.cursorOverAll();
  }

  /** Calls that are in a conference now. */
  get liveCount(): number {
    return this.#stays.size;
  }

  /** Conferences with somebody in them. */
  get roomCount(): number {
    return this.#rooms.size;
  }

  /** Who is in the conference, in the order in which they came. */
  conferencecallsOf(id: ConferenceId): readonly ConferencecallRecord[] {
    return [...(this.#rooms.get(id)?.values() ?? [])].map((stay) => stay.record);
  }

  conferencecall(id: ConferencecallId): ConferencecallRecord | undefined {
    return this.#stayById.get(id)?.record;
  }

  /** The mix of a conference, for whoever records it; it stays the same until the conference is deleted. */
  mixOf(id: ConferenceId): MixId {
    let mix = this.#mixes.get(id);
    if (mix === undefined) {
      mix = ++this.#lastMix as MixId;
      this.#mixes.set(id, mix);
    }
    return mix;
  }

  /**
   * Brings an answered call into the conference, out of the one that it was in. News: joined with the token, later left.
   * Text of why not, when nothing was changed.
   */
  join(party: Party, conferenceId: ConferenceId, token: number, now: Instant): string | undefined {
    const refusal = this.#refusalOf(party, conferenceId);
    if (refusal !== undefined) {
      this.counters.refused += 1;
      return refusal;
    }
    const before = this.#stays.get(party.id);
    if (before !== undefined) this.#part(before, 'untold', now);
    const stay = this.#create(party, conferenceId, token, now);
    this.#ports.media.join(party.leg, this.mixOf(conferenceId));
    this.#step(stay, 'enter', now);
    this.counters.joined += 1;
    this.#publishRoom(conferenceId, now);
    this.#ports.tell(party.id, { kind: 'joined', token });
    this.#save(stay.record);
    this.#commit();
    return undefined;
  }

  /** The call leaves and goes on with its flow. News: left. False when it was in none. */
  leave(call: CallId, now: Instant): boolean {
    const stay = this.#stays.get(call);
    if (stay === undefined) return false;
    this.#part(stay, 'told', now);
    this.#commit();
    return true;
  }

  /** The call ends. To be said before its leg is closed; without news. */
  over(call: CallId, now: Instant): void {
    const stay = this.#stays.get(call);
    if (stay === undefined) return;
    this.#part(stay, 'untold', now);
    this.#commit();
  }

  /** A command that was judged already; told by `poll` once what it changed is committed. */
  execute(ticket: number, command: ConferenceCommand, now: Instant): void {
    if (command.kind === 'kickConferencecall') {
      this.#kick(ticket, command.id, now);
      return;
    }
    const row = this.#ports.directory.conferences.get(command.id);
    if (row !== undefined) this.#end(row, [ticket], now);
    else this.#refuse(ticket, notFound('conference', command.id));
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
      // Who was kicked is out all the same, and the row shall say so.
      this.#ports.store.write(pending.writes, 0);
      this.#refuseUnstored(pending.ticket, event.detail);
    }
  }

  /** Ends the stays that an earlier process left behind, and takes up the time-outs of all conferences. */
  restore(left: readonly ConferencecallRecord[], now: Instant): void {
    const at = this.#ports.calendar(now);
    for (const record of left) {
      const final = steppedConferencecall(steppedConferencecall(record, 'leave', at), 'end', at);
      this.#publish('conferencecall_leaved', final, now);
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

  #refusalOf(party: Party, id: ConferenceId): string | undefined {
    const conference = this.#ports.directory.conferences.get(id);
    if (conference === undefined || conference.customerId !== party.customerId) return `no conference ${id}`;
    if (conference.status !== 'progressing' || this.#ending.has(id)) {
      return `conference ${id} must be progressing, is ${this.#ending.has(id) ? 'terminating' : conference.status}`;
    }
    const size = this.#rooms.get(id)?.size;
    if (size === undefined && this.#rooms.size >= LIMITS.conferencesLiveMax) {
      return `more than ${LIMITS.conferencesLiveMax} conferences are busy`;
    }
    if (size !== undefined && size >= LIMITS.conferenceMembersMax) {
      return `conference ${id} is full with ${size} calls`;
    }
    return undefined;
  }

  #create(party: Party, conferenceId: ConferenceId, token: number, now: Instant): Conferencecall {
    const createdAt = this.#ports.calendar(now);
    const record: ConferencecallRecord = {
      id: timeOrderedUuid(this.#ports.random, createdAt) as ConferencecallId,
      customerId: party.customerId,
      activeflowId: party.activeflowId,
      conferenceId,
      callId: party.id,
      status: 'joining',
      createdAt,
      updatedAt: null,
      deletedAt: null,
    };
    const stay = new Conferencecall(record, party.leg, token);
    this.#stays.set(party.id, stay);
    this.#stayById.set(record.id, stay);
    let room = this.#rooms.get(conferenceId);
    if (room === undefined) {
      room = new Map();
      this.#rooms.set(conferenceId, room);
    }
    room.set(party.id, stay);
    this.#publish('conferencecall_joining', record, now);
    return stay;
  }

  /** One leaves, and of a conference of two the other as well when it is there to connect them. */
  #part(stay: Conferencecall, news: 'told' | 'untold', now: Instant): void {
    const id = stay.record.conferenceId;
    this.#remove(stay, news, now);
    const room = this.#rooms.get(id);
    const isOver = this.#ports.directory.conferences.get(id)?.type === 'connect' && room?.size === 1;
    if (isOver) for (const last of [...room.values()]) this.#remove(last, 'told', now);
    this.#publishRoom(id, now);
  }

  #remove(stay: Conferencecall, news: 'told' | 'untold', now: Instant): void {
    const { conferenceId, callId, id } = stay.record;
    this.#step(stay, 'leave', now);
    this.#ports.media.leave(stay.leg);
    this.#stays.delete(callId);
    this.#stayById.delete(id);
    const room = this.#rooms.get(conferenceId);
    room?.delete(callId);
    if (room?.size === 0) this.#rooms.delete(conferenceId);
    this.#step(stay, 'end', now);
    this.counters.left += 1;
    if (news === 'told') this.#ports.tell(callId, { kind: 'left', token: stay.token });
    this.#save(stay.record);
  }

  #kick(ticket: number, id: ConferencecallId, now: Instant): void {
    const stay = this.#stayById.get(id);
    if (stay === undefined) {
      this.#refuse(ticket, notFound('live conferencecall', id));
      return;
    }
    this.#part(stay, 'told', now);
    this.counters.kicked += 1;
    this.#commit({ kind: 'kick', ticket, id, writes: this.#writes });
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
    this.#publishRoom(row.id, now);
    const room = [...(this.#rooms.get(row.id)?.values() ?? [])];
    for (const stay of room) this.#remove(stay, 'told', now);
    if (room.length > 0) this.#publishRoom(row.id, now);
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
      this.#mixes.delete(row.id);
      this.counters.ended += 1;
      const body = { type: 'conference_deleted', conference: row, conferencecalls: [] } as const;
      journal.append(row.customerId, body, calendar(now));
      for (const ticket of tickets) this.#done(ticket, row.id);
    } else {
      // What was changed of it by command in the meantime stays.
      const present = directory.conferences.get(row.id) ?? was;
      directory.putConference({ ...present, status: was.status, updatedAt: calendar(now) });
      this.#timeouts.retry(was, now);
      this.#publishRoom(row.id, now);
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
        if (conference !== undefined) this.#timeouts.put(conference, now);
      }
    }
  }

  // ── What is told and stored ───────────────────────────────────────────────────────────────────────────────

  #step(stay: Conferencecall, step: ConferencecallStep, now: Instant): void {
    const record = stay.step(step, this.#ports.calendar(now));
    this.#publish(`conferencecall_${record.status}`, record, now);
  }

  #publish(type: `conferencecall_${ConferencecallRecord['status']}`, record: ConferencecallRecord, now: Instant): void {
    this.#ports.journal.append(record.customerId, { type, conferencecall: record }, this.#ports.calendar(now));
  }

  #publishRoom(id: ConferenceId, now: Instant): void {
    const { directory, journal, calendar } = this.#ports;
    const conference = directory.conferences.get(id);
    if (conference === undefined) return;
    const conferencecalls = this.conferencecallsOf(id);
    journal.append(conference.customerId, { type: 'conference_updated', conference, conferencecalls }, calendar(now));
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

  #refuse(ticket: number, refusal: ReturnType<typeof notFound>): void {
    this.#settled.push({ ticket, result: { kind: 'refused', refusal } });
  }

  #refuseUnstored(ticket: number, detail: string): void {
    this.#refuse(ticket, { code: 'STORE_FAILED', message: `the change could not be stored: ${detail}` });
  }
}
