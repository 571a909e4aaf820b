import { expect, test } from 'vitest';
import type { LegId, MixId, RecordingNumber } from '../../core/kernel/ids.ts';
import type { MediaEvent } from '../../core/ports.ts';
import { COUNTER } from '../../media/counters.ts';
import { levelAt } from '../audio/measures.ts';
import { Bench, readRing, recordingOrder } from './phones.ts';
import { LEVEL_DBOV, Phone, talk } from './plane-phones.ts';
import { converse, SpeakingPhone } from './speaking-phone.ts';
import { Stage } from './stage.ts';

const MIX = 5 as MixId;
const TONES_HZ = [310, 790, 1310];

/** Three phones in a mix, on threads in turn. */
function mixed(workerCount: number): { stage: Stage; phones: readonly [Phone, Phone, Phone] } {
  const stage = new Stage({ workerCount });
  const phones = TONES_HZ.map((toneHz, i) => new Phone(i + 1, toneHz).open(stage)) as [Phone, Phone, Phone];
  for (const { leg } of phones) stage.plane.join(leg, MIX);
  stage.settle();
  return { stage, phones };
}

function latest(samples: Int16Array): Int16Array {
  return samples.subarray(samples.length - 1600);
}

function told(stage: Stage, kind: MediaEvent['kind']): MediaEvent[] {
  return stage.events.filter((event) => event.kind === kind);
}

test.each([1, 2])(
  'what is played into a mix on %i threads is heard by all in it, and its end is told once',
  (count) => {
    const { stage, phones } = mixed(count);
    for (const phone of phones) phone.isTalking = false;
    stage.plane.mixes.play(MIX, { kind: 'tone', tone: 'beep' });
    talk(stage, phones, 200);
    for (const phone of phones) expect(levelAt(latest(phone.heard(stage)), 1000)).toBeGreaterThan(-30);
    talk(stage, phones, 600);
    expect(told(stage, 'mixPlayed')).toEqual([{ kind: 'mixPlayed', mix: MIX, outcome: 'finished', detail: '' }]);
    stage.sent.length = 0;
    talk(stage, phones, 200);
    for (const phone of phones) expect(levelAt(phone.heard(stage), 1000)).toBeLessThan(-60);
  },
);

test('a tone in a mix goes on until it is stopped, or the last has left', () => {
  const { stage, phones } = mixed(2);
  for (const phone of phones) phone.isTalking = false;
  stage.plane.mixes.play(MIX, { kind: 'sine', frequencyHz: 440, levelDbov: -20 });
  talk(stage, phones, 400);
  stage.plane.mixes.stopPlaying(MIX);
  talk(stage, phones, 100);
  stage.sent.length = 0;
  talk(stage, phones, 200);
  for (const phone of phones) expect(levelAt(phone.heard(stage), 440)).toBeLessThan(-60);
  stage.plane.mixes.play(MIX, { kind: 'sine', frequencyHz: 440, levelDbov: -20 });
  for (const { leg } of phones) stage.plane.leave(leg);
  talk(stage, phones, 100);
  expect([told(stage, 'mixPlayed'), stage.plane.mixCount]).toEqual([[], 0]);
  const ticks = stage.workers.counters.map((counters) => counters[COUNTER.ticks]);
  talk(stage, phones, 200);
  expect(stage.workers.counters.map((counters) => counters[COUNTER.ticks])).toEqual(ticks);
});

test('a file that cannot be read, and a thread that is lost, are told as failures of what a mix was to hear', () => {
  const { stage, phones } = mixed(2);
  stage.plane.mixes.play(MIX, { kind: 'file', path: '/nowhere/at-all.wav' });
  stage.settle();
  stage.plane.mixes.play(MIX, { kind: 'sine', frequencyHz: 440, levelDbov: -20 });
  talk(stage, phones, 40);
  stage.plane.workerLost(0);
  stage.workers.replace(0, stage.now);
  stage.settle();
  expect(told(stage, 'mixPlayed').map((event) => 'outcome' in event && event.outcome)).toEqual(['failed', 'failed']);
});

