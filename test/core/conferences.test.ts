import { describe, expect, test } from 'vitest';
import { EventTexts } from '../../api/websocket/event-texts.ts';
import { CONFERENCECALL_TRANSITIONS } from '../../core/calls/conferencecall.ts';
import type { ExternalMediaRecord } from '../../core/calls/external-media-record.ts';
import { MEMBER_TERMS, programTerms } from '../../core/calls/member-terms.ts';
import { NOBODY } from '../../core/calls/roster.ts';
import type { Conference } from '../../core/directory/records.ts';
import type { ConferencecallId, ConferenceId, CustomerId } from '../../core/kernel/ids.ts';
import { LIMITS } from '../../core/kernel/limits.ts';
import { NEVER } from '../../core/kernel/time.ts';
import { rooms } from './conference-rooms.ts';
import { CONFERENCE, callId, party } from './quiet-ports.ts';

const ROOM = CONFERENCE.id;

describe('conferences', () => {
  test('bring two calls together in one mix, and tell of every step', () => {
    const { conferences, media, happened, told, store } = rooms(CONFERENCE);
    expect(conferences.join(party(1), ROOM, 7, 10)).toBeUndefined();
    expect(happened()).toEqual(['conferencecall_joining', 'conferencecall_joined', 'conference_updated']);
    expect(conferences.join(party(2), ROOM, 8, 20)).toBeUndefined();
    expect(media).toEqual(['join 1 1', 'join 2 1']);
    expect(told()).toEqual(['1 joined 7', '2 joined 8']);
    const [first, second] = conferences.conferencecallsOf(ROOM);
    expect([first!.reference.id, second!.reference.id]).toEqual([callId(1), callId(2)]);
    expect(first).toMatchObject({ status: 'joined', createdAt: 10, conferenceId: ROOM });
    expect(store.row('saveConferencecall', first!.id)).toEqual(first);
    expect([conferences.liveCount, conferences.roomCount]).toEqual([2, 1]);
  });

  test('name in the event of a change those who are in it after the change', () => {
    const { conferences, journal } = rooms(CONFERENCE);
    const cursor = journal.cursorOverAll();
    conferences.join(party(1), ROOM, 1, 0);
    conferences.join(party(2), ROOM, 1, 0);
    conferences.leave(callId(1), 5);
    const sizes: number[] = [];
    for (let reading = cursor.poll(); reading !== undefined; reading = cursor.poll()) {
      if (reading.kind === 'event' && reading.event.body.type === 'conference_updated') {
        sizes.push(reading.event.body.conferencecalls.count);
      }
    }
    expect(sizes).toEqual([1, 2, 1]);
  });

  test('name a hundred in an event, and of more how many there are: an event is no larger with thousands of them', () => {
    const { conferences, journal } = rooms(CONFERENCE);
    const cursor = journal.cursorOverAll();
    const texts = new EventTexts();
    const told: { readonly named: number; readonly count: number; readonly bytes: number }[] = [];
    for (let call = 1; call <= LIMITS.conferenceMembersMax; call++) {
      conferences.join(party(call), ROOM, 1, 0);
      for (let reading = cursor.poll(); reading !== undefined; reading = cursor.poll()) {
        if (reading.kind !== 'event' || reading.event.body.type !== 'conference_updated') continue;
        const { numbered } = texts.of(reading.event);
        const { conferencecall_ids: named, conferencecall_count: count } = JSON.parse(numbered).data;
        told.push({ named: named.length, count, bytes: numbered.length });
      }
    }
    expect(told.map(({ count }) => count)).toEqual(told.map((_, i) => i + 1));
    expect([0, 99, 100, 3_999].map((i) => told[i]!.named)).toEqual([1, 100, 0, 0]);
    expect(Math.max(...told.map(({ bytes }) => bytes))).toBeLessThan(5_000);
    expect(conferences.conferencecallsOf(ROOM)).toHaveLength(LIMITS.conferenceMembersMax);
  });

  test('let a call go on with its flow when it leaves, and store that it has', () => {
    const { conferences, media, happened, told, store } = rooms(CONFERENCE);
    conferences.join(party(1), ROOM, 7, 10);
    const { id } = conferences.conferencecallsOf(ROOM)[0]!;
    happened();
    expect(conferences.leave(callId(1), 30)).toBe(true);
    expect(happened()).toEqual(['conferencecall_leaving', 'conferencecall_leaved', 'conference_updated']);
    expect(media.at(-1)).toBe('leave 1');
    expect(told()).toEqual(['1 joined 7', '1 left 7']);
    expect(store.row('saveConferencecall', id)).toMatchObject({ status: 'leaved', updatedAt: 30 });
    expect([conferences.liveCount, conferences.roomCount, conferences.conferencecall(id)]).toEqual([0, 0, undefined]);
    expect(conferences.leave(callId(1), 40)).toBe(false);
  });

  test('take a call that ends out without news to its flow', () => {
    const { conferences, told } = rooms(CONFERENCE);
    conferences.join(party(1), ROOM, 7, 10);
    told();
    conferences.over(callId(1), 20);
    conferences.over(callId(1), 21);
    expect([told(), conferences.liveCount]).toEqual([[], 0]);
  });

  test('keep the same mix for a conference that was empty in between', () => {
    const { conferences, media } = rooms(CONFERENCE);
    conferences.join(party(1), ROOM, 1, 0);
    conferences.leave(callId(1), 1);
    conferences.join(party(1), ROOM, 1, 2);
    expect(media).toEqual(['join 1 1', 'leave 1', 'join 1 1']);
    expect(conferences.mixOf(ROOM)).toBe(1);
  });

  test('move a call that joins another conference', () => {
    const other = { ...CONFERENCE, id: 'f0000000-0000-4000-8000-000000000002' as ConferenceId };
    const { conferences, media, told } = rooms(CONFERENCE, other);
    conferences.join(party(1), ROOM, 1, 0);
    conferences.join(party(1), other.id, 2, 1);
    expect(media).toEqual(['join 1 1', 'leave 1', 'join 1 2']);
    expect(told()).toEqual(['1 joined 1', '1 joined 2']);
    expect([conferences.conferencecallsOf(ROOM).length, conferences.conferencecallsOf(other.id).length]).toEqual([
      0, 1,
    ]);
  });

  test.each([
    ['unknown', []],
    ['of another customer', [{ ...CONFERENCE, customerId: 'c0000000-0000-4000-8000-000000000009' as CustomerId }]],
    ['over', [{ ...CONFERENCE, status: 'terminated' } as const]],
  ])('refuse a call that would join one that is %s, and change nothing', (_, rows) => {
    const { conferences, media, happened, told } = rooms(...rows);
    expect(conferences.join(party(1), ROOM, 1, 0)).toContain(ROOM);
    expect([media, happened(), told(), conferences.liveCount]).toEqual([[], [], [], 0]);
  });

  test('refuse the call that is one too many', () => {
    const { conferences } = rooms(CONFERENCE);
    for (let i = 1; i <= LIMITS.conferenceMembersMax; i++)
      expect(conferences.join(party(i), ROOM, 1, 0)).toBeUndefined();
    expect(conferences.join(party(5_000), ROOM, 1, 0)).toContain('full');
    expect(conferences.counters.refused).toBe(1);
  });

  test('send the last one out of a conference that is there to connect two', () => {
    const { conferences, told } = rooms({ ...CONFERENCE, type: 'connect' });
    conferences.join(party(1), ROOM, 1, 0);
    conferences.join(party(2), ROOM, 2, 0);
    conferences.over(callId(1), 5);
    expect(told()).toEqual(['1 joined 1', '2 joined 2', '2 left 2']);
    expect(conferences.liveCount).toBe(0);
  });
});

