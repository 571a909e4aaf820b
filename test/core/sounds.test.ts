import { describe, expect, test } from 'vitest';
import type { RecordingRecord } from '../../core/calls/recording-record.ts';
import { Sounds } from '../../core/calls/sounds.ts';
import type { CustomerId, LegId, MixId, RecordingId } from '../../core/kernel/ids.ts';
import { LIMITS } from '../../core/kernel/limits.ts';
import type { HttpRequest, PlaySource } from '../../core/ports.ts';
import { callId, party, surroundings } from './quiet-ports.ts';
import { CUSTOMER } from './store/rows.ts';

const RECORDING: RecordingRecord = {
  id: '90000000-0000-4000-8000-000000000001' as RecordingId,
  customerId: CUSTOMER.id,
  reference: { type: 'call', id: callId(1) },
  status: 'ended',
  format: 'wav',
  name: 'r',
  files: [
    { name: 'r_in.wav', sizeBytes: 1, durationMs: 1, sha256: '' },
    { name: 'r_out.wav', sizeBytes: 1, durationMs: 1, sha256: '' },
  ],
  failure: '',
  activeflowId: null,
  onEndFlowId: null,
  startedAt: 0,
  endedAt: 1,
  createdAt: 0,
  updatedAt: 1,
  deletedAt: null,
};

/** Sounds over a web and an archive that answer when they are told to. */
function player(known: readonly RecordingRecord[] = []) {
  const around = surroundings();
  const media: string[] = [];
  const requests: HttpRequest[] = [];
  const asked: number[] = [];
  const sounds = new Sounds({
    ...around,
    media: {
      play: (leg: LegId, source: PlaySource) => {
        media.push(`play ${leg} ${source.kind === 'file' ? source.path : 'tone' in source ? source.tone : ''}`);
      },
      stopPlaying: (leg: LegId) => void media.push(`stop ${leg}`),
      players: {
        steer: (leg, order) => void media.push(`${order.kind} ${leg}${order.kind === 'seek' ? ` ${order.toMs}` : ''}`),
      },
      mixes: {
        play: (mix, source) => void media.push(`play mix ${mix} ${source.kind}`),
        stopPlaying: (mix) => void media.push(`stop mix ${mix}`),
        steer: (mix, { kind }) => void media.push(`${kind} mix ${mix}`),
        watchTalkers: () => undefined,
      },
      removeFiles: (paths: readonly string[]) => void media.push(`remove ${paths.join(' ')}`),
    },
    http: { request: (request) => void requests.push(request) },
    archive: { findRecording: (request) => void asked.push(request) },
    recordingOf: (id) => known.find((record) => record.id === id),
    folders: { prompts: '/prompts', recordings: '/recordings', cache: '/cache' },
  });
  const played = (leg: number, now: number, outcome: 'finished' | 'failed' = 'finished', detail = '') =>
    sounds.receive({ kind: 'played', leg: leg as LegId, outcome, detail }, now);
  const answer = (request: HttpRequest, status: number, now: number) =>
    sounds.receive(
      { kind: 'answered', owner: 'calls', number: request.number, status, contentType: 'audio/wav', body: '' },
      now,
    );
  const fail = (request: HttpRequest, detail: string, now: number) =>
    sounds.receive({ kind: 'failed', owner: 'calls', number: request.number, detail }, now);
  return { ...around, sounds, media, requests, asked, played, answer, fail };
}

const URL_A = 'https://example.org/a.wav';
const URL_B = 'http://example.org/b.wav';

