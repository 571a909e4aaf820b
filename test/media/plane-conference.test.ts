import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { ExternalMediaId, LegId, MixId, RecordingNumber } from '../../core/kernel/ids.ts';
import type { MediaEvent } from '../../core/ports.ts';
import { decodeWav } from '../../media/audio-file.ts';
import { pcmu } from '../../media/codec/g711.ts';
import { COUNTER } from '../../media/counters.ts';
import { gaps, lag, level, levelAt } from '../audio/measures.ts';
import { read, rtp } from './phones.ts';
import { LEVEL_DBOV, Phone, talk } from './plane-phones.ts';
import { A, ALICE, B, BOB, call, described, peer, Stage, sdp } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-conference-'));
afterAll(() => rmSync(folder, { recursive: true }));

const MIX = 5 as MixId;

function latest(samples: Int16Array): Int16Array {
  expect(samples.length).toBeGreaterThanOrEqual(2400);
  return samples.subarray(samples.length - 2400);
}

function recorded(stage: Stage): Extract<MediaEvent, { kind: 'recorded' }>[] {
  return stage.events.filter((event) => event.kind === 'recorded');
}

function readWav(path: string): Int16Array {
  const decoded = decodeWav(readFileSync(path));
  if (decoded.kind === 'refused') throw new Error(decoded.detail);
  return decoded.samples;
}

const TONES_HZ = [310, 470, 630, 790, 970, 1130];

function conference(workerCount: number): { stage: Stage; phones: Phone[] } {
  const stage = new Stage({ workerCount, streamsMax: 32 });
  const phones = TONES_HZ.map((toneHz, i) => new Phone(i + 1, toneHz).open(stage));
  for (const { leg } of phones) stage.plane.join(leg, MIX);
  stage.settle();
  return { stage, phones };
}

test.each([1, 2, 3])('a conference whose members live on %i workers is one: each hears all others', (workerCount) => {
  const { stage, phones } = conference(workerCount);
  for (const counters of stage.workers.counters) expect(counters[COUNTER.streams]).toBe(6 / workerCount);
  talk(stage, phones, 400);
  stage.sent.length = 0;
  talk(stage, phones, 600);
  for (const [i, phone] of phones.entries()) {
    const heard = phone.heard(stage);
    expect(gaps(heard)).toEqual([]);
    for (const [j, toneHz] of TONES_HZ.entries()) {
      if (i === j) expect(levelAt(latest(heard), toneHz)).toBeLessThan(-60);
      else expect(Math.abs(levelAt(latest(heard), toneHz) - LEVEL_DBOV)).toBeLessThan(0.5);
    }
  }
});

test('two legs of different workers that are bridged hear each other, until one of them goes elsewhere', () => {
  const stage = new Stage({ workerCount: 2, streamsMax: 32 });
  const [first, second, third] = TONES_HZ.slice(0, 3).map((toneHz, i) => new Phone(i + 1, toneHz).open(stage));
  const phones = [first!, second!, third!] as const;
  const hear = (): boolean[] => {
    stage.sent.length = 0;
    talk(stage, phones, 600);
    const heard = phones.map((phone) => phone.heard(stage));
    return [[0, 1] as const, [1, 0] as const, [1, 2] as const, [2, 1] as const].map(([ear, mouth]) => {
      const samples = heard[ear]!;
      return samples.length >= 2400 && levelAt(latest(samples), TONES_HZ[mouth]!) > -40;
    });
  };
  stage.plane.play(first!.leg, { kind: 'tone', tone: 'ringback' });
  stage.plane.bridge(first!.leg, second!.leg);
  talk(stage, phones, 400);
  expect(hear()).toEqual([true, true, false, false]);
  expect(levelAt(latest(first!.heard(stage)), 425)).toBeLessThan(-40);
  stage.plane.unbridge(second!.leg);
  expect([hear(), stage.plane.mixCount]).toEqual([[false, false, false, false], 0]);
  stage.plane.bridge(first!.leg, second!.leg);
  stage.plane.bridge(second!.leg, third!.leg);
  talk(stage, phones, 400);
  expect(hear()).toEqual([false, false, true, true]);
  for (const { leg } of phones) stage.plane.close(leg);
  expect(stage.plane.mixCount).toBe(0);
});

