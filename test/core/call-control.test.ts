import { describe, expect, test } from 'vitest';
import { answered, CALLER, CONNECT, callToNumber, ended, failed, recordOn, SDP } from './office.ts';
import { CONFERENCE } from './quiet-ports.ts';

const NO_LIMITS = { durationMs: 0, silenceMs: 0, endKey: 'none', onEndFlowId: null } as const;
const JOIN = { kind: 'joinConference', token: 3, conferenceId: CONFERENCE.id } as const;

describe('a flow', () => {
  test('answers its call once, and is told at once', () => {
    const { demand, said, told, calls } = callToNumber();
    demand({ kind: 'answer' });
    expect([said(), told()]).toEqual([['answer 1'], ['answered']]);
    expect(calls.ledger.records()[0]).toMatchObject({ status: 'progressing', progressingAt: 10 });
    demand({ kind: 'answer' });
    expect([said(), told()]).toEqual([[], ['answered']]);
  });

  test('is told of the answer by the ACK of a caller who made no offer', () => {
    const { demand, told, calls } = callToNumber({ offer: undefined });
    demand({ kind: 'answer' });
    expect(told()).toEqual([]);
    calls.receive({ kind: 'confirmed', leg: CALLER, body: SDP }, 20);
    expect(told()).toEqual(['answered']);
  });

  test('is told of no answer that it has not asked for', () => {
    const { demand, told, calls } = callToNumber({ offer: undefined });
    demand(CONNECT);
    calls.receive(answered(2), 15);
    calls.receive({ kind: 'confirmed', leg: CALLER, body: SDP }, 20);
    expect(told()).toEqual(['connected 7']);
  });

  test('plays nothing early to a caller who has yet to say where its media goes', () => {
    const { demand, said } = callToNumber({ offer: undefined });
    demand({ kind: 'beep', token: 1 });
    expect(said()).toEqual(['ring 1']);
  });

  test('hangs up for the cause that it chooses', () => {
    const { demand, said, told, calls } = callToNumber();
    demand({ kind: 'hangup', cause: 'busy', like: null });
    expect(said()).toEqual(['hangup 1 busy']);
    calls.receive(ended(1), 20);
    expect(told()).toEqual(['ended']);
  });

  test('hangs up as another call was, once that is over', () => {
    const place = callToNumber();
    place.demand(CONNECT);
    const other = recordOn(place, 2)!.id;
    place.said();
    place.demand({ kind: 'hangup', cause: 'normal', like: other });
    expect(place.told()).toEqual([`refused hangup call ${other} still lives`]);
    place.calls.receive(failed(2, 'busy'), 20);
    place.demand({ kind: 'hangup', cause: 'normal', like: other });
    expect(place.said()).toEqual(['hangup 1 busy']);
  });

  test('plays as early media before the answer, and afterwards in the call', () => {
    const { demand, said, told, heard, calls } = callToNumber();
    demand({ kind: 'play', token: 4, urls: ['prompt:hello'] });
    expect([said(), heard()]).toEqual([['ring 1 early'], ['play 1 prompts/hello.wav']]);
    expect(calls.ledger.records()[0]).toMatchObject({ status: 'ringing' });
    calls.receive({ kind: 'played', leg: CALLER, outcome: 'finished', detail: '' }, 20);
    expect(told()).toEqual(['played 4 finished']);
    demand({ kind: 'beep', token: 5 });
    expect([said(), heard()]).toEqual([[], ['play 1 beep']]);
    demand({ kind: 'stopPlaying' });
    expect(heard()).toEqual(['stopPlaying 1']);
    demand({ kind: 'answer' });
    demand({ kind: 'beep', token: 6 });
    expect(said()).toEqual(['answer 1']);
  });

  test('sends digits and lets the caller hear itself', () => {
    const { demand, heard } = callToNumber();
    demand({ kind: 'answer' });
    demand({ kind: 'sendDigits', digits: '12#', durationMs: 100, intervalMs: 50 });
    demand({ kind: 'echo' });
    demand({ kind: 'stopEcho' });
    demand({ kind: 'stopEcho' });
    expect(heard()).toEqual(['sendDigits 1 12# 100 50', 'echo 1', 'unbridge 1']);
  });

  test('is told of digits, and so is everybody else', () => {
    const { calls, told, happened, id, journal } = callToNumber();
    const cursor = journal.cursorOverAll();
    happened();
    calls.receive({ kind: 'digit', leg: CALLER, digit: '5', durationMs: 90 }, 20);
    expect([told(), happened()]).toEqual([['digit 5'], ['dtmf_received']]);
    const reading = cursor.poll();
    expect(reading?.kind === 'event' && reading.event.body).toEqual({
      type: 'dtmf_received',
      callId: id,
      digit: '5',
      durationMs: 90,
    });
  });

  test('brings its call into a conference, answering it, and out again', () => {
    const { demand, said, told, heard } = callToNumber();
    demand(JOIN);
    expect([said(), heard(), told()]).toEqual([['answer 1'], ['join 1 1'], ['joined 3']]);
    demand({ kind: 'leaveConference' });
    expect([heard(), told()]).toEqual([['leave 1'], ['left 3']]);
  });

  test('is told why its call cannot join', () => {
    const { demand, told } = callToNumber();
    demand({ ...JOIN, conferenceId: 'f0000000-0000-4000-8000-00000000dead' as never });
    expect(told()).toEqual(['refused joinConference no conference f0000000-0000-4000-8000-00000000dead']);
  });

  test('leaves the conference for an echo or a connection', () => {
    const { demand, told, heard } = callToNumber();
    demand(JOIN);
    demand({ kind: 'echo' });
    expect(told()).toEqual(['joined 3', 'left 3']);
    demand(JOIN);
    demand(CONNECT);
    expect(told()).toEqual(['joined 3', 'left 3']);
    expect(heard()).toEqual(['join 1 1', 'leave 1', 'echo 1', 'join 1 1', 'leave 1', 'play 1 ringback']);
  });

  test('records an answered call, which shows it until it has ended', () => {
    const place = callToNumber();
    const { demand, told, heard, calls, media, id, store } = place;
    demand({ kind: 'startRecording', limits: NO_LIMITS });
    expect(told()).toEqual([`refused startRecording call ${id} is dialing`]);
    demand({ kind: 'answer' });
    demand({ kind: 'startRecording', limits: NO_LIMITS });
    expect([heard(), told()]).toEqual([['record leg 1'], ['answered', 'recordingStarted']]);
    const { recordingId } = recordOn(place, 1)!;
    expect(recordOn(place, 1)).toMatchObject({ recordingIds: [recordingId] });
    demand({ kind: 'startRecording', limits: NO_LIMITS });
    expect(told()).toEqual([expect.stringContaining('refused startRecording')]);
    demand({ kind: 'stopRecording' });
    expect(heard()).toEqual(['stopRecording']);
    const recording = media.recordings[0]!;
    calls.receive({ kind: 'recorded', recording, reason: 'stopped', files: [], lostSamples: 0, detail: '' }, 30);
    expect(recordOn(place, 1)).toMatchObject({ recordingId: null, recordingIds: [recordingId] });
    while (store.waitingCount > 0) calls.receiveStore(store.stored(), 40);
    expect(told()).toEqual(['recordingEnded']);
  });

  test('is told when there is no recording to stop', () => {
    const { demand, told } = callToNumber();
    demand({ kind: 'stopRecording' });
    expect(told()).toEqual([expect.stringContaining('refused stopRecording')]);
  });

  test('asks in vain of a call that is ending, and of one that is over', () => {
    const { demand, said, told, heard, calls, id } = callToNumber();
    calls.hangup(id, 'normal', 10);
    said();
    demand({ kind: 'answer' });
    demand({ kind: 'play', token: 1, urls: ['tone:beep'] });
    calls.receive(ended(1), 20);
    demand({ kind: 'answer' });
    expect([said(), told(), heard()]).toEqual([[], ['ended'], ['close 1']]);
  });

  test('loses its call in a conference, being recorded and played to, without a trace', () => {
    const { demand, calls, heard, told } = callToNumber();
    demand(JOIN);
    demand({ kind: 'startRecording', limits: NO_LIMITS });
    demand({ kind: 'play', token: 1, urls: ['prompt:a', 'prompt:b'] });
    heard();
    told();
    calls.receive({ ...ended(1, 'remote') }, 20);
    expect(heard()).toEqual(['leave 1', 'stopRecording', 'close 1']);
    expect(told()).toEqual(['ended']);
    calls.receive({ kind: 'played', leg: CALLER, outcome: 'finished', detail: '' }, 30);
    expect([heard(), told()]).toEqual([[], []]);
    expect([calls.ledger.liveCount, calls.conferences.liveCount, calls.sounds.liveCount]).toEqual([0, 0, 0]);
  });

  test('is not told of the conference and the connection of a call that was told to end', () => {
    const { demand, calls, id, told } = callToNumber();
    demand(CONNECT);
    calls.receive(answered(2), 20);
    told();
    calls.hangup(id, 'normal', 30);
    expect(told()).toEqual([]);
  });
});
