import { describe, expect, test } from 'vitest';
import type { MuteDirection } from '../../core/calls/call-record.ts';
import { mutedBy } from '../../core/calls/holding.ts';
import type { LegId } from '../../core/kernel/ids.ts';
import type { SignalingEvent } from '../../core/ports.ts';
import { answered, CALLER, callToNumber, ended, execute, offered, office, recordOn, SDP } from './office.ts';
import { CONFERENCE } from './quiet-ports.ts';

const NO_LIMITS = { durationMs: 0, silenceMs: 0, endKey: 'none', onEndFlowId: null } as const;
const DONE = (id: string) => ({ kind: 'done', id });

/** A call that its flow has answered. */
function talking() {
  const place = callToNumber();
  place.demand({ kind: 'answer' });
  place.said();
  place.told();
  place.happened();
  return place;
}

function reanswered(status: number, leg = 1): SignalingEvent {
  return { kind: 'reanswered', leg: leg as LegId, status, body: status === 200 ? SDP : undefined };
}

describe('a command', () => {
  test('hangs up a call, and changes nothing when it is ending already', () => {
    const place = talking();
    expect(execute(place, { kind: 'hangupCall', id: place.id })).toEqual(DONE(place.id));
    expect(place.said()).toEqual(['hangup 1 normal']);
    expect(execute(place, { kind: 'hangupCall', id: place.id })).toEqual(DONE(place.id));
    expect(place.said()).toEqual([]);
  });

  test.each([
    ['holdCall', (id: never) => ({ kind: 'holdCall', id, mode: 'held' }) as const],
    ['muteCall', (id: never) => ({ kind: 'muteCall', id, direction: 'both', mode: 'mute' }) as const],
    [
      'startRecording',
      (id: never) => ({ kind: 'startRecording', reference: { type: 'call', id }, limits: NO_LIMITS }) as const,
    ],
  ])('%s is refused for a call that is not progressing', (_kind, commandFor) => {
    const place = callToNumber();
    const command = commandFor(place.id as never);
    expect(execute(place, command)).toMatchObject({ refusal: { code: 'STATE_INVALID', got: 'dialing' } });
    place.calls.receive(ended(1, 'remote'), 20);
    expect(execute(place, command)).toMatchObject({ refusal: { code: 'RESOURCE_NOT_FOUND' } });
    expect(place.heard()).toEqual(['close 1']);
  });
});

describe('a held call', () => {
  const hold = (place: ReturnType<typeof talking>, mode: 'held' | 'active') =>
    execute(place, { kind: 'holdCall', id: place.id, mode });

  test('is offered to be held and taken back', () => {
    const place = talking();
    expect(hold(place, 'held')).toEqual(DONE(place.id));
    expect([place.said(), place.heard()]).toEqual([['reoffer 1'], ['hold 1 held']]);
    hold(place, 'held');
    place.calls.receive(reanswered(200), 20);
    hold(place, 'held');
    expect(place.said()).toEqual([]);
    hold(place, 'active');
    place.calls.receive(reanswered(200), 30);
    expect([place.said(), place.heard()]).toEqual([['reoffer 1'], ['hold 1 active']]);
    expect(place.calls.heldCount).toBe(0);
  });

  test('sends its media where its answer says', () => {
    const place = talking();
    const answers: Uint8Array[] = [];
    place.media.accept = (_leg, answer) => {
      answers.push(answer);
      return { kind: 'opened' } as const;
    };
    hold(place, 'held');
    place.calls.receive(reanswered(200), 20);
    hold(place, 'active');
    place.calls.receive(reanswered(488), 30);
    expect(answers).toEqual([SDP]);
  });

  test('is taken back only when it has answered to being held', () => {
    const place = talking();
    hold(place, 'held');
    hold(place, 'active');
    expect(place.said()).toEqual(['reoffer 1']);
    place.calls.receive(reanswered(200), 20);
    expect([place.said(), place.heard()]).toEqual([['reoffer 1'], ['hold 1 held', 'hold 1 active']]);
  });

  test('is held nevertheless when its phone refuses', () => {
    const place = talking();
    hold(place, 'held');
    place.calls.receive(reanswered(488), 20);
    expect([place.said(), place.calls.heldCount]).toEqual([['reoffer 1'], 1]);
    hold(place, 'active');
    expect(place.said()).toEqual(['reoffer 1']);
  });

  test('is asked again when another offer was under way, until it ends', () => {
    const place = talking();
    hold(place, 'held');
    place.said();
    place.calls.receive(reanswered(491), 1_000);
    expect([place.said(), place.calls.deadline()]).toEqual([[], 1_500]);
    place.calls.expire(1_500);
    expect(place.said()).toEqual(['reoffer 1']);
    place.calls.receive(reanswered(491), 1_600);
    place.calls.receive(ended(1, 'remote'), 1_700);
    expect([place.calls.deadline(), place.calls.heldCount]).toEqual([Infinity, 0]);
  });
});

describe('a muted call', () => {
  test.each<[MuteDirection, 'mute' | 'unmute', 'both' | 'in' | 'out', MuteDirection]>([
    ['', 'mute', 'both', 'both'],
    ['', 'mute', 'in', 'in'],
    ['in', 'mute', 'out', 'both'],
    ['in', 'mute', 'in', 'in'],
    ['both', 'mute', 'in', 'both'],
    ['both', 'unmute', 'in', 'out'],
    ['both', 'unmute', 'out', 'in'],
    ['both', 'unmute', 'both', ''],
    ['in', 'unmute', 'out', 'in'],
    ['out', 'unmute', 'both', ''],
    ['', 'unmute', 'both', ''],
  ])("'%s', %s %s: '%s'", (before, mode, direction, after) => {
    expect(mutedBy(before, direction, mode)).toBe(after);
  });

  test('shows what is muted, and says so once', () => {
    const place = talking();
    const mute = { kind: 'muteCall', id: place.id } as const;
    expect(execute(place, { ...mute, direction: 'both', mode: 'mute' })).toEqual(DONE(place.id));
    execute(place, { ...mute, direction: 'in', mode: 'mute' });
    expect([recordOn(place, 1)!.muteDirection, place.happened()]).toEqual(['both', ['call_updated']]);
    execute(place, { ...mute, direction: 'in', mode: 'unmute' });
    expect([recordOn(place, 1)!.muteDirection, place.happened()]).toEqual(['out', ['call_updated']]);
    expect(place.heard()).toEqual(["mute 1 'both'", "mute 1 'out'"]);
  });
});

