import { describe, expect, test } from 'vitest';
import { RECORDING_TRANSITIONS, type Recorded } from '../../core/calls/recording.ts';
import { recordingFormOf } from '../../core/calls/recording-form.ts';
import type { RecordingFile, RecordingRecord } from '../../core/calls/recording-record.ts';
import { type RecordingStart, Recordings } from '../../core/calls/recordings.ts';
import type { RecordingLimits } from '../../core/flows/call-control.ts';
import type { FlowId, LegId, MixId, RecordingId, RecordingNumber } from '../../core/kernel/ids.ts';
import { LIMITS } from '../../core/kernel/limits.ts';
import type { FlowStart, RecordingRequest } from '../../core/ports.ts';
import { ACTIVEFLOW, CONFERENCE, callId, surroundings } from './quiet-ports.ts';
import { CUSTOMER } from './store/rows.ts';

const CALL = { type: 'call', id: callId(1) } as const;
const ROOM = { type: 'confbridge', id: CONFERENCE.id } as const;
const UNLIMITED: RecordingLimits = { durationMs: 0, silenceMs: 0, endKey: 'none', onEndFlowId: null };
const FLOW = '70000000-0000-4000-8000-000000000001' as FlowId;
const IN: RecordingFile = { name: 'a_in.wav', sizeBytes: 16_044, durationMs: 1_000, sha256: 'ab'.repeat(32) };

/** Recordings, and what they asked of media and of flows. */
function studio() {
  const around = surroundings();
  const media: string[] = [];
  const requests: RecordingRequest[] = [];
  const flows: FlowStart[] = [];
  const recordings = new Recordings({
    ...around,
    media: {
      record: (number, request) => {
        media.push(`record ${number}`);
        requests.push(request);
      },
      recorders: { pause: (number, mode) => void media.push(`${mode} ${number}`) },
      stopRecording: (number) => void media.push(`stop ${number}`),
      salvage: (number, inPath, outPath) => void media.push(`salvage ${number} ${inPath} ${outPath}`),
      removeFiles: (paths) => void media.push(`remove ${paths.join(' ')}`),
    },
    flows: { start: (start) => void flows.push(start) },
    folder: '/recordings',
  });
  const start = (changes: Partial<RecordingStart> = {}, now = 0) =>
    recordings.start(
      {
        reference: CALL,
        customerId: CUSTOMER.id,
        source: { kind: 'leg', leg: 1 as LegId },
        limits: UNLIMITED,
        activeflowId: ACTIVEFLOW,
        ticket: undefined,
        ...changes,
      },
      now,
    ) as RecordingRecord;
  const startMix = (limits: RecordingLimits) =>
    start({ reference: ROOM, source: { kind: 'mix', mix: 1 as MixId }, limits });
  return { ...around, recordings, media, requests, flows, start, startMix };
}

const recorded = (number: number, changes: Partial<Recorded> = {}): Recorded => ({
  kind: 'recorded',
  recording: number as RecordingNumber,
  reason: 'stopped',
  files: [IN],
  lostSamples: 0,
  detail: '',
  ...changes,
});