test.each([1, 2])(
  'on %i threads the talker of a mix is the loudest, is told at most twice a second, and goes when all are silent',
  (count) => {
    const { stage, phones } = mixed(count);
    const [first, second, third] = phones;
    stage.plane.mixes.watchTalkers(MIX, 'on');
    for (const phone of phones) phone.isTalking = false;
    first.isTalking = true;
    talk(stage, phones, 1000);
    stage.plane.amplify(second.leg, 12, 0);
    second.isTalking = true;
    third.isTalking = true;
    talk(stage, phones, 1000);
    first.isTalking = false;
    talk(stage, phones, 3000);
    second.isTalking = false;
    third.isTalking = false;
    talk(stage, phones, 2500);
    const talkers = told(stage, 'talkerChanged').map((event) => ('member' in event ? event.member : 0));
    expect(talkers[0]).toBe(first.leg);
    expect(talkers).toContain(second.leg);
    expect(talkers.at(-1)).toBeUndefined();
    expect(talkers.length).toBeLessThanOrEqual(6);
    stage.plane.mixes.watchTalkers(MIX, 'off');
    first.isTalking = true;
    talk(stage, phones, 500);
    expect(told(stage, 'talkerChanged')).toHaveLength(talkers.length);
  },
);

test.each([
  [6, 0, 'what one says in a mix is louder to all others'],
  [-12, 0, 'what one says in a mix is softer to all others'],
  [0, -12, 'what one hears in a mix is softer to it alone'],
])('with a gain of %i dB in and %i dB out, %s', (inDb, outDb) => {
  const { stage, phones } = mixed(1);
  const [first, second, third] = phones;
  stage.plane.amplify(first.leg, inDb, outDb);
  talk(stage, phones, 500);
  const levels = (hearer: Phone) => TONES_HZ.map((toneHz) => levelAt(latest(hearer.heard(stage)), toneHz));
  expect(levels(second)[0]).toBeCloseTo(LEVEL_DBOV + inDb, 0);
  expect(levels(third)[0]).toBeCloseTo(LEVEL_DBOV + inDb, 0);
  expect(levels(third)[1]).toBeCloseTo(LEVEL_DBOV, 0);
  expect(levels(first)[1]).toBeCloseTo(LEVEL_DBOV + outDb, 0);
  expect(levels(first)[0]).toBeLessThan(-60);
});

test('a bridged call is louder by what either side asks for, and relayed again once nobody does', () => {
  const bench = new Bench();
  const [a, b] = [1, 2].map((leg) => new SpeakingPhone(bench, leg, 'PCMU', undefined, 400 * leg)) as [
    SpeakingPhone,
    SpeakingPhone,
  ];
  bench.post({ kind: 'bridge', a: a.leg, b: b.leg });
  bench.post({ kind: 'amplify', leg: a.leg, inDb: 3, outDb: 0 });
  bench.post({ kind: 'amplify', leg: b.leg, inDb: 0, outDb: 3 });
  bench.post({ kind: 'record', leg: b.leg, order: recordingOrder(1, { samples: 16_384 }) });
  converse(bench, [a, b], 500);
  expect(levelAt(latest(b.hear()), 400)).toBeCloseTo(-14, 0);
  expect(levelAt(latest(a.hear()), 800)).toBeCloseTo(-20, 0);
  for (const leg of [a.leg, b.leg]) bench.post({ kind: 'amplify', leg, inDb: 0, outDb: 0 });
  converse(bench, [a, b], 100);
  const relayed = bench.counters[COUNTER.packetsRelayed]!;
  converse(bench, [a, b], 300);
  expect(bench.counters[COUNTER.packetsRelayed]! - relayed).toBe(30);
  expect(levelAt(latest(b.hear()), 400)).toBeCloseTo(-20, 0);
});

test('the recording of a mix has what was played into it', () => {
  const bench = new Bench();
  const phone = new SpeakingPhone(bench, 1, 'PCMU', undefined);
  phone.isTalking = false;
  const order = recordingOrder(3, { samples: 16_384, isOneSided: true });
  bench.post({ kind: 'join', leg: 1 as LegId, mix: MIX });
  bench.post({ kind: 'recordMix', mix: MIX, order });
  bench.post({ kind: 'playMix', mix: MIX, play: 9, source: { kind: 'sine', frequencyHz: 440, levelDbov: -20 } });
  bench.advance(400);
  bench.post({ kind: 'stopRecording', recording: 3 as RecordingNumber });
  expect(levelAt(latest(readRing(order.inRing)), 440)).toBeCloseTo(-20, 0);
});