describe('sounds', () => {
  test('are played one after the other, and told once when the last has ended', () => {
    const { sounds, media, played, told } = player([RECORDING]);
    sounds.start(party(1), ['prompt:welcome', `recording:${RECORDING.id}`, 'tone:beep'], 5, 0);
    expect(media).toEqual(['play 1 /prompts/welcome.wav']);
    played(1, 10);
    played(1, 20);
    expect(media.slice(1)).toEqual(['play 1 /recordings/r_in.wav', 'play 1 beep']);
    expect(told()).toEqual([]);
    played(1, 30);
    expect([told(), sounds.liveCount]).toEqual([['1 played 5 finished'], 0]);
  });

  test.each([
    'ftp://example.org/a.wav',
    'file:///etc/passwd',
    'prompt:../secret',
    'prompt:',
    'tone:scream',
    'recording:12',
    '',
    `https://example.org/${'a'.repeat(LIMITS.soundUrlCharactersMax)}`,
  ])('refuse %s and say what was expected', (text) => {
    const { sounds, media, told, requests } = player();
    sounds.start(party(1), [text], 5, 0);
    expect([media, requests]).toEqual([[], []]);
    const [news] = told();
    expect(news).toContain(`1 played 5 failed: ${text.slice(0, 200)}: expected`);
  });

  test('go on with the next when one fails; the list has failed when not one could be played', () => {
    const { sounds, played, told, media, happened } = player();
    sounds.start(party(1), ['prompt:none', 'nonsense', 'prompt:there'], 5, 0);
    played(1, 10, 'failed', 'no such file');
    // Everybody is told, not only the flow.
    expect(happened()).toEqual(['call_sound_failed', 'call_sound_failed']);
    expect(media.at(-1)).toBe('play 1 /prompts/there.wav');
    played(1, 20);
    expect(told()[0]).toMatch(/^1 played 5 finished: prompt:none: no such file; nonsense: expected/);
    sounds.start(party(1), ['prompt:none'], 6, 30);
    played(1, 40, 'failed', 'no such file');
    expect(told()).toEqual(['1 played 6 failed: prompt:none: no such file']);
    sounds.start(party(1), [], 7, 50);
    expect(told()).toEqual(['1 played 7 failed: there is nothing to play']);
    sounds.start(party(1), new Array(LIMITS.soundsPerListMax + 1).fill('tone:beep'), 8, 60);
    expect(told()[0]).toContain('1 played 8 failed: expected at most 100 sources');
  });

  test('are played so many times, as long as some of them can be', () => {
    const { sounds, media, played, told } = player();
    sounds.start(party(1), ['prompt:one', 'nonsense'], 5, 0, 3);
    played(1, 10);
    played(1, 20);
    expect(told()).toEqual([]);
    played(1, 30);
    expect(media).toEqual(['play 1 /prompts/one.wav', 'play 1 /prompts/one.wav', 'play 1 /prompts/one.wav']);
    expect(told()[0]).toContain('1 played 5 finished: nonsense: expected');
    sounds.start(party(1), ['prompt:none'], 6, 40, 1_000);
    played(1, 50, 'failed', 'no such file');
    expect(told()).toEqual(['1 played 6 failed: prompt:none: no such file']);
  });

  test('are held, sought in and go on; one that is still fetched begins held', () => {
    const { sounds, media, requests, played, answer } = player();
    sounds.steer(1 as LegId, { kind: 'pause' });
    expect(media).toEqual([]);
    sounds.start(party(1), ['prompt:one', URL_A], 5, 0);
    sounds.steer(1 as LegId, { kind: 'seek', toMs: 700, from: 'begin' });
    expect(media).toEqual(['play 1 /prompts/one.wav', 'seek 1 700']);
    played(1, 10);
    sounds.steer(1 as LegId, { kind: 'pause' });
    sounds.steer(1 as LegId, { kind: 'seek', toMs: 700, from: 'begin' });
    answer(requests[0]!, 200, 20);
    expect(media.slice(2)).toEqual(['play 1 /cache/1.wav', 'pause 1']);
    sounds.steer(1 as LegId, { kind: 'resume' });
    expect(media.at(-1)).toBe('resume 1');
  });

  test('replace what was played before, and stop, without news', () => {
    const { sounds, media, told, played } = player();
    sounds.start(party(1), ['prompt:one'], 1, 0);
    sounds.start(party(1), ['prompt:two'], 2, 1);
    sounds.stop(1 as LegId);
    sounds.stop(1 as LegId);
    expect(media).toEqual(['play 1 /prompts/one.wav', 'stop 1', 'play 1 /prompts/two.wav', 'stop 1']);
    played(1, 5);
    expect(told()).toEqual([]);
    sounds.start(party(1), ['prompt:three'], 3, 10);
    sounds.over(1 as LegId);
    expect([media.at(-1), sounds.liveCount]).toEqual(['play 1 /prompts/three.wav', 0]);
  });
});