describe('recordings', () => {
  test('record both directions of a call into files named after it and the time', () => {
    const { start, requests, happened, told, store } = studio();
    const record = start({}, 1_000);
    expect(requests[0]).toMatchObject({
      inPath: `/recordings/call_${CALL.id}_1970-01-01T00-00-01.000Z_in.wav`,
      outPath: `/recordings/call_${CALL.id}_1970-01-01T00-00-01.000Z_out.wav`,
    });
    expect(record).toMatchObject({ status: 'recording', startedAt: 1_000, files: [], activeflowId: ACTIVEFLOW });
    expect(store.row('saveRecording', record.id)).toEqual(record);
    expect([happened(), told()]).toEqual([['recording_started'], ['1 recordingStarted']]);
  });

  test('of a call may have both sides in one file, beside each other or mixed, as WAV or as Ogg with Opus', () => {
    const { start, requests, recordings } = studio();
    const forms = [
      [recordingFormOf('ogg', ''), '_stereo.ogg', undefined, 'stereo'],
      [recordingFormOf('wav', 'mixed'), '_mixed.wav', undefined, 'mixed'],
      [recordingFormOf('ogg', 'separate'), '_in.ogg', '_out.ogg', undefined],
    ] as const;
    const name = `/recordings/call_${CALL.id}_1970-01-01T00-00-00.000Z`;
    forms.forEach(([form, inName, outName, together], i) => {
      expect(start({ limits: { ...UNLIMITED, form } })).toMatchObject({ format: form.format });
      expect(requests[i]).toMatchObject({ inPath: `${name}${inName}`, together });
      expect(requests[i]!.outPath).toBe(outName === undefined ? undefined : `${name}${outName}`);
      recordings.receive(recorded(i + 1), 1);
    });
  });

  test('in Ogg are fewer at once than others, because they are encoded live', () => {
    const { start, startMix, recordings } = studio();
    const limits = { ...UNLIMITED, form: recordingFormOf('ogg', '') };
    for (let i = 1; i <= LIMITS.oggRecordingsLiveMax; i++)
      start({ reference: { type: 'call', id: callId(i) }, limits });
    expect(startMix(limits)).toEqual({
      code: 'SERVICE_UNAVAILABLE',
      message: `more than ${LIMITS.oggRecordingsLiveMax} recordings in Ogg run`,
    });
    expect(startMix(UNLIMITED)).toMatchObject({ format: 'wav' });
    recordings.receive(recorded(1), 1);
    expect(start({ reference: { type: 'call', id: callId(9_999) }, limits })).toMatchObject({ format: 'ogg' });
  });

  test('record the mix of a conference into one file, for a day at most', () => {
    const { startMix, requests, recordings, told } = studio();
    startMix({ ...UNLIMITED, durationMs: 0 });
    expect(requests[0]).toMatchObject({ outPath: undefined, durationMs: LIMITS.conferenceRecordingMaxMs });
    recordings.receive(recorded(1), 1);
    startMix({ ...UNLIMITED, durationMs: 1e12 });
    expect(requests[1]!.durationMs).toBe(LIMITS.conferenceRecordingMaxMs);
    recordings.receive(recorded(2), 1);
    startMix({ ...UNLIMITED, durationMs: 5_000 });
    expect(requests[2]!.durationMs).toBe(5_000);
    expect(told()).toEqual([]);
  });

  test('pass the limits of a call on to media', () => {
    const { start, requests } = studio();
    start({ limits: { ...UNLIMITED, durationMs: 30_000, silenceMs: 2_000 } });
    expect(requests[0]).toMatchObject({ durationMs: 30_000, silenceMs: 2_000 });
  });

  test('are one at a time for a call, and refused beyond what runs at once', () => {
    const { start, recordings, media } = studio();
    const first = start();
    expect(start()).toMatchObject({ code: 'STATE_INVALID', got: first.id });
    for (let i = 2; i <= LIMITS.recordingsLiveMax; i++) start({ reference: { type: 'call', id: callId(i) } });
    expect(recordings.liveCount).toBe(LIMITS.recordingsLiveMax);
    expect(start({ reference: { type: 'call', id: callId(9_999) } })).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(media.length).toBe(LIMITS.recordingsLiveMax);
  });

  test('are told as finished once the final row is committed, not before', () => {
    const { start, recordings, store, happened, told, media } = studio();
    const { id } = start();
    recordings.stop(CALL, 500);
    recordings.stop(CALL, 501);
    expect(media).toEqual(['record 1', 'stop 1']);
    expect([recordings.liveOf(CALL)!.status, happened(), told()]).toEqual([
      'stopping',
      ['recording_started'],
      ['1 recordingStarted'],
    ]);
    const ended = recordings.receive(recorded(1), 1_000)!;
    expect(ended).toMatchObject({ id, status: 'ended', files: [IN], failure: '', endedAt: 1_000 });
    expect(store.row('saveRecording', id)).toEqual(ended);
    expect([recordings.liveOf(CALL), happened(), told()]).toEqual([undefined, [], []]);
    recordings.receiveStore(store.stored(), 1_010);
    expect([happened(), told()]).toEqual([['recording_finished'], ['1 recordingEnded']]);
    expect(recordings.recordOf(id)).toEqual(ended);
    expect(recordings.counters).toMatchObject({ started: 1, finished: 1, failed: 0 });
  });

  test('leave out what is said while they are paused, and tell it once', () => {
    const { start, recordings, media, happened } = studio();
    expect(recordings.pause(CALL, 'paused', 1)).toMatchObject({ code: 'STATE_INVALID', got: 'none' });
    start();
    for (const mode of ['running', 'paused', 'paused', 'running'] as const) recordings.pause(CALL, mode, 2);
    recordings.stop(CALL, 3);
    expect(recordings.pause(CALL, 'paused', 4)).toBeUndefined();
    expect(media).toEqual(['record 1', 'paused 1', 'running 1', 'stop 1']);
    expect(happened()).toEqual(['recording_started', 'recording_paused', 'recording_resumed']);
  });

  test('begin anew while the last final row is not stored yet', () => {
    const { start, recordings } = studio();
    const first = start();
    recordings.receive(recorded(1), 10);
    expect(start({}, 20).id).not.toBe(first.id);
  });

  test.each([
    ['none', '#', false],
    ['#', '#', true],
    ['#', '*', false],
    ['*', '*', true],
    ['any', '5', true],
  ] as const)('with the end key %s and the digit %s end: %s', (endKey, digit, isEnded) => {
    const { start, recordings, media } = studio();
    start({ limits: { ...UNLIMITED, endKey } });
    recordings.digit(callId(2), digit, 10);
    recordings.digit(CALL.id, digit, 10);
    expect(media.includes('stop 1')).toBe(isEnded);
  });

  test('end with the call or conference', () => {
    const { start, startMix, recordings, media } = studio();
    start();
    startMix(UNLIMITED);
    recordings.over(CALL, 10);
    recordings.over(ROOM, 10);
    recordings.over(ROOM, 11);
    expect(media.slice(2)).toEqual(['stop 1', 'stop 2']);
  });

  test('that do not run cannot be stopped', () => {
    const { recordings } = studio();
    expect(recordings.stop(CALL, 0)).toMatchObject({ code: 'STATE_INVALID' });
  });

  test('are told as failed with why, and with what there is of them', () => {
    const { start, recordings, store, happened } = studio();
    const { id } = start();
    recordings.receive(recorded(1, { reason: 'failed', detail: 'ENOSPC' }), 10);
    recordings.receiveStore(store.stored(), 20);
    expect(happened()).toEqual(['recording_started', 'recording_failed']);
    expect(recordings.recordOf(id)).toMatchObject({ failure: 'ENOSPC', files: [IN] });
  });

  test('say how much is missing when the disk was slow, and are finished all the same', () => {
    const { start, recordings, store, happened } = studio();
    const { id } = start();
    recordings.receive(recorded(1, { lostSamples: 160 }), 10);
    recordings.receiveStore(store.stored(), 20);
    expect(happened()).toEqual(['recording_started', 'recording_finished']);
    expect(recordings.recordOf(id)!.failure).toContain('160 samples');
  });

  test('start their flow when they have ended, with the recording as its reference', () => {
    const { start, recordings, store, flows } = studio();
    const { id, name } = start({ limits: { ...UNLIMITED, onEndFlowId: FLOW } });
    recordings.receive(recorded(1), 10);
    expect(flows).toEqual([]);
    recordings.receiveStore(store.stored(), 20);
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject({ flowId: FLOW, reference: { type: 'recording', id }, customerId: CUSTOMER.id });
    expect(flows[0]!.variables).toEqual({
      'voipbin.recording.id': id,
      'voipbin.recording.reference_type': 'call',
      'voipbin.recording.reference_id': CALL.id,
      'voipbin.recording.format': 'wav',
      'voipbin.recording.recording_name': name,
      'voipbin.recording.filenames': 'a_in.wav',
    });
  });
});