describe('commands to conferences', () => {
  test('that are there to connect two end with a program as the other, and not with one that only listens', () => {
    const { conferences } = rooms({ ...CONFERENCE, type: 'connect' });
    const outside = (id: string): ExternalMediaRecord => ({ id, customerId: CONFERENCE.customerId }) as never;
    const [agent, transcriber] = [outside('agent'), outside('transcriber')];
    conferences.join(party(1), CONFERENCE.id, 1, 0);
    conferences.enter(agent, CONFERENCE.id, programTerms('both'), 1);
    conferences.enter(transcriber, CONFERENCE.id, programTerms(''), 2);
    conferences.over(transcriber.id, 3);
    expect(conferences.liveCount).toBe(2);
    conferences.enter(transcriber, CONFERENCE.id, programTerms(''), 4);
    conferences.over(agent.id, 5);
    expect(conferences.liveCount).toBe(0);
  });

  test('kick one out, answered once that is stored', () => {
    const { conferences, told, store } = rooms(CONFERENCE);
    conferences.join(party(1), ROOM, 1, 0);
    conferences.join(party(2), ROOM, 2, 0);
    const { id } = conferences.conferencecallsOf(ROOM)[1]!;
    conferences.execute(40, { kind: 'kickConferencecall', id }, 10);
    expect(told()).toEqual(['1 joined 1', '2 joined 2', '2 left 2']);
    expect(conferences.poll()).toBeUndefined();
    conferences.receive(store.stored(), 11);
    expect(conferences.poll()).toEqual({ ticket: 40, result: { kind: 'done', id } });
  });

  test('store that one was kicked out even when that cannot be answered as done', () => {
    const { conferences, store } = rooms(CONFERENCE);
    conferences.join(party(1), ROOM, 1, 0);
    const { id } = conferences.conferencecallsOf(ROOM)[0]!;
    conferences.execute(40, { kind: 'kickConferencecall', id }, 10);
    conferences.receive(store.failed(), 11);
    expect(conferences.poll()).toMatchObject({ ticket: 40, result: { refusal: { code: 'STORE_FAILED' } } });
    expect(store.row('saveConferencecall', id)!.status).toBe('leaved');
  });

  test('refuse to kick who is not there', () => {
    const { conferences } = rooms(CONFERENCE);
    conferences.execute(40, { kind: 'kickConferencecall', id: 'x' as ConferencecallId }, 10);
    expect(conferences.poll()).toMatchObject({ result: { kind: 'refused', refusal: { code: 'RESOURCE_NOT_FOUND' } } });
  });

  test('end a conference: terminating, everybody out, and deleted once that is stored', () => {
    const { conferences, directory, happened, told, store, ended } = rooms(CONFERENCE);
    for (const number of [1, 2, 3]) conferences.join(party(number), ROOM, number, 0);
    happened();
    told();
    conferences.execute(41, { kind: 'deleteConference', id: ROOM }, 100);
    expect(directory.conferences.get(ROOM)!.status).toBe('terminating');
    expect(told()).toEqual(['1 left 1', '2 left 2', '3 left 3']);
    const leaving = ['conferencecall_leaving', 'conferencecall_leaved'];
    expect(happened()).toEqual(['conference_updated', ...leaving, ...leaving, ...leaving, 'conference_updated']);
    expect(ended).toEqual([{ type: 'confbridge', id: ROOM }]);
    expect(conferences.join(party(4), ROOM, 4, 101)).toContain('terminating');
    expect(conferences.poll()).toBeUndefined();

    conferences.receive(store.stored(), 110);
    expect(happened()).toEqual(['conference_deleted']);
    expect(directory.conferences.has(ROOM)).toBe(false);
    expect(store.row('saveConference', ROOM)).toMatchObject({ status: 'terminated', endedAt: 100, deletedAt: 100 });
    expect(conferences.poll()).toEqual({ ticket: 41, result: { kind: 'done', id: ROOM } });
  });

  test('let nobody in while it ends, also when a change asked for earlier is committed meanwhile', () => {
    const { conferences, directory, store } = rooms(CONFERENCE);
    const before = conferences.mixOf(ROOM);
    conferences.execute(41, { kind: 'deleteConference', id: ROOM }, 100);
    directory.putConference({ ...CONFERENCE, name: 'New' });
    expect(conferences.join(party(1), ROOM, 1, 101)).toContain('terminating');
    conferences.receive(store.failed(), 110);
    expect(directory.conferences.get(ROOM)).toMatchObject({ name: 'New', status: 'progressing' });
    conferences.execute(42, { kind: 'deleteConference', id: ROOM }, 120);
    conferences.receive(store.stored(), 130);
    expect(conferences.mixOf(ROOM)).not.toBe(before);
  });

  test('answer both who delete a conference at once', () => {
    const { conferences, store } = rooms(CONFERENCE);
    conferences.execute(1, { kind: 'deleteConference', id: ROOM }, 0);
    conferences.execute(2, { kind: 'deleteConference', id: ROOM }, 0);
    expect(store.waitingCount).toBe(1);
    conferences.receive(store.stored(), 1);
    expect([conferences.poll()?.ticket, conferences.poll()?.ticket]).toEqual([1, 2]);
  });

  test('leave a conference as it was when its end cannot be stored; those who have left have left', () => {
    const { conferences, directory, happened, store } = rooms(CONFERENCE);
    conferences.join(party(1), ROOM, 1, 0);
    const { id } = conferences.conferencecallsOf(ROOM)[0]!;
    conferences.execute(41, { kind: 'deleteConference', id: ROOM }, 100);
    happened();
    conferences.receive(store.failed(), 110);
    expect(store.row('saveConferencecall', id)!.status).toBe('leaved');
    expect(store.row('saveConference', ROOM)).toBeUndefined();
    expect(conferences.poll()).toMatchObject({ ticket: 41, result: { refusal: { code: 'STORE_FAILED' } } });
    expect(directory.conferences.get(ROOM)!.status).toBe('progressing');
    expect(happened()).toEqual(['conference_updated']);
    expect(conferences.join(party(1), ROOM, 2, 120)).toBeUndefined();
  });
});