describe('sounds from the web', () => {
  test('are saved to a file and played from there', () => {
    const { sounds, media, requests, answer, played, told } = player();
    sounds.start(party(1), [URL_A], 5, 0);
    expect(requests[0]).toMatchObject({
      owner: 'calls',
      method: 'GET',
      url: URL_A,
      saveTo: '/cache/1.wav',
      timeoutMs: LIMITS.soundTimeoutMs,
      answerBytesMax: LIMITS.soundBytesMax,
    });
    answer(requests[0]!, 200, 100);
    expect(media).toEqual(['play 1 /cache/1.wav']);
    played(1, 200);
    expect(told()).toEqual(['1 played 5 finished']);
  });

  test('keep the end of their names, which tells what bare samples are', () => {
    const { sounds, requests } = player();
    const urls = ['http://example.test/b.ulaw?x=y.z', 'https://example.test/c.d/SIX.SLN16#f', 'http://example.test'];
    for (const [i, url] of urls.entries()) sounds.start(party(i + 1), [url], 5, 0);
    expect(requests.map(({ saveTo }) => saveTo)).toEqual(['/cache/1.ulaw', '/cache/2.sln16', '/cache/3.wav']);
  });

  test('are downloaded once for all who want the same at the same time, and for an hour after', () => {
    const { sounds, media, requests, answer } = player();
    for (const number of [1, 2, 3]) sounds.start(party(number), [URL_A], 5, 0);
    expect(requests).toHaveLength(1);
    answer(requests[0]!, 200, 100);
    expect(media).toEqual(['play 1 /cache/1.wav', 'play 2 /cache/1.wav', 'play 3 /cache/1.wav']);
    sounds.start(party(4), [URL_A], 5, 99 + LIMITS.soundCacheMs);
    expect([requests.length, media.at(-1)]).toEqual([1, 'play 4 /cache/1.wav']);
    sounds.start(party(5), [URL_A], 5, 100 + LIMITS.soundCacheMs);
    expect(requests).toHaveLength(2);
    answer(requests[1]!, 200, 200 + LIMITS.soundCacheMs);
    expect(media.slice(-2)).toEqual(['remove /cache/1.wav', 'play 5 /cache/2.wav']);
  });

  test('are fetched while the one before is heard', () => {
    const { sounds, media, requests, answer, played } = player();
    sounds.start(party(1), ['prompt:welcome', URL_A, URL_B], 5, 0);
    expect(requests.map(({ url }) => url)).toEqual([URL_A]);
    answer(requests[0]!, 200, 50);
    played(1, 100);
    expect(media.at(-1)).toBe('play 1 /cache/1.wav');
    expect(requests.map(({ url }) => url)).toEqual([URL_A, URL_B]);
    played(1, 200);
    expect(media).toHaveLength(2);
    answer(requests[1]!, 200, 250);
    expect(media.at(-1)).toBe('play 1 /cache/2.wav');
  });

  test('that cannot be had are told with the URL and why, and their file is not kept', () => {
    const { sounds, media, requests, answer, fail, told } = player();
    sounds.start(party(1), [URL_A, URL_B], 5, 0);
    answer(requests[0]!, 404, 10);
    fail(requests[1]!, '10.0.0.1 is a private address; --allow-private 10.0.0.0/8 would allow it', 20);
    expect(told()).toEqual([
      `1 played 5 failed: ${URL_A}: expected status 200, got 404; ${URL_B}: 10.0.0.1 is a private address; --allow-private 10.0.0.0/8 would allow it`,
    ]);
    expect(media).toEqual(['remove /cache/1.wav', 'remove /cache/2.wav']);
    sounds.start(party(1), [URL_A], 6, 30);
    expect(requests).toHaveLength(3);
  });

  test('are waited for in silence: the end of another sound, or an order to stop, does not reach media', () => {
    const { sounds, media, requests, answer, played } = player();
    sounds.start(party(1), [URL_A, 'tone:beep'], 5, 0);
    played(1, 5);
    expect(media).toEqual([]);
    sounds.stop(1 as LegId);
    answer(requests[0]!, 200, 10);
    expect(media).toEqual([]);
  });

  test('are removed when their hour is over and another is kept', () => {
    const { sounds, media, requests, answer } = player();
    sounds.start(party(1), [URL_A], 5, 0);
    answer(requests[0]!, 200, 100);
    sounds.start(party(1), [URL_B], 6, 100 + LIMITS.soundCacheMs);
    answer(requests[1]!, 200, 200 + LIMITS.soundCacheMs);
    expect(media.slice(-2)).toEqual(['remove /cache/1.wav', 'play 1 /cache/2.wav']);
    expect(sounds.downloads.cachedCount).toBe(1);
  });

  test('that nobody waits for any more are played to nobody', () => {
    const { sounds, media, requests, answer, told } = player();
    sounds.start(party(1), [URL_A], 5, 0);
    sounds.over(1 as LegId);
    sounds.start(party(1), ['prompt:other'], 6, 1);
    answer(requests[0]!, 200, 10);
    expect([media, told()]).toEqual([['play 1 /prompts/other.wav'], []]);
  });

  test('wait for their turn when many are downloaded at once, and are refused when too many wait', () => {
    const { sounds, requests, answer, told, media } = player();
    const all = LIMITS.soundDownloadsMax + LIMITS.soundDownloadsWaitingMax;
    for (let i = 1; i <= all; i++) sounds.start(party(i), [`${URL_A}?${i}`], 5, 0);
    expect(requests).toHaveLength(LIMITS.soundDownloadsMax);
    sounds.start(party(5_000), [`${URL_A}?x`], 5, 0);
    expect(told()[0]).toContain('downloads wait');
    answer(requests[0]!, 200, 10);
    expect(requests).toHaveLength(LIMITS.soundDownloadsMax + 1);
    for (let i = 1; i < requests.length; i++) answer(requests[i]!, 200, 20);
    expect(media.filter((line) => line.startsWith('play'))).toHaveLength(all);
    expect(sounds.downloads.cachedCount).toBe(LIMITS.soundsCachedMax);
    expect(media.filter((line) => line.startsWith('remove'))).toHaveLength(all - LIMITS.soundsCachedMax);
  });
});