describe('a recording by command', () => {
  test('of a call is told once its row is durable, and shown by the call', () => {
    const place = talking();
    const reference = { type: 'call', id: place.id } as const;
    expect(execute(place, { kind: 'startRecording', reference, limits: NO_LIMITS })).toBeUndefined();
    const { recordingId } = recordOn(place, 1)!;
    place.calls.receiveStore(place.store.stored(), 20);
    expect(place.calls.poll()?.result).toEqual(DONE(recordingId!));
    expect(place.heard()).toEqual(['record leg 1']);
    expect(execute(place, { kind: 'pauseRecording', reference, mode: 'paused' })).toEqual(DONE(place.id));
    expect(place.heard()).toEqual(['recording paused']);
    expect(execute(place, { kind: 'stopRecording', reference })).toEqual(DONE(place.id));
    expect(place.heard()).toEqual(['stopRecording']);
  });

  test('that does not run is not stopped', () => {
    const place = talking();
    const reference = { type: 'call', id: place.id } as const;
    expect(execute(place, { kind: 'stopRecording', reference })).toMatchObject({ refusal: { code: 'STATE_INVALID' } });
  });

  test('of a conference records the mix in which its calls meet', () => {
    const place = talking();
    place.demand({ kind: 'joinConference', token: 1, conferenceId: CONFERENCE.id });
    const reference = { type: 'confbridge', id: CONFERENCE.id } as const;
    execute(place, { kind: 'startRecording', reference, limits: NO_LIMITS });
    expect(place.heard()).toEqual(['join 1 1', 'record mix 1']);
  });

  test('of a conference that is over is refused', () => {
    const place = talking();
    place.directory.putConference({ ...CONFERENCE, status: 'terminating' });
    const reference = { type: 'confbridge', id: CONFERENCE.id } as const;
    expect(execute(place, { kind: 'startRecording', reference, limits: NO_LIMITS })).toMatchObject({
      refusal: { code: 'STATE_INVALID', got: 'terminating' },
    });
  });
});

describe('a conference by command', () => {
  test('is left by who is kicked, and by all when it is deleted', () => {
    const place = talking();
    place.demand({ kind: 'joinConference', token: 1, conferenceId: CONFERENCE.id });
    const { id } = place.calls.conferences.conferencecallsOf(CONFERENCE.id)[0]!;
    expect(execute(place, { kind: 'kickConferencecall', id })).toBeUndefined();
    expect(place.heard()).toEqual(['join 1 1', 'leave 1']);
    while (place.store.waitingCount > 0) place.calls.receiveStore(place.store.stored(), 20);
    expect(place.calls.poll()?.result).toMatchObject({ kind: 'done' });
    execute(place, { kind: 'deleteConference', id: CONFERENCE.id });
    while (place.store.waitingCount > 0) place.calls.receiveStore(place.store.stored(), 30);
    expect(place.calls.poll()?.result).toEqual(DONE(CONFERENCE.id));
    expect(place.told()).toEqual(['joined 1', 'left 1']);
  });
});

describe('a restart', () => {
  test('ends what an earlier process left of its calls, conferences and recordings', () => {
    const before = talking();
    before.demand({ kind: 'joinConference', token: 1, conferenceId: CONFERENCE.id });
    before.demand({ kind: 'startRecording', limits: NO_LIMITS });
    const calls = [recordOn(before, 1)!];
    const conferencecalls = before.calls.conferences.conferencecallsOf(CONFERENCE.id);
    const recordings = [before.calls.recordings.liveOf({ type: 'call', id: before.id })!];
    const after = office();
    after.calls.restore({ calls, dialogs: new Map([[before.id, 'd']]), conferencecalls, recordings }, 5);
    expect(after.happened()).toEqual(expect.arrayContaining(['call_hangup', 'conferencecall_leaved']));
    expect([after.said(), after.heard()]).toEqual([['restore 2', 'hangup 2 crashed'], ['salvage']]);
    const row = after.store.writes.findLast(({ kind }) => kind === 'saveCall');
    expect(row).toMatchObject({ row: { id: before.id, status: 'hangup', cause: 'crashed', recordingId: null } });
    after.calls.receive(ended(2), 10);
    expect([after.calls.leftBehindCount, after.store.writes.at(-1)]).toEqual([
      0,
      { kind: 'dropDialog', callId: before.id },
    ]);
  });
});

describe('a call between extensions', () => {
  test('is held and muted like any other, and its digits are told', () => {
    const place = office();
    place.calls.receive(offered(), 0);
    place.calls.receive(answered(2), 10);
    place.said();
    place.happened();
    const { id } = recordOn(place, 2)!;
    execute(place, { kind: 'holdCall', id, mode: 'held' });
    expect(place.said()).toEqual(['reoffer 2']);
    place.calls.receive({ kind: 'digit', leg: CALLER, digit: '1', durationMs: 100 }, 20);
    expect([place.happened(), place.told()]).toEqual([['dtmf_received'], []]);
  });
});
