import { describe, expect, test } from 'vitest';
import { MEMBER_TERMS, type MemberTerms } from '../../core/calls/member-terms.ts';
import { NOBODY } from '../../core/calls/roster.ts';
import type { LegId, MixId } from '../../core/kernel/ids.ts';
import { rooms } from './conference-rooms.ts';
import { CONFERENCE, callId, party } from './quiet-ports.ts';

const ROOM = CONFERENCE.id;

describe('members of a conference', () => {
  const BOSS: MemberTerms = { ...MEMBER_TERMS, role: 'moderator' };

  test('come in on their terms, and go without leaving any behind', () => {
    const { conferences, media } = rooms(CONFERENCE);
    conferences.join(party(1), ROOM, 1, 0, { ...MEMBER_TERMS, role: 'listener' });
    conferences.join(party(2), ROOM, 1, 0, { ...MEMBER_TERMS, isDeaf: true, gainInDb: 6 });
    conferences.leave(callId(2), 1);
    const [first] = conferences.conferencecallsOf(ROOM);
    expect(first!.terms).toEqual({ ...MEMBER_TERMS, role: 'listener' });
    expect(media).toEqual(['join 1 1 nobody', 'join 2 1 everybody deaf', 'amplify 2 6 0', 'leave 2', 'amplify 2 0 0']);
  });

  test('are changed at once, told, stored, and answered then', () => {
    const { conferences, media, happened, store } = rooms(CONFERENCE);
    conferences.join(party(1), ROOM, 1, 0);
    const { id } = conferences.conferencecallsOf(ROOM)[0]!;
    happened();
    conferences.execute(7, { kind: 'updateConferencecall', id, changes: { isMuted: true, gainOutDb: -3 } }, 10);
    expect(media.slice(1)).toEqual(['join 1 1 nobody', 'amplify 1 0 -3']);
    expect([happened(), conferences.poll()]).toEqual([['conferencecall_updated'], undefined]);
    conferences.receive(store.stored(), 11);
    expect(conferences.poll()).toEqual({ ticket: 7, result: { kind: 'done', id } });
    expect(store.row('saveConferencecall', id)!.terms).toEqual({ ...MEMBER_TERMS, isMuted: true, gainOutDb: -3 });
    conferences.execute(8, { kind: 'updateConferencecall', id, changes: { isMuted: false, gainOutDb: 0 } }, 12);
    expect(media.slice(3)).toEqual(['join 1 1', 'amplify 1 0 0']);
  });

  test('are not let into a locked one but as moderators, until it is opened or everybody has left', () => {
    const { conferences, happened } = rooms(CONFERENCE);
    const lock = (mode: 'locked' | 'open') => conferences.execute(1, { kind: 'lockConference', id: ROOM, mode }, 5);
    lock('locked');
    expect(conferences.poll()).toMatchObject({ result: { refusal: { code: 'STATE_INVALID' } } });
    conferences.join(party(1), ROOM, 1, 0);
    happened();
    lock('locked');
    expect([happened(), conferences.isLocked(ROOM)]).toEqual([['conference_updated'], true]);
    expect(conferences.poll()).toEqual({ ticket: 1, result: { kind: 'done', id: ROOM } });
    expect(conferences.join(party(2), ROOM, 1, 6)).toContain('locked');
    expect(conferences.join(party(3), ROOM, 1, 6, BOSS)).toBeUndefined();
    lock('open');
    expect(conferences.join(party(2), ROOM, 1, 7)).toBeUndefined();
    lock('locked');
    for (const call of [1, 2, 3]) conferences.over(callId(call), 8);
    expect([conferences.isLocked(ROOM), conferences.join(party(4), ROOM, 1, 9)]).toEqual([false, undefined]);
  });
});

