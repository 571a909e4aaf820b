import { describe, expect, test } from 'vitest';
import type { ExternalMediaWish } from '../../core/calls/external-media-record.ts';
import type { ConferenceId, ExternalMediaId, MixId } from '../../core/kernel/ids.ts';
import { LIMITS } from '../../core/kernel/limits.ts';
import type { ExternalMediaEvent } from '../../core/ports.ts';
import { CALLER, callToNumber, ended, execute } from './office.ts';
import { CONFERENCE } from './quiet-ports.ts';

const WISH: ExternalMediaWish = {
  transport: 'websocket',
  encapsulation: 'none',
  format: 'slin',
  listen: 'both',
  speak: 'both',
  target: 'ws://192.0.2.9/',
  parameters: {},
};
const FIGURES = { heardMs: 20, saidMs: 40, droppedMs: 60, lostMs: 80, malformed: 1 };
const OURS = '0190a000-0000-7000-8000-000000000009' as ExternalMediaId;
const LATER = '0190a000-0000-7000-8000-00000000000a' as ExternalMediaId;

/** A call that its flow has answered. */
function talking() {
  const place = callToNumber();
  place.demand({ kind: 'answer' });
  for (const forget of [place.said, place.told, place.happened, place.heard]) forget();
  const attached = (index: number): ExternalMediaId => place.media.attached[index]!;
  const opened = (index: number): void =>
    place.calls.receive(
      { kind: 'externalOpened', external: attached(index), localAddress: '192.0.2.1', localPort: 7 },
      30,
    );
  const over = (index: number, reason: 'stopped' | 'closed' | 'failed', detail = ''): void =>
    place.calls.receive({ kind: 'externalEnded', external: attached(index), reason, detail, figures: FIGURES }, 40);
  return { ...place, opened, over };
}

