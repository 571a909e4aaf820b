import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { MixId } from '../../core/kernel/ids.ts';
import type { PlayOrder } from '../../core/ports.ts';
import { wavHeader } from '../../media/audio-file.ts';
import { pcmu } from '../../media/codec/g711.ts';
import { read } from './phones.ts';
import { A, B, peer, Stage, sdp } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-steering-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A second that tells where it is: each 20 ms louder than the one before. */
const path = join(folder, 'stairs.wav');
const stairs = Int16Array.from({ length: 8000 }, (_, i) => 500 * (1 + Math.floor(i / 160)));
writeFileSync(path, Buffer.concat([wavHeader(16_000, 8000), new Uint8Array(stairs.buffer)]));

const MIX = 3 as MixId;

/** The file is played to a call, or to the conference that it is in. */
function playing(to: 'call' | 'conference') {
  const stage = new Stage();
  const { plane } = stage;
  plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000, '0'), undefined);
  plane.describe(A, undefined);
  if (to === 'call') plane.play(A, { kind: 'file', path });
  else {
    plane.join(A, MIX);
    plane.mixes.play(MIX, { kind: 'file', path });
  }
  const steer = (order: PlayOrder) => (to === 'call' ? plane.players.steer(A, order) : plane.mixes.steer(MIX, order));
  const stop = () => (to === 'call' ? plane.stopPlaying(A) : plane.mixes.stopPlaying(MIX));
  /** The step of each frame sent in so many ms; 0 for silence. */
  const steps = (ms: number): number[] => {
    stage.sent.length = 0;
    stage.advance(ms);
    return stage.sent.flatMap((packet) => {
      if (packet.isRtcp) return [];
      const samples = new Int16Array(160);
      pcmu.decode(read(packet).payload, 0, 160, samples, 0);
      return [Math.round(samples[80]! / 500)];
    });
  };
  return { stage, steer, stop, steps };
}

test.each(['call', 'conference'] as const)(
  'in a %s a pause is heard with the next frame, and what is played goes on where it was; a stop is as quick',
  (to) => {
    const { stage, steer, stop, steps } = playing(to);
    stage.settle();
    expect(steps(100).slice(-2)).toEqual([5, 6]);
    steer({ kind: 'pause' });
    expect(steps(60)).toEqual([0, 0, 0]);
    steer({ kind: 'resume' });
    expect(steps(40)).toEqual([7, 8]);
    steer({ kind: 'seek', toMs: 400, from: 'begin' });
    expect(steps(40)).toEqual([21, 22]);
    steer({ kind: 'seek', toMs: -200, from: 'here' });
    expect(steps(40)).toEqual([13, 14]);
    stop();
    // In a conference a pause between words is no pause in the stream.
    const nothing = to === 'call' ? [] : [0, 0, 0, 0, 0];
    expect(steps(100)).toEqual(nothing);
    steer({ kind: 'resume' });
    expect(steps(100)).toEqual(nothing);
  },
);

test.each(['call', 'conference'] as const)(
  'in a %s a file that is still being read begins as it was ordered meanwhile; what lies beyond its end is its end',
  (to) => {
    const { stage, steer, steps } = playing(to);
    steer({ kind: 'seek', toMs: 600, from: 'begin' });
    steer({ kind: 'pause' });
    stage.settle();
    expect(steps(60).every((step) => step === 0)).toBe(true);
    steer({ kind: 'resume' });
    expect(steps(40)).toEqual([31, 32]);
    steer({ kind: 'seek', toMs: 60_000, from: 'here' });
    stage.advance(40);
    const end = to === 'call' ? { kind: 'played', leg: A } : { kind: 'mixPlayed', mix: MIX };
    expect(stage.events).toEqual([{ ...end, outcome: 'finished', detail: '' }]);
  },
);

test('what is played to a leg whose codec is only relayed fails at once, and is not silence', () => {
  const stage = new Stage();
  const { plane } = stage;
  plane.open(A, peer('192.0.2.1'), sdp('192.0.2.1', 4000, '0 18 101'), undefined, { encodings: ['G729'] });
  plane.open(B, peer('192.0.2.2'), sdp('192.0.2.2', 6000, '18 101'), A);
  plane.describe(A, B);
  plane.play(A, { kind: 'tone', tone: 'ringback' });
  plane.play(A, { kind: 'file', path: 'cli/prompts/music.wav', times: 'endlessly' });
  stage.settle();
  expect(stage.events.filter(({ kind }) => kind === 'played')).toMatchObject([
    { leg: A, outcome: 'failed' },
    { leg: A, outcome: 'failed' },
  ]);
});