describe('when the store fails', () => {
  test('the final row is tried again until it is stored, and nothing is told before', () => {
    const { start, recordings, store, happened, told } = studio();
    start();
    recordings.receive(recorded(1), 10);
    happened();
    told();
    for (let now = 20; now < 50_000; now += LIMITS.recordingCommitRetryMs) {
      recordings.receiveStore(store.failed(), now);
      expect([recordings.deadline(), happened(), told()]).toEqual([now + LIMITS.recordingCommitRetryMs, [], []]);
      recordings.expire(recordings.deadline());
    }
    expect(recordings.counters.commitsFailed).toBe(10);
    recordings.receiveStore(store.stored(), 60_000);
    expect([happened(), told()]).toEqual([['recording_finished'], ['1 recordingEnded']]);
    expect([recordings.uncommittedCount, recordings.deadline()]).toEqual([0, Infinity]);
  });

  test('a recording asked for by command is refused and ends', () => {
    const { start, recordings, store, media } = studio();
    const { id } = start({ ticket: 9 });
    expect(recordings.poll()).toBeUndefined();
    recordings.receiveStore(store.failed(), 10);
    expect(recordings.poll()).toMatchObject({ ticket: 9, result: { refusal: { code: 'STORE_FAILED' } } });
    expect(media.at(-1)).toBe('stop 1');
    recordings.receive(recorded(1), 20);
    expect(recordings.recordOf(id)!.failure).toContain('disk full');
  });

  test('and does not, the command is done once its row is stored', () => {
    const { start, recordings, store } = studio();
    const { id } = start({ ticket: 9 });
    recordings.receiveStore(store.stored(), 10);
    expect(recordings.poll()).toEqual({ ticket: 9, result: { kind: 'done', id } });
  });
});