describe('a program outside', () => {
  test('is connected for a flow, told of, and let go when the flow says so', () => {
    const place = talking();
    place.demand({ kind: 'startExternalMedia', token: 4, wish: WISH });
    expect(place.heard()).toEqual(['attach 1 slin']);
    place.opened(0);
    expect(place.happened()).toEqual(['external_media_started']);
    expect(place.calls.externals.of(place)[0]).toMatchObject({ localAddress: '192.0.2.1', localPort: 7 });
    place.demand({ kind: 'stopExternalMedia' });
    place.demand({ kind: 'stopExternalMedia' });
    expect(place.heard()).toEqual(['detach']);
    expect(place.calls.externals.of(place)[0]?.status).toBe('terminating');
    place.over(0, 'stopped');
    expect(place.happened()).toEqual(['external_media_finished']);
    expect(place.calls.externals.liveCount).toBe(0);
    expect(place.told()).toEqual(['externalMediaStarted 4', 'externalMediaEnded 4']);
  });

  test('that breaks is an event, and the call goes on', () => {
    const place = talking();
    place.demand({ kind: 'startExternalMedia', token: 4, wish: WISH });
    place.over(0, 'failed', 'connect ECONNREFUSED');
    expect(place.happened()).toEqual(['external_media_failed']);
    expect(place.said()).toEqual([]);
    expect(place.calls.recordOf(place.id)?.status).toBe('progressing');
    expect(place.calls.externals.counters).toEqual({
      started: 1,
      finished: 0,
      failed: 1,
      droppedMs: 60,
      lostMs: 80,
      malformed: 1,
    });
  });

  test('is let go with its call, before the call’s sound is closed', () => {
    const place = talking();
    place.demand({ kind: 'startExternalMedia', token: 4, wish: WISH });
    place.calls.receive(ended(1, 'remote'), 50);
    expect(place.heard()).toEqual(['attach 1 slin', 'detach', 'close 1']);
    place.over(0, 'stopped');
    expect(place.calls.externals.liveCount).toBe(0);
  });

  test('hears the keys of its call', () => {
    const place = talking();
    place.demand({ kind: 'startExternalMedia', token: 4, wish: WISH });
    place.calls.receive({ kind: 'digit', leg: CALLER, digit: '5', durationMs: 100 }, 50);
    expect(place.heard()).toEqual(['attach 1 slin', 'key 5']);
  });

  test('platform C25: is refused when there are five', () => {
    const place = talking();
    for (let i = 0; i < LIMITS.externalMediaPerReferenceMax; i++) {
      place.demand({ kind: 'startExternalMedia', token: i, wish: WISH });
    }
    place.told();
    place.demand({ kind: 'startExternalMedia', token: 9, wish: WISH });
    expect(place.media.attached.length).toBe(5);
    const reference = { type: 'call', id: place.id } as const;
    expect(execute(place, { kind: 'startExternalMedia', reference, id: OURS, wish: WISH })).toMatchObject({
      refusal: { code: 'STATE_INVALID' },
    });
    place.over(2, 'closed');
    expect(execute(place, { kind: 'startExternalMedia', reference, id: OURS, wish: WISH })).toEqual({
      kind: 'done',
      id: OURS,
    });
  });

  test('that connects to us is refused for a call that is not progressing', () => {
    const place = callToNumber();
    const command = {
      kind: 'startExternalMedia',
      reference: { type: 'call', id: place.id },
      id: OURS,
      wish: { ...WISH, target: undefined },
    } as const;
    expect(execute(place, command)).toMatchObject({ refusal: { code: 'STATE_INVALID', got: 'dialing' } });
    place.calls.receive(ended(1, 'remote'), 20);
    expect(execute(place, command)).toMatchObject({ refusal: { code: 'RESOURCE_NOT_FOUND' } });
  });

  test('that connects to a conference hears all of it, also while nobody is in it, and is let go when it ends', () => {
    const place = talking();
    const reference = { type: 'confbridge', id: CONFERENCE.id } as const;
    const command = { kind: 'startExternalMedia', reference, id: OURS, wish: { ...WISH, target: undefined } } as const;
    expect(execute(place, command)).toEqual({ kind: 'done', id: OURS });
    expect(place.heard()).toEqual(['attach mix 1 slin']);
    place.opened(0);
    expect(place.happened()).toEqual([
      'external_media_started',
      'conferencecall_joining',
      'conferencecall_joined',
      'conference_updated',
    ]);
    expect(place.heard()).toEqual(['program everybody 0 0']);
    execute(place, { kind: 'deleteConference', id: CONFERENCE.id });
    expect(place.heard()).toEqual(['detach']);
    expect(place.calls.externals.of(CONFERENCE)[0]?.status).toBe('terminating');
    expect(execute(place, { ...command, id: LATER })).toMatchObject({
      refusal: { code: 'STATE_INVALID', got: 'terminating' },
    });
    place.over(0, 'stopped');
    expect(place.calls.externals.liveCount).toBe(0);
    expect(place.told()).toEqual([]);
  });

  const reference = { type: 'confbridge', id: CONFERENCE.id } as const;
  const JOINED = { kind: 'startExternalMedia', reference, id: OURS, wish: WISH } as const;
  const members = (place: ReturnType<typeof talking>) => place.calls.conferences.conferencecallsOf(CONFERENCE.id);

  test('is a member of its conference like a phone: listed, muted, deafened, made softer, and put out', () => {
    const place = talking();
    execute(place, { ...JOINED, terms: { isMuted: true } });
    place.opened(0);
    const [member] = members(place);
    const { id } = member!;
    expect(member).toMatchObject({ reference: { type: 'external_media', id: OURS }, status: 'joined' });
    place.calls.receive({ kind: 'talkerChanged', mix: 1 as MixId, member: OURS }, 40);
    const changes = { isMuted: false, isDeaf: true, gainInDb: -6, gainOutDb: 3 };
    execute(place, { kind: 'updateConferencecall', id, changes });
    const play = { kind: 'playConferencecall', id, urls: ['tone:beep'] } as const;
    expect(execute(place, play)).toMatchObject({ refusal: { code: 'STATE_INVALID', got: 'external_media' } });
    place.happened();
    execute(place, { kind: 'kickConferencecall', id });
    expect(place.heard()).toEqual(['attach mix 1 slin', 'program nobody 0 0', 'program everybody deaf -6 3', 'detach']);
    place.over(0, 'stopped');
    expect(place.happened()).toEqual([
      'conferencecall_leaving',
      'conferencecall_leaved',
      'conference_updated',
      'external_media_finished',
    ]);
    expect([members(place), place.calls.conferences.liveCount]).toEqual([[], 0]);
  });

  test('that goes by itself has left, and one that nobody lets in any more is let go', () => {
    const place = talking();
    execute(place, JOINED);
    place.opened(0);
    place.calls.conferences.execute(9, { kind: 'lockConference', id: CONFERENCE.id, mode: 'locked' }, 31);
    expect(execute(place, { ...JOINED, id: LATER })).toMatchObject({ refusal: { code: 'STATE_INVALID' } });
    expect(execute(place, { ...JOINED, id: OURS, terms: { role: 'moderator' } })).toMatchObject({
      refusal: { code: 'ALREADY_EXISTS' },
    });
    place.calls.conferences.execute(9, { kind: 'lockConference', id: CONFERENCE.id, mode: 'open' }, 32);
    execute(place, { ...JOINED, id: LATER });
    place.calls.conferences.execute(9, { kind: 'lockConference', id: CONFERENCE.id, mode: 'locked' }, 33);
    place.heard();
    place.opened(1);
    expect(place.heard()).toEqual(['detach']);
    place.over(1, 'stopped');
    expect(members(place)).toHaveLength(1);
    place.over(0, 'closed');
    expect(members(place)).toEqual([]);
  });

  test('that a flow brings into a conference is told to it with its id there, changed and put out by it, and let go', () => {
    const place = talking();
    const conference = { id: CONFERENCE.id, terms: { gainInDb: 6 } };
    place.demand({ kind: 'startExternalMedia', token: 4, wish: { ...WISH, speak: '' }, conference });
    place.opened(0);
    const { id, terms } = members(place)[0]!;
    expect(terms).toMatchObject({ role: 'listener', gainInDb: 6 });
    place.demand({ kind: 'changeMember', id, changes: { isDeaf: true } });
    place.demand({ kind: 'kickMember', id });
    place.demand({ kind: 'kickMember', id });
    expect(place.heard()).toEqual(['attach mix 1 slin', 'program nobody 6 0', 'program nobody deaf 6 0', 'detach']);
    place.over(0, 'stopped');
    expect(place.told()).toEqual([
      'externalMediaStarted 4',
      expect.stringContaining('refused kickMember'),
      'externalMediaEnded 4',
    ]);
    place.demand({ kind: 'startExternalMedia', token: 5, wish: WISH, conference });
    place.demand({ kind: 'stopExternalMedia' });
    expect(place.heard()).toEqual(['attach mix 1 slin', 'detach']);
    const elsewhere = { id: LATER as string as ConferenceId, terms: {} };
    place.demand({ kind: 'startExternalMedia', token: 6, wish: WISH, conference: elsewhere });
    expect(place.told()).toEqual([expect.stringContaining('refused startExternalMedia')]);
  });

  test('is not let into a conference that nobody knows', () => {
    const reference = { type: 'confbridge', id: LATER as string as ConferenceId } as const;
    const refused = execute(talking(), { kind: 'startExternalMedia', reference, id: OURS, wish: WISH });
    expect(refused).toMatchObject({ refusal: { code: 'RESOURCE_NOT_FOUND' } });
  });

  test('of which nobody knows any more says nothing', () => {
    const place = talking();
    const late: ExternalMediaEvent = { kind: 'externalOpened', external: OURS, localAddress: '', localPort: 0 };
    place.calls.receive(late, 60);
    expect(place.happened()).toEqual([]);
  });
});