describe('what all in a conference hear', () => {
  const settings = { entryTone: true, exitTone: true, talkerEvents: false };

  test('is a tone for all who come while it sounds, another when somebody goes, and none in an empty room', () => {
    const { conferences, media } = rooms({ ...CONFERENCE, settings });
    const sounds = () => media.splice(0).filter((order) => order.startsWith('play'));
    conferences.join(party(1), ROOM, 1, 0);
    conferences.join(party(2), ROOM, 1, 0);
    conferences.join(party(3), ROOM, 1, 0);
    expect(sounds()).toEqual(['play 1 conference-entry']);
    conferences.hear({ kind: 'mixPlayed', mix: 1 as MixId, outcome: 'finished', detail: '' }, 300);
    conferences.over(callId(3), 400);
    expect(sounds()).toEqual(['play 1 conference-exit']);
    conferences.over(callId(2), 410);
    conferences.over(callId(1), 420);
    expect(sounds()).toEqual([]);
    conferences.join(party(1), ROOM, 1, 500);
    expect(sounds()).toEqual(['play 1 conference-entry']);
  });

  test('is held and goes on as it is ordered, which is refused when nothing is announced', () => {
    const { conferences, media, playing } = rooms(CONFERENCE);
    const hold = () => conferences.execute(1, { kind: 'steerConference', id: ROOM, order: { kind: 'pause' } }, 5);
    conferences.join(party(1), ROOM, 1, 0);
    conferences.execute(1, { kind: 'playConference', id: ROOM, urls: ['prompt:welcome'] }, 5);
    conferences.poll();
    hold();
    expect([media.at(-1), conferences.poll()]).toMatchObject(['pause 1', { result: { kind: 'done', id: ROOM } }]);
    playing.clear();
    hold();
    expect(conferences.poll()).toMatchObject({ result: { refusal: { code: 'STATE_INVALID' } } });
    expect(media.filter((order) => order.startsWith('pause'))).toEqual(['pause 1']);
  });

  test('is what is announced, over which no tone sounds, and whose end is told', () => {
    const { conferences, media, happened, playing } = rooms({ ...CONFERENCE, settings });
    const announce = (...urls: string[]) => conferences.execute(1, { kind: 'playConference', id: ROOM, urls }, 5);
    announce('prompt:welcome');
    expect(conferences.poll()).toMatchObject({ result: { refusal: { code: 'STATE_INVALID' } } });
    conferences.join(party(1), ROOM, 1, 0);
    media.length = 0;
    announce('prompt:welcome', 'tone:beep');
    conferences.join(party(2), ROOM, 1, 6);
    expect(media).toEqual(['announce 1 prompt:welcome tone:beep', 'join 2 1']);
    happened();
    playing.get(1 as MixId)!('finished', '', 9);
    expect(happened()).toEqual(['conference_played']);
    announce();
    expect(media.at(-1)).toBe('hush 1');
    announce('prompt:menu');
    for (const call of [1, 2]) conferences.over(callId(call), 8);
    expect(media.at(-1)).toBe('hush 1');
  });
});

test('what cannot be played to a conference is told: each of what is announced, and a tone of somebody who comes', () => {
  const settings = { entryTone: true, exitTone: false, talkerEvents: false };
  const { conferences, journal, fail } = rooms({ ...CONFERENCE, settings });
  const events = journal.cursorOverAll();
  const mix = 1 as MixId;
  const lost = { kind: 'mixPlayed', mix, outcome: 'failed', detail: 'its media thread was lost' } as const;
  conferences.join(party(1), ROOM, 1, 0);
  conferences.hear(lost, 5);
  conferences.hear(lost, 6);
  conferences.execute(1, { kind: 'playConference', id: ROOM, urls: ['prompt:none', 'tone:beep'] }, 7);
  fail.get(mix)!('prompt:none', 'no such file', 8);
  const failures: unknown[] = [];
  for (let reading = events.poll(); reading !== undefined; reading = events.poll()) {
    if (reading.kind === 'event' && reading.event.body.type === 'conference_sound_failed') {
      failures.push(reading.event.body);
    }
  }
  const type = 'conference_sound_failed';
  expect(failures).toEqual([
    { type, conferenceId: ROOM, sound: 'tone:conference-entry', detail: 'its media thread was lost' },
    { type, conferenceId: ROOM, sound: 'prompt:none', detail: 'no such file' },
  ]);
});

describe('who talks in a conference', () => {
  const watched = { ...CONFERENCE, settings: { entryTone: false, exitTone: false, talkerEvents: true } };

  test('is told where that is wished, by who is in it', () => {
    const { conferences, journal, media } = rooms(watched);
    conferences.join(party(1), ROOM, 1, 0);
    expect(media).toEqual(['join 1 1', 'talkers 1 on']);
    const { id } = conferences.conferencecallsOf(ROOM)[0]!;
    const cursor = journal.cursorOverAll();
    for (const leg of [1, 9, undefined] as (LegId | undefined)[]) {
      conferences.hear({ kind: 'talkerChanged', mix: 1 as MixId, member: leg }, 5);
    }
    const bodies: unknown[] = [];
    for (let reading = cursor.poll(); reading !== undefined; reading = cursor.poll()) {
      if (reading.kind === 'event') bodies.push(reading.event.body);
    }
    const type = 'conference_talker_changed';
    expect(bodies).toEqual([
      { type, conferenceId: ROOM, conferencecallId: id, callId: callId(1) },
      { type, conferenceId: ROOM, conferencecallId: null, callId: null },
    ]);
  });

  test('is not told any more once nobody wishes it, and is again in a room that was empty', () => {
    const { conferences, directory, journal, media } = rooms(watched);
    conferences.join(party(1), ROOM, 1, 0);
    directory.putConference(CONFERENCE);
    journal.append(
      CONFERENCE.customerId,
      { type: 'conference_updated', conference: CONFERENCE, conferencecalls: NOBODY },
      1,
    );
    conferences.receive({ kind: 'stored', receipt: 999 }, 2);
    conferences.hear({ kind: 'talkerChanged', mix: 1 as MixId, member: 1 as LegId }, 5);
    directory.putConference(watched);
    conferences.over(callId(1), 6);
    conferences.join(party(1), ROOM, 1, 7);
    expect(media.filter((order) => order.startsWith('talkers'))).toEqual([
      'talkers 1 on',
      'talkers 1 off',
      'talkers 1 on',
    ]);
  });
});