describe('the time-out of a conference', () => {
  const timed = { ...CONFERENCE, timeoutS: 60, createdAt: 1_000 };

  test('counts from its creation and ends it', () => {
    const { conferences, told, store, directory } = rooms(timed);
    conferences.restore([], 2_000);
    conferences.join(party(1), ROOM, 1, 3_000);
    expect(conferences.deadline()).toBe(61_000);
    conferences.expire(60_999);
    expect(conferences.liveCount).toBe(1);
    conferences.expire(61_000);
    expect(told()).toEqual(['1 joined 1', '1 left 1']);
    conferences.receive(store.stored(), 61_010);
    expect([directory.conferences.has(ROOM), conferences.deadline()]).toEqual([false, Infinity]);
  });

  test('is taken up when a command makes or changes the conference, whoever commits it', () => {
    const { conferences, directory, journal } = rooms();
    const publish = (row: Conference, type: 'conference_created' | 'conference_updated') => {
      directory.putConference(row);
      journal.append(row.customerId, { type, conference: row, conferencecalls: NOBODY }, 0);
      conferences.receive({ kind: 'stored', receipt: 999 }, 1_500);
    };
    publish(timed, 'conference_created');
    expect(conferences.deadline()).toBe(61_000);
    publish({ ...timed, timeoutS: 120 }, 'conference_updated');
    expect(conferences.deadline()).toBe(121_000);
    publish({ ...timed, timeoutS: 0 }, 'conference_updated');
    expect(conferences.deadline()).toBe(Infinity);
  });

  test('is forgotten as soon as a command ends the conference', () => {
    const { conferences } = rooms(timed);
    conferences.restore([], 2_000);
    conferences.execute(1, { kind: 'deleteConference', id: ROOM }, 3_000);
    expect(conferences.deadline()).toBe(Infinity);
  });

  test('is tried again when the end could not be stored', () => {
    const { conferences, store, directory } = rooms(timed);
    conferences.restore([], 2_000);
    conferences.expire(61_000);
    conferences.receive(store.failed(), 61_010);
    conferences.receive({ kind: 'stored', receipt: 999 }, 61_020);
    expect(conferences.deadline()).toBe(66_010);
    conferences.expire(66_010);
    conferences.receive(store.stored(), 66_020);
    expect(directory.conferences.has(ROOM)).toBe(false);
  });
});