test('who leaves one worker is gone on the other, and the last one left hears nobody and costs no tick', () => {
  const { stage, phones } = conference(2);
  talk(stage, phones, 400);
  const [first, ...others] = phones as [Phone, ...Phone[]];
  stage.plane.leave(others[0]!.leg);
  talk(stage, phones, 60);
  stage.sent.length = 0;
  talk(stage, phones, 600);
  expect(levelAt(latest(first.heard(stage)), TONES_HZ[1]!)).toBeLessThan(-60);
  expect(levelAt(latest(first.heard(stage)), TONES_HZ[2]!)).toBeCloseTo(LEVEL_DBOV, 0);
  for (const { leg } of others) stage.plane.close(leg);
  talk(stage, [first], 1600);
  const ticks = stage.workers.counters.map((counters) => counters[COUNTER.ticks]);
  talk(stage, [first], 400);
  expect(stage.workers.counters.map((counters) => counters[COUNTER.ticks])).toEqual(ticks);
  stage.plane.close(first.leg);
  expect(stage.plane.mixCount).toBe(0);
});

test('a conference on two workers in which nobody says anything costs no tick, and the first word is heard on both', () => {
  const { stage, phones } = conference(2);
  const ticks = () => stage.workers.counters.map((counters) => counters[COUNTER.ticks]!);
  const missing = () => stage.workers.counters.map((counters) => counters[COUNTER.mixFramesMissing]);
  const [speaker, ...others] = phones as [Phone, ...Phone[]];
  for (const phone of others) phone.isTalking = false;
  for (let turn = 0; turn < 3; turn++) {
    speaker.isTalking = false;
    talk(stage, phones, 3000);
    const resting = ticks();
    talk(stage, phones, 2000);
    expect(ticks()).toEqual(resting);
    speaker.isTalking = true;
    stage.sent.length = 0;
    talk(stage, phones, 1000);
    for (const phone of others) {
      const heard = phone.heard(stage);
      expect(heard.length).toBeGreaterThanOrEqual(160 * 45);
      expect(gaps(heard)).toEqual([]);
      expect(Math.abs(levelAt(latest(heard), TONES_HZ[0]!) - LEVEL_DBOV)).toBeLessThan(0.5);
    }
  }
  expect(missing()).toEqual([0, 0]);
});

test('a leg of a conference is placed with those that are in it, until their worker has a hundred legs more than another', () => {
  const stage = new Stage({ workerCount: 2, streamsMax: 300, portTo: 20_999 });
  stage.plane.join(new Phone(1, 310).open(stage).leg, MIX);
  const streams = () => {
    stage.settle();
    return stage.workers.counters.map((counters) => counters[COUNTER.streams]);
  };
  for (let leg = 2; leg <= 141; leg++) {
    const host = `192.0.2.${leg}`;
    const opened = stage.plane.open(leg as LegId, peer(host), sdp(host, 4000), undefined, {}, 'usual', MIX);
    expect(opened.kind).toBe('opened');
    stage.plane.describe(leg as LegId, undefined);
    if (leg === 101) expect(streams()).toEqual([101, 0]);
  }
  expect(streams()).toEqual([121, 20]);
});

test('the first word on a worker whose part is listened to, and never rests, wakes the other', () => {
  const { stage, phones } = conference(2);
  const id = '0190a000-0000-7000-8000-000000000002' as ExternalMediaId;
  const [format, both] = ['slin', 'both'] as const;
  const sound = { encapsulation: 'none', format, listen: both, speak: both, parameters: {} } as const;
  const source = { kind: 'mix', mix: MIX } as const;
  const place = { account: '', reference: '', target: undefined, transport: 'websocket' } as const;
  stage.plane.externals.attach(id, { ...sound, ...place, source });
  stage.plane.externals.receive({ kind: 'opened', id, localAddress: '', localPort: 0 });
  for (const phone of phones) phone.isTalking = false;
  talk(stage, phones, 3000);
  stage.sent.length = 0;
  stage.links.length = 0;
  const message = new Uint8Array(Int16Array.from({ length: 8000 }, (_, i) => 3000 * Math.sin(i)).buffer);
  stage.plane.externals.receive({ kind: 'received', id, message });
  talk(stage, phones, 900);
  for (const phone of phones) expect(level(latest(phone.heard(stage)))).toBeGreaterThan(-30);
  talk(stage, phones, 2000);
  stage.sent.length = 0;
  phones[0]!.isTalking = true;
  talk(stage, phones, 900);
  for (const phone of phones.slice(1)) {
    expect(Math.abs(levelAt(latest(phone.heard(stage)), TONES_HZ[0]!) - LEVEL_DBOV)).toBeLessThan(0.5);
  }
  stage.plane.externals.detach(id);
  for (const { leg } of phones) stage.plane.close(leg);
  stage.settle();
  expect(stage.plane.mixCount).toBe(0);
});