describe('recordings as sounds', () => {
  test('are looked up in the archive when memory has forgotten them', () => {
    const { sounds, media, asked } = player();
    sounds.start(party(1), [`recording:${RECORDING.id}`], 5, 0);
    expect([asked, media]).toEqual([[1], []]);
    sounds.receive({ kind: 'recordingFound', request: 1, recording: RECORDING }, 10);
    expect(media).toEqual(['play 1 /recordings/r_in.wav']);
  });

  test('are not played when they are found for a list that was replaced', () => {
    const { sounds, media } = player();
    sounds.start(party(1), [`recording:${RECORDING.id}`], 5, 0);
    sounds.start(party(1), ['prompt:other'], 6, 5);
    sounds.receive({ kind: 'recordingFound', request: 1, recording: RECORDING }, 10);
    expect(media).toEqual(['play 1 /prompts/other.wav']);
  });

  test('are waited for while their end is under way', () => {
    const known: RecordingRecord[] = [{ ...RECORDING, status: 'stopping', files: [] }];
    const { sounds, media, told } = player(known);
    sounds.start(party(1), [`recording:${RECORDING.id}`], 5, 0);
    sounds.start(party(2), [`recording:${RECORDING.id}`], 6, 0);
    sounds.stop(party(2).leg);
    sounds.recordingsMoved(10);
    expect([media, told()]).toEqual([[], []]);
    known[0] = RECORDING;
    sounds.recordingsMoved(20);
    sounds.recordingsMoved(30);
    expect(media).toEqual(['play 1 /recordings/r_in.wav']);
  });

  test.each([
    ['unknown', undefined, 'there is no such recording'],
    [
      "another customer's",
      { ...RECORDING, customerId: 'c0000000-0000-4000-8000-000000000009' as CustomerId },
      'there is no such recording',
    ],
    ['deleted', { ...RECORDING, deletedAt: 5 }, 'there is no such recording'],
    ['still running', { ...RECORDING, status: 'recording', files: [] } as const, 'got one that is recording'],
    ['without a file', { ...RECORDING, files: [] }, 'the recording has no file'],
  ])('are refused when %s', (_, recording, detail) => {
    const { sounds, media, told } = player();
    sounds.start(party(1), [`recording:${RECORDING.id}`], 5, 0);
    sounds.receive({ kind: 'recordingFound', request: 1, recording }, 10);
    expect([media, told()[0]!.endsWith(detail)]).toEqual([[], true]);
  });
});