test('a hundred thousand conferences in which nobody is want nothing at any time', () => {
  const { conferences, directory, happened, store } = rooms();
  for (let i = 0; i < 100_000; i++) directory.putConference({ ...CONFERENCE, id: `f${i}` as ConferenceId });
  conferences.restore([], 0);
  expect([conferences.deadline(), conferences.roomCount, happened(), store.writes]).toEqual([NEVER, 0, [], []]);
});

describe('what a crash left behind', () => {
  test('are stays that have ended', () => {
    const { conferences, happened, store } = rooms(CONFERENCE);
    const record = {
      id: 'e1000000-0000-4000-8000-000000000001' as ConferencecallId,
      customerId: CONFERENCE.customerId,
      activeflowId: null,
      conferenceId: ROOM,
      reference: { type: 'call', id: callId(1) },
      terms: MEMBER_TERMS,
      status: 'joined',
      createdAt: 5,
      updatedAt: 5,
      deletedAt: null,
    } as const;
    conferences.restore([record, { ...record, id: 'e2' as ConferencecallId, status: 'leaving' }], 50);
    expect(happened()).toEqual(['conferencecall_leaved', 'conferencecall_leaved']);
    expect(store.row('saveConferencecall', record.id)).toEqual({ ...record, status: 'leaved', updatedAt: 50 });
    expect(conferences.liveCount).toBe(0);
  });
});

test('every cell of the table of stays is decided, and no step leads back', () => {
  const order = ['joining', 'joined', 'leaving', 'leaved'];
  for (const [status, steps] of Object.entries(CONFERENCECALL_TRANSITIONS)) {
    expect(Object.keys(steps)).toEqual(['enter', 'leave', 'end']);
    for (const next of Object.values(steps)) {
      if (order.includes(next)) expect(order.indexOf(next)).toBeGreaterThan(order.indexOf(status));
    }
  }
});