test('when a worker is lost, those on the other go on', () => {
  const { stage, phones } = conference(2);
  talk(stage, phones, 400);
  stage.plane.workerLost(0);
  stage.workers.replace(0, stage.now);
  stage.listen();
  stage.settle();
  const lost = new Set(stage.events.flatMap((event) => (event.kind === 'workerLost' ? event.legs : [])));
  const left = phones.filter(({ leg }) => !lost.has(leg));
  expect(left.length).toBe(3);
  for (const leg of lost) {
    stage.plane.leave(leg);
    stage.plane.close(leg);
  }
  talk(stage, left, 400);
  stage.sent.length = 0;
  talk(stage, left, 600);
  for (const phone of left) {
    const heard = latest(phone.heard(stage));
    for (const [i, toneHz] of TONES_HZ.entries()) {
      const isHere = left.some(({ leg }) => leg === i + 1) && phone.leg !== i + 1;
      if (isHere) expect(levelAt(heard, toneHz)).toBeCloseTo(LEVEL_DBOV, 0);
      else expect(levelAt(heard, toneHz)).toBeLessThan(-60);
    }
  }
});

test.each([1, 2])(
  'the recording of a conference on %i workers holds everybody, and ends when it is told to',
  (count) => {
    const { stage, phones } = conference(count);
    const inPath = join(folder, `mix${count}_in.wav`);
    const number = 3 as RecordingNumber;
    const request = {
      source: { kind: 'mix', mix: MIX },
      inPath,
      outPath: undefined,
      durationMs: 0,
      silenceMs: 0,
    } as const;
    stage.plane.record(number, request);
    talk(stage, phones, 1000);
    stage.plane.stopRecording(number);
    stage.advance(1000);
    expect(recorded(stage)).toMatchObject([{ recording: number, reason: 'stopped', lostSamples: 0, detail: '' }]);
    const samples = readWav(inPath);
    expect(recorded(stage)[0]!.files[0]!.durationMs).toBe(samples.length / 8);
    expect(samples.length / 8000).toBeCloseTo(1, 1);
    for (const toneHz of TONES_HZ) {
      expect(Math.abs(levelAt(samples.subarray(3200, 7200), toneHz) - LEVEL_DBOV)).toBeLessThan(0.5);
    }
    stage.plane.stopRecording(number);
    for (const { leg } of phones) stage.plane.close(leg);
    stage.advance(1000);
    expect(recorded(stage).length).toBe(1);
    expect(stage.plane.mixCount).toBe(0);
    expect(stage.plane.recordingCount).toBe(0);
  },
);

test('the recording of a bridge has each side in its file, aligned', () => {
  const stage = new Stage();
  const ports = call(stage);
  const [inPath, outPath] = [join(folder, 'bridge_in.wav'), join(folder, 'bridge_out.wav')];
  const source = { kind: 'leg', leg: A } as const;
  stage.plane.record(1 as RecordingNumber, { source, inPath, outPath, durationMs: 0, silenceMs: 0 });
  // The same clicks from both sides at once, at different levels.
  const clicks = (amplitude: number) =>
    Int16Array.from({ length: 32_000 }, (_, i) => (i % 4000 < 80 ? amplitude * Math.sin(i / 3) : 0));
  const [alice, bob] = [clicks(12_000), clicks(6000)];
  const payload = new Uint8Array(160);
  for (let i = 0; i < 200; i++) {
    const fields = { sequence: i, timestamp: i * 160 };
    pcmu.encode(alice, i * 160, 160, payload, 0);
    stage.deliver(ALICE, ports.alice, rtp({ ...fields, ssrc: 1 }, payload));
    pcmu.encode(bob, i * 160, 160, payload, 0);
    stage.deliver(BOB, ports.bob, rtp({ ...fields, ssrc: 2 }, payload));
    stage.advance(20);
  }
  stage.plane.close(A);
  stage.plane.close(B);
  stage.advance(1000);
  const [said, heard] = [readWav(inPath), readWav(outPath)];
  expect(said.length).toBe(heard.length);
  expect(said.length / 8000).toBeCloseTo(4, 1);
  expect(lag(alice, said, 800)).toBe(lag(bob, heard, 800));
  expect(level(said) - level(heard)).toBeCloseTo(6, 0);
  expect(recorded(stage)).toMatchObject([
    { reason: 'stopped', files: [{ name: 'bridge_in.wav' }, { name: 'bridge_out.wav' }] },
  ]);
});