describe('what a crash left behind', () => {
  test('is repaired, ended and told of; a new recording of the same conference need not wait', () => {
    const { recordings, media, start, startMix, store, happened } = studio();
    const running: RecordingRecord = {
      ...start(),
      id: '90000000-0000-4000-8000-000000000001' as RecordingId,
      name: 'confbridge_x_t',
      reference: ROOM,
    };
    recordings.restore([running], 100);
    expect(media.at(-1)).toBe('salvage 2 /recordings/confbridge_x_t_in.wav undefined');
    expect(startMix(UNLIMITED).status).toBe('recording');
    happened();
    recordings.receive(recorded(2), 200);
    recordings.receiveStore(store.stored(), 210);
    expect(happened()).toEqual(['recording_failed']);
    expect(store.row('saveRecording', running.id)).toMatchObject({ status: 'ended', failure: 'crashed', files: [IN] });
    expect(recordings.liveOf(ROOM)!.status).toBe('recording');
  });
});

describe('deletion by command', () => {
  /** The accounts have committed it. */
  const deleteIt = ({ journal, recordings }: ReturnType<typeof studio>, record: RecordingRecord, now: number) => {
    const recording = { ...record, deletedAt: now };
    journal.append(record.customerId, { type: 'recording_deleted', recording }, now);
    recordings.receiveStore({ kind: 'stored', receipt: 999_999 }, now);
  };
  const removal = (name: string) => `remove /recordings/${name}_in.wav /recordings/${name}_out.wav`;

  test('removes the files of one that has ended', () => {
    const here = studio();
    const record = here.start();
    const ended = here.recordings.receive(recorded(1), 10)!;
    here.recordings.receiveStore(here.store.stored(), 20);
    deleteIt(here, ended, 30);
    expect(here.media.at(-1)).toBe(removal(record.name));
  });

  test('does not bring back the state in which whoever deleted it had read it', () => {
    const here = studio();
    const record = here.start();
    here.recordings.receive(recorded(1), 10);
    here.recordings.receiveStore(here.store.stored(), 20);
    deleteIt(here, record, 30);
    expect(here.store.row('saveRecording', record.id)).toMatchObject({ status: 'ended', files: [IN], deletedAt: 30 });
  });

  test('stops one that runs; its files are removed and its row stays deleted, without a flow', () => {
    const here = studio();
    const record = here.start({ limits: { ...UNLIMITED, onEndFlowId: FLOW } });
    deleteIt(here, record, 30);
    expect(here.media.at(-1)).toBe('stop 1');
    here.recordings.receive(recorded(1), 40);
    here.recordings.receiveStore(here.store.stored(), 50);
    expect(here.store.row('saveRecording', record.id)).toMatchObject({ status: 'ended', deletedAt: 30 });
    expect([here.media.at(-1), here.flows.length]).toEqual([removal(record.name), 0]);
  });

  test('wins over a final row that is on its way', () => {
    const here = studio();
    const record = here.start();
    here.recordings.receive(recorded(1), 20);
    deleteIt(here, record, 30);
    here.recordings.receiveStore(here.store.stored(), 40);
    expect(here.store.row('saveRecording', record.id)).toMatchObject({ status: 'ended', deletedAt: 30 });
    expect(here.media.at(-1)).toBe(removal(record.name));
  });

  test('removes the files of one that this process never knew', () => {
    const here = studio();
    const record = { ...here.start(), id: '9f' as RecordingId, name: 'call_old', status: 'ended' } as const;
    deleteIt(here, record, 30);
    expect(here.media.at(-1)).toBe(removal('call_old'));
  });
});

test('every cell of the table of recordings is decided, and no step leads back', () => {
  const order = ['initiating', 'recording', 'stopping', 'ended'];
  for (const [status, steps] of Object.entries(RECORDING_TRANSITIONS)) {
    expect(Object.keys(steps)).toEqual(['begin', 'stop', 'end']);
    for (const next of Object.values(steps)) {
      if (order.includes(next)) expect(order.indexOf(next)).toBeGreaterThan(order.indexOf(status));
    }
  }
});