test('a list for all in a mix is played one by one, told at its end, and stopped with what plays', () => {
  const { sounds, media, requests, answer } = player();
  const mix = 4 as MixId;
  const told: string[] = [];
  const start = (...urls: string[]) =>
    sounds.startMix(
      { mix, customerId: CUSTOMER.id, failed: (sound, detail) => void told.push(`${sound} ${detail}`) },
      urls,
      (outcome, detail, at) => void told.push(`${at} ${outcome}${detail}`),
      0,
    );
  start('tone:beep', 'http://example.test/a.wav');
  expect([sounds.isPlayingInto(mix), media.splice(0)]).toEqual([true, ['play mix 4 tone']]);
  answer(requests[0]!, 200, 5);
  sounds.receive({ kind: 'played', leg: 4 as LegId, outcome: 'finished', detail: '' }, 6);
  sounds.receive({ kind: 'mixPlayed', mix, outcome: 'finished', detail: '' }, 7);
  expect(media.splice(0)).toEqual(['play mix 4 file']);
  sounds.receive({ kind: 'mixPlayed', mix, outcome: 'finished', detail: '' }, 8);
  expect([told, sounds.isPlayingInto(mix)]).toEqual([['8 finished'], false]);
  start('ftp://example.test/a.wav', 'prompt:none', 'tone:beep');
  sounds.receive({ kind: 'mixPlayed', mix, outcome: 'failed', detail: 'no such file' }, 8);
  expect(told.splice(1)).toEqual([expect.stringContaining('ftp://example.test/a.wav '), 'prompt:none no such file']);
  expect(media.splice(0)).toEqual(['play mix 4 file', 'play mix 4 tone']);
  sounds.stopMix(mix);
  media.length = 0;
  start('prompt:welcome', 'prompt:bye');
  sounds.steerMix(mix, { kind: 'pause' });
  sounds.receive({ kind: 'mixPlayed', mix, outcome: 'finished', detail: '' }, 9);
  expect(media.splice(0)).toEqual(['play mix 4 file', 'pause mix 4', 'play mix 4 file', 'pause mix 4']);
  sounds.stopMix(mix);
  sounds.steerMix(mix, { kind: 'resume' });
  start('prompt:welcome');
  sounds.stopMix(mix);
  media.shift();
  expect([media, told.length, sounds.liveCount]).toEqual([['play mix 4 file', 'stop mix 4'], 1, 0]);
});