test('the recording of an echo and of what is played has both sides', () => {
  const stage = new Stage();
  const phone = new Phone(1, 790).open(stage);
  const [inPath, outPath] = [join(folder, 'echo_in.wav'), join(folder, 'echo_out.wav')];
  const source = { kind: 'leg', leg: phone.leg } as const;
  stage.plane.record(1 as RecordingNumber, { source, inPath, outPath, durationMs: 0, silenceMs: 0 });
  stage.plane.echo(phone.leg);
  talk(stage, [phone], 1000);
  stage.plane.unbridge(phone.leg);
  stage.plane.play(phone.leg, { kind: 'sine', frequencyHz: 1310, levelDbov: -20 });
  talk(stage, [phone], 1000);
  stage.plane.close(phone.leg);
  stage.advance(1000);
  const [said, heard] = [readWav(inPath), readWav(outPath)];
  expect(heard.subarray(1600, 7200)).toEqual(said.subarray(1600, 7200));
  expect(levelAt(said.subarray(1600, 15_200), 790)).toBeCloseTo(LEVEL_DBOV, 0);
  expect(levelAt(heard.subarray(9600, 15_200), 1310)).toBeCloseTo(-20, 0);
  expect(levelAt(heard.subarray(9600, 15_200), 790)).toBeLessThan(-60);
});

test('a recording ends by itself after its time, or after so much silence from the far end', () => {
  const stage = new Stage();
  const phone = new Phone(1, 790).open(stage);
  const source = { kind: 'leg', leg: phone.leg } as const;
  const paths = (name: string) => ({
    inPath: join(folder, `${name}_in.wav`),
    outPath: join(folder, `${name}_out.wav`),
  });
  stage.plane.record(1 as RecordingNumber, { source, ...paths('time'), durationMs: 500, silenceMs: 0 });
  stage.plane.record(2 as RecordingNumber, { source, ...paths('quiet'), durationMs: 0, silenceMs: 300 });
  stage.plane.play(phone.leg, { kind: 'sine', frequencyHz: 1310, levelDbov: -20 });
  talk(stage, [phone], 1000);
  expect(recorded(stage)).toMatchObject([{ recording: 1, reason: 'duration', files: [{ durationMs: 500 }, {}] }]);
  phone.isTalking = false;
  talk(stage, [phone], 1200);
  expect(recorded(stage)[1]).toMatchObject({ recording: 2, reason: 'silence' });
  const durationMs = recorded(stage)[1]!.files[0]!.durationMs;
  expect(durationMs).toBeGreaterThanOrEqual(1300);
  expect(durationMs).toBeLessThan(1500);
  expect(stage.plane.recordingCount).toBe(0);
});

test('what cannot be recorded fails at once, and what the file thread had when it died', () => {
  const stage = new Stage();
  const phone = new Phone(1, 790).open(stage);
  const request = { inPath: join(folder, 'lost_in.wav'), outPath: undefined, durationMs: 0, silenceMs: 0 };
  stage.plane.record(1 as RecordingNumber, { ...request, source: { kind: 'leg', leg: 77 as LegId } });
  stage.settle();
  expect(recorded(stage)).toMatchObject([{ recording: 1, reason: 'failed', files: [] }]);
  stage.plane.record(2 as RecordingNumber, { ...request, source: { kind: 'leg', leg: phone.leg } });
  stage.plane.filesLost('a bug');
  stage.settle();
  expect(recorded(stage)[1]).toMatchObject({ recording: 2, reason: 'failed', files: [], detail: 'a bug' });
});

