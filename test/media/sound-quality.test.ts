import { describe, expect, test } from 'vitest';
import type { MuteDirection } from '../../core/calls/call-record.ts';
import type { MixId } from '../../core/kernel/ids.ts';
import type { AudioCodec } from '../../media/stream-formats.ts';
import { clicks, gaps, level, signalToNoise, testTone } from '../audio/measures.ts';
import { Bench } from './phones.ts';
import { converse, SpeakingPhone } from './speaking-phone.ts';

const MIX = 1 as MixId;
const TONE_HZ = 500;
/** Short enough for no speech to be missed in, and for no pause of a tone to slip through. */
const GAP_MS = 3;

/** The first phone says a tone, the second one listens, the others are there and silent. */
class Scene {
  readonly bench = new Bench({ streamsMax: 8 });
  readonly phones: readonly SpeakingPhone[];

  constructor(...codecs: readonly AudioCodec[]) {
    this.phones = codecs.map(
      (codec, i) => new SpeakingPhone(this.bench, i + 1, codec, undefined, i === 0 ? TONE_HZ : 0),
    );
    for (const phone of this.phones.slice(1)) phone.isTalking = false;
  }

  phone(index: number): SpeakingPhone {
    return this.phones[index]!;
  }

  join(...indexes: readonly number[]): void {
    for (const index of indexes) this.bench.post({ kind: 'join', leg: this.phone(index).leg, mix: MIX });
  }

  leave(index: number): void {
    this.bench.post({ kind: 'leave', leg: this.phone(index).leg });
  }

  mute(index: number, direction: MuteDirection): void {
    this.bench.post({ kind: 'mute', leg: this.phone(index).leg, direction });
  }

  amplify(index: number, inDb: number, outDb: number): void {
    this.bench.post({ kind: 'amplify', leg: this.phone(index).leg, inDb, outDb });
  }

  pass(ms: number): void {
    converse(this.bench, this.phones, ms);
  }

  /** What the listener has heard by now. */
  heard(): { samples: Int16Array; rateHz: number; gaps: number; clicks: number } {
    const { codec } = this.phone(1);
    const rateHz = codec.sampleRateHz;
    const samples = this.phone(1).hear();
    return {
      samples,
      rateHz,
      gaps: gaps(samples, (GAP_MS * rateHz) / 1000).length,
      clicks: clicks(samples, TONE_HZ, rateHz).length,
    };
  }
}

test.each([
  ['PCMU', 35],
  ['PCMA', 35],
  ['L16/8000', 60],
  ['L16/16000', 60],
  ['L16/48000', 60],
] as const)('a tone that is decoded, mixed and encoded in %s is %i dB above all that it was not', (codec, leastDb) => {
  const scene = new Scene(codec, codec, codec);
  scene.join(0, 1, 2);
  scene.pass(600);
  const { samples, rateHz } = scene.heard();
  const heard = samples.subarray(rateHz / 10, rateHz / 2);
  // The period is whole in samples, so one of these shifts is that of what was said.
  const best = Array.from({ length: rateHz / TONE_HZ }, (_, shift) =>
    signalToNoise(testTone(TONE_HZ, -20, heard.length + shift, rateHz).subarray(shift), heard),
  );
  expect(Math.max(...best)).toBeGreaterThan(leastDb);
});

describe.each([
  ['PCMU', 'PCMU', 'PCMU'],
  ['PCMU', 'PCMA', 'G722'],
  ['L16/16000', 'L16/16000', 'PCMU'],
] as const)('in a conference of %s, %s and %s', (...codecs) => {
  test.each<[string, (scene: Scene) => void]>([
    [
      'another comes, goes and comes again',
      (scene) => {
        scene.join(2);
        scene.pass(200);
        scene.leave(2);
        scene.pass(200);
        scene.join(2);
      },
    ],
    [
      'who listens begins to speak, and stops',
      (scene) => {
        scene.phone(1).isTalking = true;
        scene.pass(200);
        scene.phone(1).isTalking = false;
      },
    ],
    [
      'others are muted, deafened and held',
      (scene) => {
        scene.join(2);
        scene.mute(2, 'both');
        scene.pass(100);
        scene.mute(2, '');
        const [held, codec] = [scene.phone(2), codecs[2]];
        scene.bench.post({
          kind: 'update',
          leg: held.leg,
          settings: held.settings(codec, { sends: false, receives: false }),
        });
        scene.pass(100);
        scene.bench.post({ kind: 'update', leg: held.leg, settings: held.settings(codec) });
      },
    ],
  ])('nothing is missing and nothing clicks when %s', (_, act) => {
    const scene = new Scene(...codecs);
    scene.join(0, 1);
    scene.pass(300);
    act(scene);
    scene.pass(300);
    expect(scene.heard()).toMatchObject({ gaps: 0, clicks: 0 });
  });

  test.each<[string, (scene: Scene) => void, (scene: Scene) => void]>([
    ['who speaks is muted', (scene) => scene.mute(0, 'in'), (scene) => scene.mute(0, '')],
    ['who listens hears nothing', (scene) => scene.mute(1, 'out'), (scene) => scene.mute(1, '')],
  ])('%s within a frame and heard again, without a click', (_, begin, end) => {
    const scene = new Scene(...codecs);
    scene.join(0, 1, 2);
    scene.pass(300);
    begin(scene);
    scene.pass(40);
    const before = scene.heard();
    expect(before.clicks).toBe(0);
    scene.pass(100);
    expect(level(scene.heard().samples)).toBeLessThan(-70);
    end(scene);
    scene.pass(300);
    const after = scene.heard();
    expect(after.clicks).toBe(0);
    expect(level(after.samples.subarray(after.rateHz / 10))).toBeCloseTo(-20, 0);
  });

  test('who becomes louder or softer, for all or for one, does so without a click', () => {
    const scene = new Scene(...codecs);
    scene.join(0, 1, 2);
    scene.pass(300);
    scene.amplify(0, 3, 0);
    scene.pass(200);
    scene.amplify(1, 0, -9);
    scene.pass(200);
    scene.amplify(0, 0, 0);
    scene.amplify(1, 0, 0);
    scene.pass(200);
    const { samples, rateHz, ...flaws } = scene.heard();
    expect(flaws).toEqual({ gaps: 0, clicks: 0 });
    const part = (fromMs: number): number =>
      level(samples.subarray((fromMs * rateHz) / 1000, ((fromMs + 100) * rateHz) / 1000));
    expect([part(150), part(380), part(580), part(750)].map(Math.round)).toEqual([-20, -17, -26, -20]);
  });
});