test('when its worker is lost a recording fails with what it has', () => {
  const stage = new Stage();
  const phone = new Phone(1, 790).open(stage);
  const inPath = join(folder, 'cut_in.wav');
  const source = { kind: 'leg', leg: phone.leg } as const;
  stage.plane.record(1 as RecordingNumber, { source, inPath, outPath: undefined, durationMs: 0, silenceMs: 0 });
  talk(stage, [phone], 1000);
  stage.plane.workerLost(0);
  stage.workers.replace(0, stage.now);
  stage.advance(1000);
  expect(recorded(stage)).toMatchObject([{ reason: 'failed', detail: 'the media thread was lost' }]);
  expect(recorded(stage)[0]!.files[0]!.durationMs).toBeGreaterThan(900);
  expect(levelAt(readWav(inPath).subarray(1600, 7200), 790)).toBeCloseTo(LEVEL_DBOV, 0);
});

test('our hold is a new version of our description, stops all sound at once, and is taken back', () => {
  const stage = new Stage();
  const ports = call(stage);
  const { plane } = stage;
  const version = (body: Uint8Array) => Number(/^o=\S+ \d+ (\d+)/m.exec(new TextDecoder().decode(body))![1]);
  const before = version(plane.describe(B, undefined));
  const held = plane.hold(B, 'held');
  expect(described(held).direction).toBe('sendonly');
  expect(version(held)).toBe(before + 1);
  expect(stage.talk(ALICE, ports.alice, BOB)).toEqual([]);
  expect(plane.accept(B, sdp('192.0.2.2', 6000, '0 101', ['a=recvonly'])).kind).toBe('opened');
  expect(stage.talk(ALICE, ports.alice, BOB)).toEqual([]);
  expect(stage.talk(BOB, ports.bob, ALICE)).toEqual([]);
  const renewed = plane.renegotiate(B, sdp('192.0.2.2', 6000, '0 101'));
  expect(renewed.kind === 'answer' && described(renewed.body).direction).toBe('sendonly');
  expect(stage.talk(ALICE, ports.alice, BOB)).toEqual([]);
  const active = plane.hold(B, 'active');
  expect(described(active).direction).toBe('sendrecv');
  expect(version(active)).toBeGreaterThan(version(held));
  plane.accept(B, sdp('192.0.2.2', 6000, '0 101'));
  expect(stage.talk(ALICE, ports.alice, BOB).length).toBe(5);
  expect(stage.talk(BOB, ports.bob, ALICE).length).toBe(5);
});

test('muted legs of a bridge are sent silence in the place of voices, packet for packet', () => {
  const stage = new Stage();
  const ports = call(stage);
  const isSilent = (bytes: Uint8Array) => bytes.subarray(12).every((byte) => byte === 0xff);
  stage.plane.mute(A, 'in');
  const toBob = stage.talk(ALICE, ports.alice, BOB);
  expect(toBob.map(({ bytes }) => isSilent(bytes))).toEqual([true, true, true, true, true]);
  expect(stage.talk(BOB, ports.bob, ALICE).every(({ bytes }) => !isSilent(bytes))).toBe(true);
  stage.plane.mute(A, 'out');
  expect(stage.talk(BOB, ports.bob, ALICE).map(({ bytes }) => isSilent(bytes))).toEqual([true, true, true, true, true]);
  expect(stage.talk(ALICE, ports.alice, BOB).some(({ bytes }) => isSilent(bytes))).toBe(false);
  stage.plane.mute(A, '');
  expect(stage.talk(BOB, ports.bob, ALICE).some(({ bytes }) => isSilent(bytes))).toBe(false);
});

test('digits are sent as long and as far apart as asked', () => {
  const stage = new Stage();
  const phone = new Phone(1, 790).open(stage);
  stage.plane.sendDigits(phone.leg, '12', 200, 300);
  stage.settle();
  const starts: number[] = [];
  const begun = stage.now;
  for (let time = 0; time < 1200; time += 10) {
    stage.advance(10);
    for (const packet of stage.sent.splice(0))
      if (!packet.isRtcp && read(packet).marker) starts.push(stage.now - begun);
  }
  expect(starts.length).toBe(2);
  expect(Math.abs(starts[1]! - starts[0]! - 500)).toBeLessThanOrEqual(10);
});
